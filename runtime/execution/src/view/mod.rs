//! A state as rows: what the store's projections and the API show. Knows no
//! table; the orchestrator writes what `changes` returns with the events.

mod row;

pub use row::{ActionView, ApprovalStatus, ApprovalView, ExecutionView, StageView};

use crate::event::{Event, Recorded};
use crate::execution::Execution;
use crate::state::PipelineState;
use lockgate_model::id::ExecutionId;

/// The rows that a decision changed, each once, as they are after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// The pipeline was created, updated or deleted.
    pub pipeline: bool,
    /// A transition changed; see [`PipelineState::gate`].
    pub transitions: bool,
    /// Executions.
    pub executions: Vec<ExecutionView>,
    /// Stages of executions.
    pub stages: Vec<StageView>,
    /// Action executions.
    pub actions: Vec<ActionView>,
    /// Approvals.
    pub approvals: Vec<ApprovalView>,
}

/// The rows that these events changed, as they are after them. `after` is the
/// state with all of `events` applied, and `events` are those of one decision:
/// a later start forgets executions that ended.
#[must_use]
pub fn changes(after: &PipelineState, events: &[Recorded]) -> Changed {
    let mut changed = Changed::default();
    let mut touched = Touched::default();
    for Recorded { event, .. } in events {
        match event {
            Event::PipelineCreated { .. }
            | Event::PipelineUpdated { .. }
            | Event::PipelineDeleted => changed.pipeline = true,
            Event::TransitionDisabled { .. } | Event::TransitionEnabled { .. } => {
                changed.transitions = true;
            }
            _ => touched.add(after, event),
        }
    }
    for (id, stages) in touched.0 {
        let Some(execution) = after.execution(id) else {
            continue;
        };
        changed.executions.push(ExecutionView::of(after, execution));
        for (name, actions) in stages {
            let Some(stage) = execution.stage(name) else {
                continue;
            };
            changed.stages.push(StageView::of(execution, stage));
            for action in actions.into_iter().filter_map(|name| stage.action(name)) {
                changed
                    .actions
                    .push(ActionView::of(execution, stage, action));
                changed
                    .approvals
                    .extend(ApprovalView::of(execution, stage, action));
            }
        }
    }
    changed
}

/// Which rows events are about: executions, their stages, their actions. Small
/// lists, so that a decision about one action costs a few comparisons.
#[derive(Default)]
struct Touched<'a>(Vec<(ExecutionId, Stages<'a>)>);

/// Stages with their actions.
type Stages<'a> = Vec<(&'a str, Vec<&'a str>)>;

impl<'a> Touched<'a> {
    fn add(&mut self, after: &'a PipelineState, event: &'a Event) {
        let Some(id) = event.execution() else { return };
        let stages = entry(&mut self.0, id);
        let stage = match event {
            // The stage inside changes with its execution.
            Event::ExecutionStopping { .. } => after
                .execution(id)
                .and_then(Execution::current_stage)
                .map(|stage| stage.name.as_str()),
            Event::ExecutionWaiting { .. } => None,
            _ => event.stage(),
        };
        let Some(stage) = stage else { return };
        let actions = entry(stages, stage);
        if let Some(action) = event.action()
            && !actions.contains(&action)
        {
            actions.push(action);
        }
    }
}

fn entry<K: PartialEq, V: Default>(entries: &mut Vec<(K, V)>, key: K) -> &mut V {
    let found = entries.iter().position(|(known, _)| *known == key);
    let index = found.unwrap_or_else(|| {
        entries.push((key, V::default()));
        entries.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "found, or pushed just now")]
    &mut entries[index].1
}
