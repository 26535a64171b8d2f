//! Finds the part of a state that an event names, to change it, and notes when.

use super::Missing;
use crate::event::Recorded;
use crate::execution::{ActionRun, Execution, StageRun};
use crate::state::{Gate, PipelineState};
use lockgate_model::id::ExecutionId;
use lockgate_model::time::Timestamp;
use std::sync::Arc;

pub(super) fn gate<'a>(state: &'a mut PipelineState, stage: &str) -> Result<&'a mut Gate, Missing> {
    state
        .gates
        .get_mut(stage)
        .ok_or_else(|| format!("stage '{stage}'"))
}

pub(super) fn held(
    state: &mut PipelineState,
    id: ExecutionId,
    at: Timestamp,
) -> Result<&mut Execution, Missing> {
    let execution = state
        .executions
        .get_mut(&id)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("execution {id}"))?;
    execution.updated = at;
    Ok(execution)
}

pub(super) fn stage_run<'a>(
    execution: &'a mut Execution,
    stage: &str,
    at: Timestamp,
) -> Result<&'a mut StageRun, Missing> {
    // Nearly always the last one.
    let run = execution
        .stages
        .iter_mut()
        .rev()
        .find(|run| run.name == stage)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("stage '{stage}' of execution {}", execution.id))?;
    run.updated = at;
    Ok(run)
}

pub(super) fn action_run<'a>(
    execution: &'a mut Execution,
    stage: &str,
    action: &str,
    recorded: &Recorded,
) -> Result<&'a mut ActionRun, Missing> {
    let id = execution.id;
    let run = stage_run(execution, stage, recorded.at)?
        .actions
        .iter_mut()
        .find(|run| run.name == action)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("action '{action}' in stage '{stage}' of execution {id}"))?;
    run.updated = recorded.at;
    run.updated_by.clone_from(&recorded.cause.by);
    Ok(run)
}
