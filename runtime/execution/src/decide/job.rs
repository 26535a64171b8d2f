//! The answer to a job: whether it is awaited, and whether it makes sense.

use super::Decision;
use crate::condition::RuleRun;
use crate::event::Event;
use crate::execution::Execution;
use crate::rejected::Rejected;
use crate::stage::{ActionRun, StageRun, Work, Worker};
use lockgate_model::action_type::Category;
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ActionExecutionId, JobId};
use lockgate_model::job::{Failure, FailureType, Outcome, Pending, Success};
use lockgate_model::time::Timestamp;
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
        let stale = Rejected::StaleJob { job, attempt };
        let (execution, stage, awaited) = self.awaited(job, attempt).ok_or(stale)?;
        let event = match awaited {
            Awaited::Action(run) => {
                if let Work::Job {
                    worker: Some(worker),
                    ..
                } = run.work
                {
                    check_worker(job, worker, outcome)?;
                }
                self.of_action(execution, stage, run, attempt, outcome)
            }
            Awaited::Rule(condition, run) => {
                self.of_rule(execution, stage, condition, run, attempt, outcome)
            }
        };
        self.record(event)
    }

    fn of_action(
        &self,
        execution: &Execution,
        stage: &StageRun,
        run: &ActionRun,
        attempt: u32,
        outcome: &Outcome,
    ) -> Event {
        let id = execution.id;
        let answered = match outcome {
            Outcome::Succeeded(success) => {
                check_success(run, success).map(|()| Event::ActionSucceeded {
                    execution: id,
                    stage: stage.name.clone(),
                    action: run.name.clone(),
                    variables: Arc::new(success.variables.clone()),
                    revision: success.revision.clone(),
                    artifacts: with_revision(run, success),
                    external: success.external.clone(),
                })
            }
            Outcome::Pending(pending) => check_pending(pending).map(|()| {
                let next = self.next_job(execution, run.id, attempt, pending);
                Event::ActionPending {
                    execution: id,
                    stage: stage.name.clone(),
                    action: run.name.clone(),
                    job: next.job,
                    attempt: next.attempt,
                    not_before: next.not_before,
                    continuation: pending.continuation.clone(),
                    percent: pending.percent.map(|percent| percent.min(100)),
                    external: pending.external.clone(),
                }
            }),
            Outcome::Failed(failure) => Err(failure.clone()),
        };
        answered.unwrap_or_else(|failure| Event::ActionFailed {
            execution: id,
            stage: stage.name.clone(),
            action: run.name.clone(),
            job: None,
            failure,
        })
    }

    fn of_rule(
        &self,
        execution: &Execution,
        stage: &StageRun,
        condition: ConditionType,
        run: &RuleRun,
        attempt: u32,
        outcome: &Outcome,
    ) -> Event {
        let id = execution.id;
        let answered = match outcome {
            // Variables and artifacts of a rule have no use.
            Outcome::Succeeded(success) => Ok(Event::RuleSucceeded {
                execution: id,
                stage: stage.name.clone(),
                condition,
                rule: run.name.clone(),
                external: success.external.clone(),
            }),
            Outcome::Pending(pending) => check_pending(pending).map(|()| {
                let next = self.next_job(execution, run.id, attempt, pending);
                Event::RulePending {
                    execution: id,
                    stage: stage.name.clone(),
                    condition,
                    rule: run.name.clone(),
                    job: next.job,
                    attempt: next.attempt,
                    not_before: next.not_before,
                    continuation: pending.continuation.clone(),
                    percent: pending.percent.map(|percent| percent.min(100)),
                    external: pending.external.clone(),
                }
            }),
            Outcome::Failed(failure) => Err(failure.clone()),
        };
        answered.unwrap_or_else(|failure| Event::RuleFailed {
            execution: id,
            stage: stage.name.clone(),
            condition,
            rule: run.name.clone(),
            job: None,
            failure,
        })
    }

    fn next_job(
        &self,
        execution: &Execution,
        id: ActionExecutionId,
        attempt: u32,
        pending: &Pending,
    ) -> NextJob {
        let attempt = attempt.saturating_add(1);
        NextJob {
            job: JobId(execution.id.derive(&format!("{id}/job/{attempt}"))),
            attempt,
            // A second at least: a provider must not make us spin.
            not_before: self
                .request
                .at
                .plus_seconds(u64::from(pending.poll_after.max(1))),
        }
    }

    fn awaited(&self, job: JobId, attempt: u32) -> Option<(&Execution, &StageRun, Awaited<'_>)> {
        let wanted = |work: &Work| matches!(work, Work::Job { id, attempt: newest, .. } if *id == job && *newest == attempt);
        self.state.live().find_map(|execution| {
            let stage = execution.current_stage()?;
            let action = stage.running().find(|action| wanted(&action.work));
            let awaited = match action {
                Some(action) => Awaited::Action(action),
                None => stage
                    .running_rules()
                    .find(|(_, rule)| wanted(&rule.work))
                    .map(|(condition, rule)| Awaited::Rule(condition, rule))?,
            };
            Some((execution, stage, awaited))
        })
    }
}

/// Whose job it is.
enum Awaited<'a> {
    Action(&'a ActionRun),
    Rule(ConditionType, &'a RuleRun),
}

struct NextJob {
    job: JobId,
    attempt: u32,
    not_before: Timestamp,
}

/// A worker is told at once what a provider's action fails by.
fn check_worker(job: JobId, worker: Worker, outcome: &Outcome) -> Result<(), Rejected> {
    let Worker::Acknowledged { .. } = worker else {
        return Err(Rejected::InvalidJobState {
            job,
            status: worker.status().as_str(),
            remedy: "acknowledge it before you answer it",
        });
    };
    if let Outcome::Succeeded(success) = outcome {
        let bytes = variable_bytes(success);
        if bytes > MOST_VARIABLE_BYTES {
            return Err(Rejected::OutputVariablesSizeExceeded {
                job,
                bytes,
                limit: MOST_VARIABLE_BYTES,
            });
        }
    }
    Ok(())
}

fn variable_bytes(success: &Success) -> usize {
    success
        .variables
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()))
        .sum()
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
    let bytes = variable_bytes(success);
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
