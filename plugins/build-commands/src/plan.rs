//! The order of a build's commands: for each, which one follows when it
//! succeeds and which when it fails. CodeBuild's transitions become a graph
//! that only goes forward, so that neither the script nor the session decides
//! anything. Knows no shell and no files.

use crate::buildspec::{OnFailure, Phase, PhaseName};
use lockgate_plugin::commands::Step;

/// Lays out the phases, which come in the order in which they run.
#[must_use]
pub fn steps(phases: &[Phase]) -> Vec<Step> {
    let sizes: Vec<usize> = phases
        .iter()
        .map(|phase| phase.commands.len() + 2 * phase.finally.len())
        .collect();
    let end = sizes.iter().sum();
    let mut steps = Vec::with_capacity(end);
    let mut start = 0;
    for (index, (phase, size)) in phases.iter().zip(&sizes).enumerate() {
        let next = start + size;
        let post_build_follows = phases
            .get(index + 1)
            .is_some_and(|phase| phase.name == PhaseName::PostBuild);
        let failed = match phase.on_failure {
            Some(OnFailure::Continue) => next,
            Some(OnFailure::Abort) => end,
            None if phase.name == PhaseName::Build && post_build_follows => next,
            None => end,
        };
        lay_out(&mut steps, phase, start, next, failed);
        start = next;
    }
    steps
}

/// `finally` is laid out twice, after success and after failure, because what
/// follows it differs.
fn lay_out(steps: &mut Vec<Step>, phase: &Phase, start: usize, next: usize, failed: usize) {
    let after_success = start + phase.commands.len();
    let after_failure = after_success + phase.finally.len();
    let (success, failure) = if phase.finally.is_empty() {
        (next, failed)
    } else {
        (after_success, after_failure)
    };
    let lists = [
        (&phase.commands, start, success, failure),
        (&phase.finally, after_success, next, failed),
        (&phase.finally, after_failure, failed, failed),
    ];
    for (which, (commands, first, done, on_failure)) in lists.into_iter().enumerate() {
        for (index, command) in commands.iter().enumerate() {
            let last = index + 1 == commands.len();
            let kind = if which > 0 {
                "finally command"
            } else {
                "command"
            };
            steps.push(Step {
                place: format!(
                    "{} {kind} {} of {}",
                    phase.name.as_str(),
                    index + 1,
                    commands.len()
                ),
                command: command.clone(),
                on_success: if last { done } else { first + index + 1 },
                on_failure,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn phase(name: PhaseName, commands: &[&str], finally: &[&str]) -> Phase {
        Phase {
            name,
            commands: commands.iter().map(ToString::to_string).collect(),
            finally: finally.iter().map(ToString::to_string).collect(),
            on_failure: None,
        }
    }

    /// The commands that run when those named fail.
    fn run(phases: &[Phase], failing: &[&str]) -> Vec<String> {
        let steps = steps(phases);
        let mut ran = vec![];
        let mut next = 0;
        while let Some(step) = steps.get(next) {
            ran.push(step.command.clone());
            let target = if failing.contains(&step.command.as_str()) {
                step.on_failure
            } else {
                step.on_success
            };
            assert!(target > next, "steps only go forward");
            next = target;
        }
        assert_eq!(next, steps.len());
        ran
    }

    fn all() -> Vec<Phase> {
        vec![
            phase(PhaseName::Install, &["i1", "i2"], &["if"]),
            phase(PhaseName::PreBuild, &["p1"], &[]),
            phase(PhaseName::Build, &["b1", "b2"], &["bf1", "bf2"]),
            phase(PhaseName::PostBuild, &["o1", "o2"], &["of"]),
        ]
    }

    #[test]
    fn everything_runs_in_order_when_nothing_fails() {
        assert_eq!(
            run(&all(), &[]),
            [
                "i1", "i2", "if", "p1", "b1", "b2", "bf1", "bf2", "o1", "o2", "of"
            ]
        );
    }

    #[test]
    fn a_failed_install_or_pre_build_runs_its_finally_and_ends_the_build() {
        assert_eq!(run(&all(), &["i1"]), ["i1", "if"]);
        assert_eq!(run(&all(), &["p1"]), ["i1", "i2", "if", "p1"]);
    }

    #[test]
    fn a_failed_build_still_runs_post_build() {
        assert_eq!(
            run(&all(), &["b1"])[4..],
            ["b1", "bf1", "bf2", "o1", "o2", "of"]
        );
    }

    #[test]
    fn a_failed_finally_fails_its_phase() {
        assert_eq!(run(&all(), &["if"]), ["i1", "i2", "if"]);
        assert_eq!(
            run(&all(), &["bf1"])[4..],
            ["b1", "b2", "bf1", "o1", "o2", "of"]
        );
    }

    #[test]
    fn on_failure_decides_what_follows() {
        let mut phases = all();
        phases[0].on_failure = Some(OnFailure::Continue);
        phases[2].on_failure = Some(OnFailure::Abort);
        assert_eq!(
            run(&phases, &["i1", "b2"]),
            ["i1", "if", "p1", "b1", "b2", "bf1", "bf2"]
        );
    }

    #[test]
    fn phases_that_are_left_out_do_not_matter() {
        let phases = [phase(PhaseName::Build, &["b"], &[])];
        assert_eq!(run(&phases, &[]), ["b"]);
        assert_eq!(run(&phases, &["b"]), ["b"]);
        assert!(steps(&[]).is_empty());
    }

    #[test]
    fn every_set_of_failures_ends() {
        let phases = all();
        let names: BTreeSet<String> = steps(&phases)
            .into_iter()
            .map(|step| step.command)
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for set in 0..1_u32 << names.len() {
            let failing: Vec<&str> = names
                .iter()
                .enumerate()
                .filter(|(bit, _)| set >> bit & 1 == 1)
                .map(|(_, name)| *name)
                .collect();
            run(&phases, &failing);
        }
    }
}
