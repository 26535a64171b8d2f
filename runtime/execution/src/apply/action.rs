//! What happens to an action of an execution.

use super::Missing;
use super::find::{action_run, held, stage_run};
use crate::event::{Event, Recorded, StartedWork};
use crate::stage::{ActionRun, Answer, Work};
use crate::state::PipelineState;
use lockgate_model::id::{ExecutionId, JobId};
use lockgate_model::job::External;
use lockgate_model::status::ActionStatus;
use lockgate_model::time::Timestamp;
use std::sync::Arc;

pub(super) fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::ActionStarted {
            execution,
            stage,
            action,
            id,
            work,
            expires,
            input,
        } => {
            let place = place(state, *execution, action);
            let started = ActionRun {
                name: action.clone(),
                place,
                id: *id,
                status: ActionStatus::InProgress,
                started: at,
                updated: at,
                updated_by: recorded.cause.by.clone(),
                expires: *expires,
                input: input.clone(),
                work: match work {
                    StartedWork::Job(id) => first_job(*id, at),
                    StartedWork::Approval(token) => Work::Approval {
                        token: *token,
                        answer: None,
                    },
                    StartedWork::Impossible(failure) => Work::Impossible(failure.clone()),
                },
                external: External::default(),
                revision: None,
                failure: None,
                variables: Arc::default(),
                artifacts: vec![],
            };
            let run = held(state, *execution, at)?;
            stage_run(run, stage, at)?.actions.push(Arc::new(started));
        }
        Event::ActionPending {
            execution,
            stage,
            action,
            job,
            attempt,
            not_before,
            continuation,
            percent,
            external,
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            run.work = Work::Job {
                id: *job,
                attempt: *attempt,
                not_before: *not_before,
                continuation: Some(continuation.clone()),
                percent: *percent,
                worker: None,
            };
            trace(&mut run.external, external);
        }
        Event::ActionSucceeded {
            execution,
            stage,
            action,
            variables,
            revision,
            artifacts,
            external,
        } => {
            let held = held(state, *execution, at)?;
            let run = action_run(held, stage, action, recorded)?;
            run.status = ActionStatus::Succeeded;
            run.revision.clone_from(revision);
            run.variables = variables.clone();
            run.artifacts = artifacts.iter().cloned().map(Arc::new).collect();
            trace(&mut run.external, external);
            let (made, namespace) = (run.artifacts.clone(), run.input.namespace.clone());
            for artifact in made {
                held.products.put_artifact(artifact);
            }
            if let Some(namespace) = namespace {
                held.products.put_variables(namespace, variables.clone());
            }
        }
        Event::ActionFailed {
            execution,
            stage,
            action,
            failure,
            ..
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            run.status = ActionStatus::Failed;
            trace(&mut run.external, &failure.external);
            run.failure = Some(failure.clone());
        }
        Event::ActionAbandoned {
            execution,
            stage,
            action,
            ..
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            run.status = ActionStatus::Abandoned;
        }
        Event::ApprovalAnswered {
            execution,
            stage,
            action,
            approved,
            summary,
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            if let Work::Approval { answer, .. } = &mut run.work {
                *answer = Some(Answer {
                    approved: *approved,
                    summary: summary.clone(),
                    by: recorded.cause.by.clone(),
                    at,
                });
            }
        }
        // The caller hands over actions' events only.
        _ => {}
    }
    Ok(())
}

/// The first job of an action or a rule.
pub(super) fn first_job(id: JobId, at: Timestamp) -> Work {
    Work::Job {
        id,
        attempt: 1,
        not_before: at,
        continuation: None,
        percent: None,
        worker: None,
    }
}

/// Where the action stands in the stage that its execution is in.
fn place(state: &PipelineState, execution: ExecutionId, action: &str) -> usize {
    let declared = state.execution(execution).and_then(|execution| {
        let definition = state.definition_of(execution)?;
        definition.stages.get(execution.position.stage())
    });
    declared
        .and_then(|stage| stage.actions.iter().position(|known| known.name == action))
        .unwrap_or(usize::MAX)
}

/// What a later answer does not say stays as an earlier one said it.
pub(super) fn trace(known: &mut External, news: &External) {
    let External { id, url, summary } = news;
    for (known, news) in [
        (&mut known.id, id),
        (&mut known.url, url),
        (&mut known.summary, summary),
    ] {
        if news.is_some() {
            known.clone_from(news);
        }
    }
}
