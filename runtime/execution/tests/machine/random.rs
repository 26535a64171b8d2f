//! Random pipelines, random histories: `law` holds at every step, and in the end
//! everything ends.

use crate::definitions::{
    Judged, MINUTE, Words, action, approval, build, failure, pending, pipeline, rule, source,
    stage, success,
};
use crate::line::Line;
use lockgate_execution::{Command, Direction, Effect, Rejected, UpdatePolicy, due, worker_jobs};
use lockgate_model::action_type::Category;
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::{
    ConditionResult, ConditionType, ExecutionMode, Pipeline, RetryMode, Stage,
};
use lockgate_model::id::{ApprovalToken, Nonce};
use lockgate_model::job::{Outcome, Revision};
use lockgate_model::status::JobStatus;
use proptest::prelude::*;

/// One stage: for each action whether it is an approval, its runOrder, and which
/// of the artifacts there are it takes; and which conditions it has.
type Shape = (Vec<(bool, u32, u8)>, u8);

fn judged(stage: Stage, which: u8) -> Stage {
    let rules = |name: &str| {
        vec![
            rule(&format!("{name}1"), "VariableCheck"),
            rule(&format!("{name}2"), "CloudWatchAlarm"),
        ]
    };
    let stage = match which % 5 {
        1 => stage.entry(Some(ConditionResult::Fail), rules("e")),
        2 => stage.entry(Some(ConditionResult::Skip), rules("e")),
        _ => stage,
    };
    let stage = match which / 5 % 4 {
        1 => stage.success(None, rules("s")),
        2 => stage.success(Some(ConditionResult::Rollback), rules("s")),
        _ => stage,
    };
    match which / 20 % 5 {
        1 => stage.failure(Some(ConditionResult::Rollback), rules("f")),
        2 => stage.on_failure(ConditionResult::Rollback, None),
        3 => stage.on_failure(ConditionResult::Retry, None),
        4 => stage.on_failure(ConditionResult::Retry, Some(RetryMode::AllActions)),
        _ => stage,
    }
}

fn definition(mode: u8, shapes: &[Shape]) -> Pipeline {
    let mut made = vec!["src".to_owned()];
    let mut stages = vec![stage(
        "Source",
        vec![
            source("get")
                .makes("src")
                .space("git")
                .key("BranchName", "main"),
            source("too"),
        ],
    )];
    for (number, (shape, conditions)) in shapes.iter().enumerate() {
        let before = made.len();
        let actions = shape
            .iter()
            .enumerate()
            .map(|(index, (asks, order, pick))| {
                let name = format!("a{number}{index}");
                if *asks {
                    return approval(&name).order(*order);
                }
                let artifact = format!("art{number}{index}");
                let taken = made[usize::from(*pick) % before].clone();
                made.push(artifact.clone());
                let text = if pick.is_multiple_of(16) {
                    "#{no.where}"
                } else {
                    "#{git.by}"
                };
                action(&name, Category::Test)
                    .order(*order)
                    .takes(&taken)
                    .makes(&artifact)
                    .key("k", text)
            });
        let actions: Vec<_> = actions.collect();
        stages.push(judged(stage(&format!("S{number}"), actions), *conditions));
    }
    stages.push(stage("End", vec![build("last").takes("src")]));
    Pipeline {
        execution_mode: match mode {
            0 => ExecutionMode::Queued,
            1 => ExecutionMode::Parallel,
            _ => ExecutionMode::Superseded,
        },
        ..pipeline(stages)
    }
}

/// One thing that somebody does; what cannot be done is refused, and that is
/// part of the history.
fn act(line: &mut Line, other: &Pipeline, what: u8, which: u8) {
    let stages = ["Source", "S0", "S1", "S2", "End"];
    let stage = stages[usize::from(which) % stages.len()].to_owned();
    let number = u128::from(which % 8) + 1;
    let direction = if which.is_multiple_of(2) {
        Direction::Inbound
    } else {
        Direction::Outbound
    };
    let mode = if which.is_multiple_of(3) {
        RetryMode::AllActions
    } else {
        RetryMode::FailedActions
    };
    let asked = match what {
        0..=13 => line.start_with(Default::default(), vec![]),
        14..=19 => {
            let name = if which.is_multiple_of(7) { "x" } else { "main" };
            line.report("get", &change(name, &format!("c{}", which % 5)))
        }
        20..=79 => answer(line, which, |job| Outcome::Succeeded(success(job))),
        80..=89 => answer(line, which, |_| failure("no")),
        90..=97 => answer(line, which, |_| pending("more", 5)),
        98..=99 => answer(line, which, |job| {
            let mut made = success(job);
            made.artifacts.clear();
            Outcome::Succeeded(made)
        }),
        100..=112 => approve(line, which, !which.is_multiple_of(4)),
        113..=117 => line.stop(line_number(line, number), which.is_multiple_of(2)),
        118..=129 => {
            let failed = line
                .state
                .executions()
                .filter(|run| run.status.as_str() != "Succeeded")
                .nth(usize::from(which) % 3)
                .map(|run| {
                    (
                        run.id.0.as_u128(),
                        run.stages.last().map(|s| s.name.clone()),
                    )
                });
            match failed {
                Some((number, at)) => line.retry(number, &at.unwrap_or(stage), mode),
                None => return,
            }
        }
        130..=134 => line.ask(Command::DisableTransition {
            stage,
            direction,
            reason: "x".into(),
        }),
        160..=174 => work(line, which),
        175..=179 => {
            let conditions = [ConditionType::BeforeEntry, ConditionType::OnSuccess];
            let found = line
                .state
                .executions()
                .nth(usize::from(which) % 4)
                .map(|run| (run.id, run.stages.last().map(|s| s.name.clone())));
            match found {
                Some((id, Some(stage))) => line.ask(Command::OverrideCondition {
                    id,
                    stage,
                    condition: conditions[usize::from(which / 4) % 2],
                }),
                _ => return,
            }
        }
        180..=189 => {
            let started = line.started();
            if started == 0 {
                return;
            }
            line.roll_back(&stage, u128::from(which) % started + 1)
        }
        135..=142 => line.ask(Command::EnableTransition { stage, direction }),
        143..=144 => line.ask(Command::UpdatePipeline {
            definition: Box::new(other.clone()),
            policy: if which.is_multiple_of(3) {
                UpdatePolicy::Pin
            } else {
                UpdatePolicy::Cancel
            },
        }),
        145 => line.ask(Command::DeletePipeline),
        146..=147 => line.ask(Command::CreatePipeline {
            definition: Box::new(other.clone()),
        }),
        _ => {
            line.later(i64::from(which) * 20 * MINUTE);
            line.ask(Command::TimePassed)
        }
    };
    if let Err(refused) = asked {
        assert!(
            !matches!(refused, Rejected::Contradiction(_)),
            "{refused:?}"
        );
    }
}

fn change(branch: &str, revision: &str) -> SourceChange {
    SourceChange {
        kind: ChangeKind::Branch {
            name: branch.into(),
            created: false,
        },
        revision: Revision {
            id: revision.into(),
            summary: None,
            url: None,
            created: None,
        },
        files: None,
        repository: None,
        author: None,
    }
}

/// What a job worker does next: a job is for it, it polls, it begins.
fn work(line: &mut Line, which: u8) -> Result<Vec<String>, Rejected> {
    let nonce = Nonce(ApprovalToken::derive([which; 16], "nonce").0);
    let mut jobs: Vec<_> = line
        .jobs()
        .iter()
        .filter(|job| job.condition.is_none())
        .map(|job| (job.id, None))
        .collect();
    jobs.extend(worker_jobs(&line.state).map(|found| (found.job.id, Some(found))));
    let Some((job, found)) = jobs.get(usize::from(which) % jobs.len().max(1)) else {
        return Ok(vec![]);
    };
    let job = *job;
    line.ask(match found.as_ref().map(|found| found.status) {
        None => Command::QueueJob { job },
        Some(JobStatus::Queued) => Command::DispatchJob {
            job,
            nonce,
            acknowledge_within: 60,
        },
        Some(JobStatus::Dispatched) => Command::AcknowledgeJob {
            job,
            nonce: found
                .as_ref()
                .and_then(|found| found.nonce)
                .unwrap_or(nonce),
        },
        Some(_) => return Ok(vec![]),
    })
}

fn line_number(line: &Line, wanted: u128) -> u128 {
    let live: Vec<_> = line.state.live().map(|run| run.id.0.as_u128()).collect();
    let index = usize::try_from(wanted).unwrap() % (live.len() + 1);
    live.get(index).copied().unwrap_or(wanted)
}

fn answer(
    line: &mut Line,
    which: u8,
    outcome: impl FnOnce(&lockgate_model::job::Job) -> Outcome,
) -> Result<Vec<String>, Rejected> {
    let mut jobs = line.jobs();
    let begun = worker_jobs(&line.state).filter(|found| found.status == JobStatus::InProgress);
    jobs.extend(begun.map(|found| found.job));
    let Some(job) = jobs.get(usize::from(which) % jobs.len().max(1)) else {
        return Ok(vec![]);
    };
    line.answer(job, outcome(job))
}

fn approve(line: &mut Line, which: u8, yes: bool) -> Result<Vec<String>, Rejected> {
    let open: Vec<_> = due(&line.state)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::AnnounceApproval(approval) => Some(approval),
            _ => None,
        })
        .collect();
    let Some(one) = open.get(usize::from(which) % open.len().max(1)) else {
        return Ok(vec![]);
    };
    line.approve(&one.stage, &one.action, one.token, yes)
}

/// Everything is answered and nothing is held: then everything ends.
fn end(line: &mut Line) {
    if let Some(definition) = line.state.definition().cloned() {
        for stage in &definition.stages {
            line.enable(&stage.name, Direction::Inbound);
            line.enable(&stage.name, Direction::Outbound);
        }
    }
    for _ in 0..2000 {
        let before = line.log.len();
        work(line, 0).unwrap();
        answer(line, 0, |job| Outcome::Succeeded(success(job))).unwrap();
        if let Err(refused) = approve(line, 0, true) {
            assert!(matches!(refused, Rejected::ApprovalAlreadyCompleted { .. }));
            line.pass();
        }
        if line.log.len() == before {
            break;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_history_keeps_the_laws_and_every_execution_ends(
        mode in 0u8..6,
        shapes in prop::collection::vec(
            (
                prop::collection::vec((prop::bool::weighted(0.2), 1u32..4, any::<u8>()), 1..5),
                0u8..100,
            ),
            0..4,
        ),
        other_mode in 0u8..6,
        acts in prop::collection::vec((0u8..190, any::<u8>()), 0..200),
    ) {
        let first = definition(mode, &shapes);
        let mut changed = shapes.clone();
        changed.reverse();
        let other = definition(other_mode, &changed);
        let mut line = Line::new(&first);
        for (what, which) in acts {
            act(&mut line, &other, what, which);
        }
        end(&mut line);
        prop_assert!(line.law.all_over(), "{:#?}", line.state);
        prop_assert!(due(&line.state).is_empty());
    }
}
