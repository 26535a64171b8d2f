//! The only place that changes a state: one event at a time, the same event
//! always in the same way. Decides nothing. Called by `decide` on its working
//! copy, by the orchestrator after a commit, and by whoever folds a log.

mod action;
mod condition;
mod execution;
mod find;
mod stage;
mod worker;

use crate::command::{Direction, UpdatePolicy};
use crate::event::{Event, Recorded};
use crate::state::{PipelineState, Transition};
use find::gate;
use lockgate_model::definition::Pipeline;
use lockgate_model::time::Timestamp;
use std::sync::Arc;

/// An event that does not fit the state: the log has a gap or belongs to
/// another pipeline. The state must not be used any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {event} names {missing}, which the state does not hold")]
pub struct Inapplicable {
    /// The event's name.
    pub event: &'static str,
    /// What is missing.
    pub missing: String,
}

/// Changes the state as the event says.
///
/// # Errors
/// The event does not fit the state.
pub fn apply(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Inapplicable> {
    change(state, recorded).map_err(|missing| Inapplicable {
        event: recorded.event.name(),
        missing,
    })
}

/// What an event named and the state does not hold.
type Missing = String;

fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::PipelineCreated { definition } => {
            let (tenant, name) = (state.tenant.clone(), state.name.clone());
            *state = PipelineState::new(tenant, name);
            state.created = at;
            define(state, definition, at, UpdatePolicy::Cancel);
        }
        Event::PipelineUpdated { definition, policy } => define(state, definition, at, *policy),
        // Nothing but the log remembers it.
        Event::ChangeIgnored { .. } => {}
        Event::PipelineDeleted => {
            state.current = None;
            state.updated = at;
            for gate in state.gates.values_mut() {
                gate.latest = None;
                gate.success = None;
            }
        }
        Event::TransitionDisabled {
            stage,
            direction,
            reason,
        } => transition(state, stage, *direction, Some(reason), recorded)?,
        Event::TransitionEnabled { stage, direction } => {
            transition(state, stage, *direction, None, recorded)?;
        }
        Event::ExecutionStarted { .. }
        | Event::ExecutionWaiting { .. }
        | Event::ExecutionSuperseded { .. }
        | Event::ExecutionStopping { .. }
        | Event::ExecutionStopped { .. }
        | Event::ExecutionCancelling { .. }
        | Event::ExecutionCancelled { .. }
        | Event::ExecutionSucceeded { .. }
        | Event::ExecutionFailed { .. } => execution::change(state, recorded)?,
        Event::StageEntered { .. }
        | Event::StageSucceeded { .. }
        | Event::StageFailed { .. }
        | Event::StageSkipped { .. }
        | Event::StageStopped { .. }
        | Event::StageCancelled { .. }
        | Event::StageRetried { .. } => stage::change(state, recorded)?,
        Event::ActionStarted { .. }
        | Event::ActionPending { .. }
        | Event::ActionSucceeded { .. }
        | Event::ActionFailed { .. }
        | Event::ActionAbandoned { .. }
        | Event::ApprovalAnswered { .. } => action::change(state, recorded)?,
        Event::ConditionStarted { .. }
        | Event::ConditionEnded { .. }
        | Event::ConditionOverridden { .. }
        | Event::RuleStarted { .. }
        | Event::RulePending { .. }
        | Event::RuleSucceeded { .. }
        | Event::RuleFailed { .. }
        | Event::RuleAbandoned { .. } => condition::change(state, recorded)?,
        Event::JobQueued { .. } | Event::JobDispatched { .. } | Event::JobAcknowledged { .. } => {
            worker::change(state, recorded)?;
        }
    }
    Ok(())
}

fn define(
    state: &mut PipelineState,
    definition: &Arc<Pipeline>,
    at: Timestamp,
    policy: UpdatePolicy,
) {
    if policy == UpdatePolicy::Cancel {
        state.valid_from = definition.version;
        for gate in state.gates.values_mut() {
            gate.latest = None;
            gate.success = None;
        }
    }
    state.current = Some(definition.version);
    state.updated = at;
    state
        .definitions
        .insert(definition.version, definition.clone());
    for stage in &definition.stages {
        state.gates.entry(stage.name.clone()).or_default();
    }
    state.reported.retain(|action, _| {
        let actions = definition.stages.iter().flat_map(|stage| &stage.actions);
        actions.into_iter().any(|known| known.name == *action)
    });
    // Executions of an older version may still come to a stage that is no more, or
    // be retried in it once it is back.
    let (gates, held): (_, Vec<_>) = (
        &mut state.gates,
        state
            .executions
            .values()
            .filter_map(|execution| state.definitions.get(&execution.version))
            .collect(),
    );
    gates.retain(|name, _| {
        definition.stage(name).is_some() || held.iter().any(|older| older.stage(name).is_some())
    });
}

fn transition(
    state: &mut PipelineState,
    stage: &str,
    direction: Direction,
    reason: Option<&String>,
    recorded: &Recorded,
) -> Result<(), Missing> {
    let gate = gate(state, stage)?;
    let side = match direction {
        Direction::Inbound => &mut gate.inbound,
        Direction::Outbound => &mut gate.outbound,
    };
    *side = Transition {
        enabled: reason.is_none(),
        reason: reason.cloned(),
        changed_by: Some(recorded.cause.by.clone()),
        changed_at: Some(recorded.at),
    };
    Ok(())
}
