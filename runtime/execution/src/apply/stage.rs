//! What happens to a stage of an execution: entered, ended, run again.

use super::Missing;
use super::find::{gate, held, stage_run};
use crate::event::{Event, Recorded};
use crate::execution::{Execution, Position};
use crate::mode;
use crate::stage::{ActionRun, Earlier, Retries, StageRun};
use crate::state::{Past, PipelineState};
use lockgate_model::definition::{ConditionType, RetryMode};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, ConditionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{ExecutionType, RetryTrigger};
use std::sync::Arc;

pub(super) fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::StageEntered { execution, stage } => enter(state, *execution, stage, at)?,
        Event::StageSucceeded { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Succeeded, at)?;
            let run = held(state, *execution, at)?;
            let past = past(run);
            run.position = Position::Arriving(run.position.stage().saturating_add(1));
            if past.is_some() {
                gate(state, stage)?.success = past;
            }
        }
        Event::StageSkipped { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Skipped, at)?;
            let run = held(state, *execution, at)?;
            run.position = Position::Arriving(run.position.stage().saturating_add(1));
        }
        Event::StageFailed {
            execution,
            stage,
            reason,
        } => {
            end_stage(state, *execution, stage, StageStatus::Failed, at)?;
            let run = stage_run(held(state, *execution, at)?, stage, at)?;
            run.reason.clone_from(reason);
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
            trigger,
        } => {
            let entered = resume(state, *execution, stage, at)?;
            entered.attempt = *attempt;
            entered.retry = Some(*mode);
            let Retries {
                automatic,
                manual,
                latest,
            } = &mut entered.retries;
            match trigger {
                RetryTrigger::AutomatedStageRetry => *automatic = automatic.saturating_add(1),
                RetryTrigger::ManualStageRetry => *manual = manual.saturating_add(1),
            }
            *latest = Some(*trigger);
            put_aside(entered, *mode);
        }
        // The caller hands over stages' events only.
        _ => {}
    }
    Ok(())
}

/// Takes out of a stage what its retry does anew.
fn put_aside(stage: &mut StageRun, mode: RetryMode) {
    let passed = |status| match mode {
        RetryMode::AllActions => status == ConditionStatus::Overridden,
        RetryMode::FailedActions => matches!(
            status,
            ConditionStatus::Overridden | ConditionStatus::Succeeded
        ),
    };
    let conditions = [
        (
            ConditionType::BeforeEntry,
            stage.before_entry.take_if(|run| !passed(run.status)),
        ),
        (ConditionType::OnSuccess, stage.on_success.take()),
        (ConditionType::OnFailure, stage.on_failure.take()),
    ];
    let rules = conditions.into_iter().flat_map(|(which, run)| {
        let rules = run.into_iter().flat_map(|run| run.rules.clone());
        rules.map(move |rule| (which, rule))
    });
    let keeps = |action: &ActionRun| match mode {
        RetryMode::AllActions => false,
        RetryMode::FailedActions => matches!(
            action.status,
            ActionStatus::Succeeded | ActionStatus::InProgress
        ),
    };
    let (kept, actions) = std::mem::take(&mut stage.actions)
        .into_iter()
        .partition(|action| keeps(action));
    stage.earlier = Earlier {
        actions,
        rules: rules.collect(),
    };
    stage.actions = kept;
}

/// The stage runs again: it is held again, and nothing of its end remains.
pub(super) fn resume<'a>(
    state: &'a mut PipelineState,
    id: ExecutionId,
    stage: &str,
    at: Timestamp,
) -> Result<&'a mut StageRun, Missing> {
    if mode::locks(held(state, id, at)?.mode) {
        gate(state, stage)?.holder = Some(id);
    }
    let run = held(state, id, at)?;
    run.status = ExecutionStatus::InProgress;
    run.ending = None;
    run.rolled_back_by = None;
    run.attempt = run.attempt.saturating_add(1);
    let entered = stage_run(run, stage, at)?;
    entered.status = StageStatus::InProgress;
    entered.reason = None;
    Ok(entered)
}

/// What a later rollback of the stage can go back to.
fn past(execution: &Execution) -> Option<Arc<Past>> {
    let can = execution.kind() == ExecutionType::Standard
        && mode::locks(execution.mode)
        && execution.position.stage() > 0;
    can.then(|| {
        Arc::new(Past {
            execution: execution.id,
            version: execution.version,
            variables: execution.variables.clone(),
            source_revisions: execution.source_revisions.clone(),
            revisions: Arc::new(execution.fetched().collect()),
            products: execution.products.clone(),
        })
    })
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
        retries: Retries::default(),
        reason: None,
        actions: vec![],
        before_entry: None,
        on_success: None,
        on_failure: None,
        earlier: Earlier::default(),
    }));
    execution.products.next_shelf();
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
