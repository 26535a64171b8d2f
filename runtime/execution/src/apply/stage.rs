//! What happens to a stage of an execution: entered, ended, run again.

use super::Missing;
use super::find::{gate, held, stage_run};
use crate::event::{Event, Recorded};
use crate::execution::{Position, StageRun};
use crate::mode;
use crate::state::PipelineState;
use lockgate_model::definition::RetryMode;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use std::sync::Arc;

pub(super) fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::StageEntered { execution, stage } => enter(state, *execution, stage, at)?,
        Event::StageSucceeded { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Succeeded, at)?;
            let run = held(state, *execution, at)?;
            run.position = Position::Arriving(run.position.stage().saturating_add(1));
        }
        Event::StageFailed { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Failed, at)?;
        }
        Event::StageStopped { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Stopped, at)?;
        }
        Event::StageCancelled { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Cancelled, at)?;
        }
        Event::StageRetried {
            execution,
            stage,
            mode,
            attempt,
        } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::InProgress;
            run.ending = None;
            let execution_mode = run.mode;
            let entered = stage_run(run, stage, at)?;
            entered.status = StageStatus::InProgress;
            entered.attempt = *attempt;
            entered.retry = Some(*mode);
            entered.actions.retain(|action| match mode {
                RetryMode::AllActions => false,
                RetryMode::FailedActions => matches!(
                    action.status,
                    ActionStatus::Succeeded | ActionStatus::InProgress
                ),
            });
            if mode::locks(execution_mode) {
                gate(state, stage)?.holder = Some(*execution);
            }
        }
        // The caller hands over stages' events only.
        _ => {}
    }
    Ok(())
}

fn enter(
    state: &mut PipelineState,
    id: ExecutionId,
    stage: &str,
    at: Timestamp,
) -> Result<(), Missing> {
    let execution = held(state, id, at)?;
    execution.position = Position::In(execution.position.stage());
    execution.stages.push(Arc::new(StageRun {
        name: stage.to_owned(),
        status: StageStatus::InProgress,
        entered: at,
        updated: at,
        attempt: 1,
        retry: None,
        actions: vec![],
    }));
    let locks = mode::locks(execution.mode);
    let gate = gate(state, stage)?;
    gate.waiting.retain(|waiting| waiting.execution != id);
    if locks {
        gate.holder = Some(id);
        gate.latest = Some(id);
    }
    Ok(())
}

fn end_stage(
    state: &mut PipelineState,
    id: ExecutionId,
    stage: &str,
    status: StageStatus,
    at: Timestamp,
) -> Result<(), Missing> {
    let execution = held(state, id, at)?;
    stage_run(execution, stage, at)?.status = status;
    let gate = gate(state, stage)?;
    if gate.holder == Some(id) {
        gate.holder = None;
    }
    Ok(())
}
