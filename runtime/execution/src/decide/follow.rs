//! What follows from a state without anybody asking: the next event of one
//! execution, or nothing. Looks at the state alone, so that a log cut anywhere
//! goes on as it would have.

use super::{lifetime, resolve};
use crate::command::Request;
use crate::event::{Event, StartedWork};
use crate::execution::{ActionRun, Ending, Execution, Position, StageRun, Work};
use crate::mode::{self, Arrival};
use crate::state::PipelineState;
use lockgate_model::definition::{Action, Pipeline};
use lockgate_model::id::{ActionExecutionId, ApprovalToken, JobId};
use lockgate_model::job::{External, Failure, FailureType};
use lockgate_model::status::{ActionStatus, StageStatus};
use std::sync::Arc;

/// The next thing that happens to an execution that has not ended.
pub(super) fn follow(
    state: &PipelineState,
    execution: &Execution,
    request: &Request,
) -> Option<Event> {
    if execution.status.is_final() {
        return None;
    }
    let definition = state.definition_of(execution)?;
    cancelling(state, execution).or_else(|| match execution.position {
        Position::Arriving(index) | Position::Before(index) => {
            in_front(state, definition, execution, index)
        }
        Position::In(_) => inside(execution.stages.last()?, definition, execution, request),
    })
}

/// A new definition, or none, ends what runs the old one.
fn cancelling(state: &PipelineState, execution: &Execution) -> Option<Event> {
    let deleted = !state.exists();
    let updated = state.current != Some(execution.version) && mode::locks(execution.mode);
    let due = match &execution.ending {
        None => deleted || updated,
        Some(ending) => deleted && !ending.abandon(),
    };
    due.then(|| Event::ExecutionCancelling {
        execution: execution.id,
        abandon: deleted,
        reason: if deleted {
            "the pipeline was deleted".to_owned()
        } else {
            "the pipeline was updated; start a new execution to run the new definition".to_owned()
        },
    })
}

/// The end of an execution that was asked to end.
fn ended(execution: &Execution, ending: &Ending) -> Event {
    let execution = execution.id;
    match ending {
        Ending::Stop { .. } => Event::ExecutionStopped { execution },
        Ending::Cancel { reason, .. } => Event::ExecutionCancelled {
            execution,
            reason: reason.clone(),
        },
    }
}

/// In front of stage number `index`, or behind the last one.
fn in_front(
    state: &PipelineState,
    definition: &Pipeline,
    execution: &Execution,
    index: usize,
) -> Option<Event> {
    if let Some(ending) = &execution.ending {
        return Some(ended(execution, ending));
    }
    let id = execution.id;
    let Some(stage) = definition.stages.get(index) else {
        return Some(Event::ExecutionSucceeded { execution: id });
    };
    match mode::arrival(state, definition, execution, index) {
        Arrival::Enters => Some(Event::StageEntered {
            execution: id,
            stage: stage.name.clone(),
        }),
        Arrival::Waits => Some(Event::ExecutionWaiting {
            execution: id,
            stage: stage.name.clone(),
        }),
        Arrival::Supersedes(older) => Some(Event::ExecutionSuperseded {
            execution: older,
            by: id,
        }),
        Arrival::Stays => None,
    }
}

/// In a stage, or in one that has just ended.
fn inside(
    run: &StageRun,
    definition: &Pipeline,
    execution: &Execution,
    request: &Request,
) -> Option<Event> {
    let id = execution.id;
    let stage = || run.name.clone();
    match run.status {
        StageStatus::Failed => {
            return Some(Event::ExecutionFailed {
                execution: id,
                stage: stage(),
            });
        }
        StageStatus::Stopped => return Some(Event::ExecutionStopped { execution: id }),
        StageStatus::Cancelled => {
            return execution.ending.as_ref().map(|e| ended(execution, e));
        }
        // Both leave the stage: the execution is no longer inside.
        StageStatus::Succeeded | StageStatus::Skipped => return None,
        StageStatus::InProgress | StageStatus::Stopping => {}
    }
    let ends = run
        .running()
        .find_map(|action| action_ends(execution, run, action, request));
    if ends.is_some() {
        return ends;
    }
    let failed = run
        .actions
        .iter()
        .any(|action| action.status == ActionStatus::Failed);
    if execution.ending.is_none() && !failed {
        let next = next_action(run, definition, execution, request);
        if next.is_some() {
            return next;
        }
    }
    // Only now: a group starts as a whole, whatever its first action comes to.
    let impossible = run.running().find_map(|action| match &action.work {
        Work::Impossible(failure) => Some(Event::ActionFailed {
            execution: id,
            stage: stage(),
            action: action.name.clone(),
            job: None,
            failure: failure.clone(),
        }),
        Work::Job { .. } | Work::Approval { .. } => None,
    });
    if impossible.is_some() || run.running().next().is_some() {
        return impossible;
    }
    match &execution.ending {
        Some(Ending::Stop { .. }) => Some(Event::StageStopped {
            execution: id,
            stage: stage(),
        }),
        Some(Ending::Cancel { .. }) => Some(Event::StageCancelled {
            execution: id,
            stage: stage(),
        }),
        None => failed.then(|| Event::StageFailed {
            execution: id,
            stage: stage(),
        }),
    }
}

/// The end of an action that nobody has to answer for.
fn action_ends(
    execution: &Execution,
    stage: &StageRun,
    action: &ActionRun,
    request: &Request,
) -> Option<Event> {
    let fails = |kind, message: String| {
        Some(Event::ActionFailed {
            execution: execution.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            job: action.job(),
            failure: Failure::new(kind, message),
        })
    };
    // An update does not wait days for somebody to answer.
    let abandoned = match &execution.ending {
        Some(Ending::Cancel { abandon, .. }) => {
            *abandon || matches!(action.work, Work::Approval { answer: None, .. })
        }
        Some(Ending::Stop { abandon, .. }) => *abandon,
        None => false,
    };
    match &action.work {
        Work::Approval {
            answer: Some(answer),
            ..
        } if answer.approved => Some(Event::ActionSucceeded {
            execution: execution.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            variables: Arc::default(),
            revision: None,
            artifacts: vec![],
            external: External {
                summary: Some(answer.summary.clone()).filter(|summary| !summary.is_empty()),
                ..External::default()
            },
        }),
        Work::Approval {
            answer: Some(answer),
            ..
        } => fails(
            FailureType::JobFailed,
            if answer.summary.is_empty() {
                format!("rejected by {}", answer.by)
            } else {
                format!("rejected by {}: {}", answer.by, answer.summary)
            },
        ),
        _ if abandoned => Some(Event::ActionAbandoned {
            execution: execution.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            job: action.job(),
        }),
        Work::Approval { answer: None, .. } if action.expires <= request.at => fails(
            FailureType::JobFailed,
            format!(
                "nobody answered within {}; retry the stage to ask again",
                minutes(action)
            ),
        ),
        Work::Job { .. } if action.expires <= request.at => fails(
            FailureType::SystemUnavailable,
            format!(
                "provider {} did not finish within {}; look at its log, then retry the stage",
                action.input.action_type,
                minutes(action)
            ),
        ),
        Work::Approval { .. } | Work::Job { .. } | Work::Impossible(_) => None,
    }
}

fn minutes(action: &ActionRun) -> String {
    format!(
        "{} minutes",
        action.expires.since(action.started) / 1000 / 60
    )
}

/// The next action of the first group that has not succeeded; behind the last
/// group the stage has succeeded.
fn next_action(
    run: &StageRun,
    definition: &Pipeline,
    execution: &Execution,
    request: &Request,
) -> Option<Event> {
    let stage = definition.stages.get(execution.position.stage())?;
    let status = |action: &Action| run.action(&action.name).map(|run| run.status);
    let unfinished = || {
        stage
            .actions
            .iter()
            .filter(|action| status(action) != Some(ActionStatus::Succeeded))
    };
    let Some(group) = unfinished().map(|action| action.run_order).min() else {
        return Some(Event::StageSucceeded {
            execution: execution.id,
            stage: run.name.clone(),
        });
    };
    if run.running().count() >= mode::most_actions(execution.mode) {
        return None;
    }
    unfinished()
        .find(|action| action.run_order == group && status(action).is_none())
        .map(|action| start(run, execution, action, request))
}

fn start(run: &StageRun, execution: &Execution, action: &Action, request: &Request) -> Event {
    let (input, failure) = resolve::resolve(execution, action);
    // One start for each action in each run of the stage: the name is unique.
    let name = format!("{}/{}/{}", run.name, action.name, run.attempt);
    let id = ActionExecutionId(execution.id.derive(&name));
    let work = if let Some(failure) = failure {
        StartedWork::Impossible(failure)
    } else if action.action_type_id.is_manual_approval() {
        let name = format!("{}/{name}", execution.id);
        StartedWork::Approval(ApprovalToken::derive(request.seed, &name))
    } else {
        StartedWork::Job(JobId(execution.id.derive(&format!("{id}/job/1"))))
    };
    Event::ActionStarted {
        execution: execution.id,
        stage: run.name.clone(),
        action: action.name.clone(),
        id,
        work,
        expires: request.at.plus_seconds(lifetime::seconds(action)),
        input: Arc::new(input),
    }
}
