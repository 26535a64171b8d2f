//! Finds the part of a state that an event names, to change it, and notes when.

use super::Missing;
use crate::condition::{ConditionRun, RuleRun};
use crate::event::Recorded;
use crate::execution::Execution;
use crate::stage::{ActionRun, StageRun};
use crate::state::{Gate, PipelineState};
use lockgate_model::definition::ConditionType;
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

pub(super) fn condition_of(
    stage: &mut StageRun,
    which: ConditionType,
) -> &mut Option<Arc<ConditionRun>> {
    match which {
        ConditionType::BeforeEntry => &mut stage.before_entry,
        ConditionType::OnSuccess => &mut stage.on_success,
        ConditionType::OnFailure => &mut stage.on_failure,
    }
}

pub(super) fn condition_run<'a>(
    execution: &'a mut Execution,
    stage: &str,
    which: ConditionType,
    at: Timestamp,
) -> Result<&'a mut ConditionRun, Missing> {
    let id = execution.id;
    let run = condition_of(stage_run(execution, stage, at)?, which)
        .as_mut()
        .map(Arc::make_mut)
        .ok_or_else(|| {
            format!(
                "condition {} of stage '{stage}' of execution {id}",
                which.as_str()
            )
        })?;
    run.updated = at;
    Ok(run)
}

pub(super) fn rule_run<'a>(
    execution: &'a mut Execution,
    stage: &str,
    which: ConditionType,
    rule: &str,
    recorded: &Recorded,
) -> Result<&'a mut RuleRun, Missing> {
    let id = execution.id;
    let run = condition_run(execution, stage, which, recorded.at)?
        .rules
        .iter_mut()
        .find(|run| run.name == rule)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("rule '{rule}' in stage '{stage}' of execution {id}"))?;
    run.updated = recorded.at;
    run.updated_by.clone_from(&recorded.cause.by);
    Ok(run)
}
