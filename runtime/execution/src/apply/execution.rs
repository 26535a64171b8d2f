//! What happens to a whole execution: it starts, waits, is asked to end, ends.

use super::Missing;
use super::find::{gate, held};
use crate::event::{Event, Recorded};
use crate::execution::{Ending, Execution, Position};
use crate::mode;
use crate::state::{PipelineState, Waiting};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ExecutionStatus, StageStatus};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::ExecutionStarted {
            execution,
            version,
            trigger,
            variables,
            source_revisions,
        } => {
            let definition = state
                .definitions
                .get(version)
                .ok_or_else(|| format!("version {version} of the definition"))?;
            let started = Execution {
                id: *execution,
                version: *version,
                mode: definition.execution_mode,
                status: ExecutionStatus::InProgress,
                position: Position::Arriving(0),
                trigger: Arc::new(trigger.clone()),
                started: at,
                updated: at,
                variables: variables.clone(),
                source_revisions: source_revisions.clone(),
                artifacts: BTreeMap::new(),
                namespaces: BTreeMap::new(),
                stages: vec![],
                ending: None,
                superseded_by: None,
            };
            forget(state);
            state.executions.insert(*execution, Arc::new(started));
        }
        Event::ExecutionWaiting { execution, stage } => {
            let run = held(state, *execution, at)?;
            run.position = Position::Before(run.position.stage());
            gate(state, stage)?.waiting.push(Waiting {
                execution: *execution,
                since: at,
            });
        }
        Event::ExecutionSuperseded { execution, by } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::Superseded;
            run.superseded_by = Some(*by);
            leave(state, *execution);
        }
        Event::ExecutionStopping {
            execution,
            abandon,
            reason,
        } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::Stopping;
            run.ending = Some(Ending::Stop {
                abandon: *abandon,
                reason: reason.clone(),
                by: recorded.cause.by.clone(),
            });
            if let (Position::In(_), Some(stage)) = (run.position, run.stages.last_mut()) {
                let stage = Arc::make_mut(stage);
                stage.status = StageStatus::Stopping;
                stage.updated = at;
            }
        }
        Event::ExecutionCancelling {
            execution,
            abandon,
            reason,
        } => {
            held(state, *execution, at)?.ending = Some(Ending::Cancel {
                abandon: *abandon,
                reason: reason.clone(),
            });
        }
        Event::ExecutionStopped { execution } => {
            held(state, *execution, at)?.status = ExecutionStatus::Stopped;
            leave(state, *execution);
        }
        Event::ExecutionCancelled { execution, reason } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::Cancelled;
            run.ending.get_or_insert_with(|| Ending::Cancel {
                abandon: false,
                reason: reason.clone(),
            });
            leave(state, *execution);
        }
        Event::ExecutionSucceeded { execution } => {
            held(state, *execution, at)?.status = ExecutionStatus::Succeeded;
        }
        Event::ExecutionFailed { execution, .. } => {
            held(state, *execution, at)?.status = ExecutionStatus::Failed;
        }
        // The caller hands over executions' events only.
        _ => {}
    }
    Ok(())
}

/// An execution that ends waits nowhere.
fn leave(state: &mut PipelineState, id: ExecutionId) {
    for gate in state.gates.values_mut() {
        gate.waiting.retain(|waiting| waiting.execution != id);
    }
}

/// Drops executions that can no longer matter, the definitions that only they
/// ran, and the gates of stages that are no more.
fn forget(state: &mut PipelineState) {
    let keep = mode::retryable(state);
    state
        .executions
        .retain(|id, execution| !execution.status.is_final() || keep.contains(id));
    let (executions, current) = (&state.executions, state.current);
    state.definitions.retain(|version, _| {
        current == Some(*version) || executions.values().any(|e| e.version == *version)
    });
    let definitions = &state.definitions;
    state.gates.retain(|name, _| {
        definitions
            .values()
            .any(|definition| definition.stage(name).is_some())
    });
}
