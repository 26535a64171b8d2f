//! The answer to a job: whether it is awaited, and whether it makes sense.

use super::Decision;
use crate::event::Event;
use crate::execution::{ActionRun, Execution, StageRun, Work};
use crate::rejected::Rejected;
use lockgate_model::action_type::Category;
use lockgate_model::id::JobId;
use lockgate_model::job::{Failure, FailureType, Outcome, Pending, Success};
use std::sync::Arc;

/// Bytes of names and values of one action's output variables (user guide,
/// "Quotas").
const MOST_VARIABLE_BYTES: usize = 122_880;

/// Bytes of what a pending job leaves for the next attempt: it is part of the
/// state.
const MOST_CONTINUATION_BYTES: usize = 65_536;

impl Decision<'_> {
    pub(super) fn job_finished(
        &mut self,
        job: JobId,
        attempt: u32,
        outcome: &Outcome,
    ) -> Result<(), Rejected> {
        let (execution, stage, run) = self
            .awaited(job, attempt)
            .ok_or(Rejected::StaleJob { job, attempt })?;
        let id = execution.id;
        let stage_name = stage.name.clone();
        let action = run.name.clone();
        let answered = match outcome {
            Outcome::Succeeded(success) => {
                check_success(run, success).map(|()| Event::ActionSucceeded {
                    execution: id,
                    stage: stage_name.clone(),
                    action: action.clone(),
                    variables: Arc::new(success.variables.clone()),
                    revision: success.revision.clone(),
                    artifacts: with_revision(run, success),
                    external: success.external.clone(),
                })
            }
            Outcome::Pending(pending) => check_pending(pending).map(|()| {
                let next = attempt.saturating_add(1);
                Event::ActionPending {
                    execution: id,
                    stage: stage_name.clone(),
                    action: action.clone(),
                    job: JobId(id.derive(&format!("{}/job/{next}", run.id))),
                    attempt: next,
                    // A second at least: a provider must not make us spin.
                    not_before: self
                        .request
                        .at
                        .plus_seconds(u64::from(pending.poll_after.max(1))),
                    continuation: pending.continuation.clone(),
                    percent: pending.percent.map(|percent| percent.min(100)),
                    external: pending.external.clone(),
                }
            }),
            Outcome::Failed(failure) => Err(failure.clone()),
        };
        let event = answered.unwrap_or_else(|failure| Event::ActionFailed {
            execution: id,
            stage: stage_name,
            action,
            job: None,
            failure,
        });
        self.record(event)
    }

    fn awaited(&self, job: JobId, attempt: u32) -> Option<(&Execution, &StageRun, &ActionRun)> {
        self.state.live().find_map(|execution| {
            let stage = execution.current_stage()?;
            let action = stage.running().find(|action| {
                matches!(action.work, Work::Job { id, attempt: newest, .. }
                    if id == job && newest == attempt)
            })?;
            Some((execution, stage, action))
        })
    }
}

/// Whether a success is what the action was to make.
fn check_success(run: &ActionRun, success: &Success) -> Result<(), Failure> {
    let fail = |message: String| Err(Failure::new(FailureType::JobFailed, message));
    for wanted in &run.input.output_artifacts {
        let made = success
            .artifacts
            .iter()
            .filter(|artifact| artifact.name == wanted.name)
            .count();
        if made != 1 {
            return fail(format!(
                "provider {} made output artifact '{}' {}; it has to make it once, or the definition should not name it",
                run.input.action_type,
                wanted.name,
                if made == 0 {
                    "not at all"
                } else {
                    "more than once"
                }
            ));
        }
    }
    if let Some(unasked) = success.artifacts.iter().find(|artifact| {
        run.input
            .output_artifacts
            .iter()
            .all(|wanted| wanted.name != artifact.name)
    }) {
        return fail(format!(
            "provider {} made an artifact '{}' that the definition does not name; add it to the action's outputArtifacts",
            run.input.action_type, unasked.name
        ));
    }
    let bytes: usize = success
        .variables
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()))
        .sum();
    if bytes > MOST_VARIABLE_BYTES {
        return fail(format!(
            "its output variables are {bytes} bytes together, and {MOST_VARIABLE_BYTES} is the most; put large values into an artifact"
        ));
    }
    Ok(())
}

fn check_pending(pending: &Pending) -> Result<(), Failure> {
    let bytes = pending.continuation.len();
    if bytes > MOST_CONTINUATION_BYTES {
        return Err(Failure::new(
            FailureType::JobFailed,
            format!(
                "its continuation is {bytes} bytes, and {MOST_CONTINUATION_BYTES} is the most; the provider should keep its state elsewhere"
            ),
        ));
    }
    Ok(())
}

/// The artifacts made, those of a source with the revision it fetched.
fn with_revision(run: &ActionRun, success: &Success) -> Vec<lockgate_model::artifact::Artifact> {
    let mut artifacts = success.artifacts.clone();
    if run.input.action_type.category == Category::Source
        && let Some(revision) = &success.revision
    {
        for artifact in &mut artifacts {
            artifact.revision.get_or_insert_with(|| revision.id.clone());
        }
    }
    artifacts
}
