//! A state as rows: what the store's projections and the API show. Knows no
//! table; the orchestrator writes what `changes` returns with the events.

mod condition;
mod row;

pub use condition::{ConditionView, RuleView};
pub use row::{ActionView, ApprovalStatus, ApprovalView, ExecutionView, StageView, StopView};

use crate::event::{Event, Recorded};
use crate::execution::Execution;
use crate::state::PipelineState;
use lockgate_model::definition::ConditionType;
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
    /// Rule executions.
    pub rules: Vec<RuleView>,
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
        for (name, Parts { actions, rules }) in stages {
            let Some(stage) = execution.stage(name) else {
                continue;
            };
            changed.stages.push(StageView::of(execution, stage));
            let fresh = |updated| events.iter().any(|recorded| recorded.at == updated);
            let aside = (stage.earlier.actions.iter())
                .map(AsRef::as_ref)
                .filter(|run| fresh(run.updated) && actions.contains(&run.name.as_str()));
            let newest = actions.iter().filter_map(|name| stage.action(name));
            for action in aside.chain(newest) {
                changed
                    .actions
                    .push(ActionView::of(execution, stage, action));
                changed
                    .approvals
                    .extend(ApprovalView::of(execution, stage, action));
            }
            let aside = (stage.earlier.rules.iter())
                .map(|(which, rule)| (*which, rule.as_ref()))
                .filter(|(which, rule)| {
                    fresh(rule.updated) && rules.contains(&(*which, rule.name.as_str()))
                });
            let newest = rules.iter().filter_map(|(which, name)| {
                let rule = stage.condition(*which)?.rule(name)?;
                Some((*which, rule))
            });
            changed.rules.extend(
                aside
                    .chain(newest)
                    .map(|(which, rule)| RuleView::of(execution, stage, which, rule)),
            );
        }
    }
    changed
}

/// Which rows events are about: executions, their stages, their actions. Small
/// lists, so that a decision about one action costs a few comparisons.
#[derive(Default)]
struct Touched<'a>(Vec<(ExecutionId, Stages<'a>)>);

/// Stages with what changed in them.
type Stages<'a> = Vec<(&'a str, Parts<'a>)>;

#[derive(Default)]
struct Parts<'a> {
    actions: Vec<&'a str>,
    rules: Vec<(ConditionType, &'a str)>,
}

impl<'a> Touched<'a> {
    fn add(&mut self, after: &'a PipelineState, event: &'a Event) {
        let Some(id) = event.execution() else { return };
        // The execution that failed says which rollback it led to.
        if let Event::ExecutionStarted {
            rollback: Some(rollback),
            ..
        } = event
        {
            self.0.extend(
                rollback
                    .failed
                    .filter(|failed| self.0.iter().all(|(known, _)| known != failed))
                    .map(|failed| (failed, Stages::default())),
            );
        }
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
        let Parts { actions, rules } = entry(stages, stage);
        if let Some(action) = event.action()
            && !actions.contains(&action)
        {
            actions.push(action);
        }
        if let (Some(condition), Some(rule)) = (event.condition(), event.rule())
            && !rules.contains(&(condition, rule))
        {
            rules.push((condition, rule));
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
