//! What the three execution modes differ in: who may enter a stage, who has to
//! make room, who can be retried.

use crate::command::Direction;
use crate::execution::{Execution, Position};
use crate::state::{Gate, PipelineState, Transition};
use lockgate_model::definition::{ExecutionMode, Pipeline};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::ExecutionStatus;
use std::collections::BTreeSet;

/// Executions in progress, waiting ones included, in QUEUED and PARALLEL mode
/// (user guide, "Quotas").
pub(crate) const MOST_EXECUTIONS: usize = 50;

/// Actions of one execution at a time in PARALLEL mode (user guide, "Quotas").
///
/// Rules need no limit of their own: a condition has five at the most, and none
/// is judged while actions run.
pub const MOST_PARALLEL_ACTIONS: usize = 5;

/// Failed and stopped executions kept for a retry in PARALLEL mode, the newest
/// ones. In the other modes each stage keeps one.
const MOST_RETRYABLE: usize = 50;

/// Whether a stage holds one execution at a time.
pub(crate) fn locks(mode: ExecutionMode) -> bool {
    mode != ExecutionMode::Parallel
}

/// How many executions there may be in progress.
pub(crate) fn most_executions(mode: ExecutionMode) -> Option<usize> {
    match mode {
        ExecutionMode::Superseded => None,
        ExecutionMode::Queued | ExecutionMode::Parallel => Some(MOST_EXECUTIONS),
    }
}

/// How many actions of one execution there may be in progress.
pub(crate) fn most_actions(mode: ExecutionMode) -> usize {
    match mode {
        ExecutionMode::Superseded | ExecutionMode::Queued => usize::MAX,
        ExecutionMode::Parallel => MOST_PARALLEL_ACTIONS,
    }
}

/// What an execution in front of a stage does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Goes in.
    Enters,
    /// Has to wait, and there is room.
    Waits,
    /// Takes the place of this one, which waits already.
    Supersedes(ExecutionId),
    /// Gives way to this one, which waits already and started later.
    Yields(ExecutionId),
    /// Stays where it is.
    Stays,
}

/// What an execution in front of stage number `index` does next.
pub(crate) fn arrival(
    state: &PipelineState,
    definition: &Pipeline,
    execution: &Execution,
    index: usize,
) -> Arrival {
    let Some(stage) = definition.stages.get(index) else {
        return Arrival::Stays;
    };
    let gate = state.gates.get(&stage.name);
    let free = !locks(execution.mode) || gate.is_none_or(|gate: &Gate| gate.holder.is_none());
    let open = free && held_by(state, definition, execution, index).is_none();
    if open && !locks(execution.mode) {
        return Arrival::Enters;
    }
    // What started in PARALLEL mode before an update stands in nobody's way.
    let mut waiting = gate
        .into_iter()
        .flat_map(|gate| &gate.waiting)
        .filter_map(|waiting| state.execution(waiting.execution))
        .filter(|run| locks(run.mode));
    let first = waiting.clone().next();
    match (execution.position, first) {
        (Position::Before(_), Some(first)) if open && first.id == execution.id => Arrival::Enters,
        (Position::Arriving(_), None) if open => Arrival::Enters,
        // The one that waits goes in first, in its own turn.
        (Position::Arriving(_), Some(first))
            if open
                && state.definition_of(first).is_some_and(|definition| {
                    held_by(state, definition, first, first.position.stage()).is_none()
                }) =>
        {
            Arrival::Stays
        }
        (Position::Arriving(_), _) if execution.mode == ExecutionMode::Superseded => {
            let in_the_slot =
                waiting.find(|run| run.mode == ExecutionMode::Superseded && run.rollback.is_none());
            match in_the_slot {
                None => Arrival::Waits,
                Some(other) if other.started > execution.started => Arrival::Yields(other.id),
                Some(other) => Arrival::Supersedes(other.id),
            }
        }
        (Position::Arriving(_), _) => Arrival::Waits,
        _ => Arrival::Stays,
    }
}

/// The disabled transition that keeps an execution out of stage number `index`.
/// A rollback did not come from the stage before: none keeps it out.
pub(crate) fn held_by<'a>(
    state: &'a PipelineState,
    definition: &'a Pipeline,
    execution: &Execution,
    index: usize,
) -> Option<(&'a str, Direction, &'a Transition)> {
    if execution.rollback.is_some() {
        return None;
    }
    let side = |index: usize, direction: Direction| {
        let stage = definition.stages.get(index)?;
        let gate = state.gates.get(&stage.name)?;
        let side = match direction {
            Direction::Inbound => &gate.inbound,
            Direction::Outbound => &gate.outbound,
        };
        (!side.enabled).then_some((stage.name.as_str(), direction, side))
    };
    side(index, Direction::Inbound).or_else(|| side(index.checked_sub(1)?, Direction::Outbound))
}

/// The executions that ended and whose stage could be retried.
pub(crate) fn retryable(state: &PipelineState) -> BTreeSet<ExecutionId> {
    let mut kept: BTreeSet<_> = state
        .gates
        .values()
        .filter_map(|gate| gate.latest)
        .filter(|id| {
            state
                .execution(*id)
                .is_some_and(|run| ended_badly(state, run))
        })
        .collect();
    let parallel = state
        .executions()
        .filter(|run| !locks(run.mode) && ended_badly(state, run))
        .map(|run| run.id);
    // Ids sort by the time they started: the newest are the last.
    let newest: Vec<_> = parallel.collect();
    kept.extend(newest.iter().rev().take(MOST_RETRYABLE));
    kept
}

fn ended_badly(state: &PipelineState, execution: &Execution) -> bool {
    matches!(
        execution.status,
        ExecutionStatus::Failed | ExecutionStatus::Stopped
    ) && state.is_valid(execution.version)
        && matches!(execution.position, Position::In(_))
}
