//! What happens to a whole execution: it starts, waits, is asked to end, ends.

use super::Missing;
use super::find::{gate, held};
use crate::event::{Event, Recorded, Rollback, StartedChange};
use crate::execution::{Ending, Execution, Position};
use crate::judge::own_branch;
use crate::mode;
use crate::products::Products;
use crate::report::{REPORTED_BY_WORKER, of_branch, reference};
use crate::state::{PipelineState, Reported, Waiting};
use lockgate_model::change::SourceChange;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ExecutionStatus, StageStatus};
use lockgate_model::trigger::TriggerType;
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
            change,
            rollback,
        } => {
            let definition = state
                .definitions
                .get(version)
                .ok_or_else(|| format!("version {version} of the definition"))?;
            let position = match rollback {
                None => Position::Arriving(0),
                Some(rollback) => definition
                    .stage(&rollback.stage)
                    .map(|(index, _)| Position::Before(index))
                    .ok_or_else(|| format!("stage '{}'", rollback.stage))?,
            };
            let started = Execution {
                id: *execution,
                version: *version,
                mode: definition.execution_mode,
                status: ExecutionStatus::InProgress,
                position,
                trigger: Arc::new(trigger.clone()),
                started: at,
                updated: at,
                variables: variables.clone(),
                source_revisions: source_revisions.clone(),
                change: change.as_ref().map(without_files),
                rollback: rollback.clone(),
                attempt: 1,
                products: rollback.as_deref().map(taken_over).unwrap_or_default(),
                stages: vec![],
                ending: None,
                superseded_by: None,
                rolled_back_by: None,
            };
            // A rollback that follows comes in the midst of a decision, whose rows
            // are still to be read.
            if rollback.as_ref().is_none_or(|back| back.failed.is_none()) {
                forget(state);
            }
            remember(state, &started);
            state.executions.insert(*execution, Arc::new(started));
            if let Some(rollback) = rollback {
                // Before all others: a later one must not be rolled back by it.
                gate(state, &rollback.stage)?.waiting.insert(
                    0,
                    Waiting {
                        execution: *execution,
                        since: at,
                    },
                );
                let failed = rollback
                    .failed
                    .and_then(|failed| state.executions.get_mut(&failed));
                if let Some(failed) = failed {
                    Arc::make_mut(failed).rolled_back_by = Some(*execution);
                }
            }
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

/// The log keeps which files changed. There may be very many of them.
fn without_files(started: &Arc<StartedChange>) -> Arc<StartedChange> {
    if started.change.files.is_none() {
        return started.clone();
    }
    let mut change = SourceChange::clone(&started.change);
    change.files = None;
    Arc::new(StartedChange {
        change: Arc::new(change),
        ..StartedChange::clone(started)
    })
}

/// What the first shelf of a rollback holds.
fn taken_over(rollback: &Rollback) -> Products {
    let mut products = Products::default();
    for artifact in &rollback.artifacts {
        products.put_artifact(artifact.clone());
    }
    for (namespace, variables) in &rollback.namespaces {
        products.put_variables(namespace.clone(), variables.clone());
    }
    products
}

/// References of one source whose last revision is remembered.
const MOST_REPORTED: usize = 64;

/// Which reports it started for.
fn remember(state: &mut PipelineState, started: &Execution) {
    let definition = state.definitions.get(&started.version).cloned();
    let mut note = |action: &str, reference: String, revision: &str| {
        let reported = state.reported.entry(action.to_owned()).or_default();
        reported.retain(|known| known.reference != reference);
        if reported.len() >= MOST_REPORTED {
            reported.remove(0);
        }
        reported.push(Reported {
            reference,
            revision: revision.to_owned(),
            execution: started.id,
        });
    };
    if let Some(StartedChange {
        source_action,
        change,
        ..
    }) = started.change.as_deref()
    {
        note(source_action, reference(change), &change.revision.id);
    }
    for asked in started.source_revisions.iter() {
        let reported = match started.trigger.trigger_type {
            TriggerType::PutActionRevision => Some(REPORTED_BY_WORKER.to_owned()),
            // The webhook that announces the same comes late, or again.
            TriggerType::PollForSourceChanges if started.change.is_none() => definition
                .as_ref()
                .and_then(|definition| own_branch(definition, &asked.action_name))
                .map(|branch| of_branch(&branch)),
            _ => None,
        };
        if let Some(reference) = reported {
            note(&asked.action_name, reference, &asked.revision_id);
        }
    }
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
