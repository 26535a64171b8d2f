//! What follows for the actions of a stage: they start in groups, and end when
//! nobody has to answer for them any more.

use super::super::{lifetime, resolve};
use super::Inside;
use crate::event::{Event, StartedWork};
use crate::execution::Ending;
use crate::mode;
use crate::stage::{ActionRun, Work, Worker};
use lockgate_model::definition::Action;
use lockgate_model::id::{ActionExecutionId, ApprovalToken, JobId};
use lockgate_model::job::{External, Failure, FailureType};
use lockgate_model::status::ActionStatus;
use std::sync::Arc;

/// The end of an action that nobody has to answer for.
pub(super) fn ends(inside: Inside<'_>) -> Option<Event> {
    inside
        .run
        .running()
        .find_map(|action| end_of(inside, action))
}

fn end_of(inside: Inside<'_>, action: &ActionRun) -> Option<Event> {
    let Inside {
        execution,
        run: stage,
        request,
        ..
    } = inside;
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
        Work::Job { not_before, .. }
            if action.overdue() <= request.at && action.overdue() < action.expires =>
        {
            fails(
                FailureType::SystemUnavailable,
                format!(
                    "provider {} did not answer within {} minutes; look at its log, let it ask for more time with a continuation, then retry the stage",
                    action.input.action_type,
                    action.overdue().since(*not_before) / 1000 / 60
                ),
            )
        }
        Work::Job { .. } if action.expires <= request.at => fails(
            FailureType::SystemUnavailable,
            format!(
                "provider {} did not finish within {}; look at its log, then retry the stage",
                action.input.action_type,
                minutes(action)
            ),
        ),
        Work::Job {
            id,
            worker: Some(Worker::Dispatched { until, .. }),
            ..
        } if *until <= request.at => Some(Event::JobQueued {
            execution: execution.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            job: *id,
        }),
        Work::Approval { .. } | Work::Job { .. } | Work::Impossible(_) => None,
    }
}

fn minutes(action: &ActionRun) -> String {
    format!(
        "{} minutes",
        action.expires.since(action.started) / 1000 / 60
    )
}

/// An action that cannot be done fails.
pub(super) fn impossible(inside: Inside<'_>) -> Option<Event> {
    inside.run.running().find_map(|action| match &action.work {
        Work::Impossible(failure) => Some(Event::ActionFailed {
            execution: inside.execution.id,
            stage: inside.run.name.clone(),
            action: action.name.clone(),
            job: None,
            failure: failure.clone(),
        }),
        Work::Job { .. } | Work::Approval { .. } => None,
    })
}

/// What comes next in a stage of which no action has failed.
pub(super) enum Next {
    /// An action starts.
    Starts(Box<Event>),
    /// Some action has not ended.
    Waits,
    /// Every action has succeeded.
    Done,
}

/// The next action of the first group that has not succeeded.
pub(super) fn next(inside: Inside<'_>) -> Next {
    let Inside {
        execution,
        declared,
        run,
        ..
    } = inside;
    let mut statuses = vec![None; declared.actions.len()];
    for action in &run.actions {
        if let Some(status) = statuses.get_mut(action.place) {
            *status = Some(action.status);
        }
    }
    let unfinished = || {
        declared
            .actions
            .iter()
            .zip(&statuses)
            .filter(|(_, status)| **status != Some(ActionStatus::Succeeded))
    };
    let Some(group) = unfinished().map(|(action, _)| action.run_order).min() else {
        return Next::Done;
    };
    if run.running().count() >= mode::most_actions(execution.mode) {
        return Next::Waits;
    }
    unfinished()
        .find(|(action, status)| action.run_order == group && status.is_none())
        .map_or(Next::Waits, |(action, _)| {
            Next::Starts(Box::new(start(inside, action)))
        })
}

fn start(inside: Inside<'_>, action: &Action) -> Event {
    let Inside {
        execution,
        run,
        request,
        ..
    } = inside;
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
        expires: request.at.plus_seconds(lifetime::of_action(action)),
        input: Arc::new(input),
    }
}
