//! What follows from a state without anybody asking: the next event of one
//! execution, or nothing. Looks at the state alone, so that a log cut anywhere
//! goes on as it would have.

mod action;
mod condition;
mod rollback;
mod stage;

use crate::command::Request;
use crate::event::Event;
use crate::execution::{Ending, Execution, Position};
use crate::mode::{self, Arrival};
use crate::stage::StageRun;
use crate::state::PipelineState;
use lockgate_model::definition::{Pipeline, Stage};

/// An execution in a stage: everything that its next event depends on.
#[derive(Clone, Copy)]
struct Inside<'a> {
    state: &'a PipelineState,
    execution: &'a Execution,
    declared: &'a Stage,
    run: &'a StageRun,
    request: &'a Request,
}

pub(super) use condition::declared as declared_condition;
pub(super) use rollback::taken_over;

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
        Position::In(index) => stage::follow(Inside {
            state,
            execution,
            declared: definition.stages.get(index)?,
            run: execution.stages.last()?,
            request,
        }),
    })
}

/// A new definition, or none, ends what runs the old one.
fn cancelling(state: &PipelineState, execution: &Execution) -> Option<Event> {
    let deleted = !state.exists();
    let updated = !state.is_valid(execution.version) && mode::locks(execution.mode);
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
    let through =
        execution.rollback.is_some() && matches!(execution.position, Position::Arriving(_));
    let Some(stage) = definition.stages.get(index).filter(|_| !through) else {
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
        Arrival::Yields(newer) => Some(Event::ExecutionSuperseded {
            execution: id,
            by: newer,
        }),
        Arrival::Stays => None,
    }
}
