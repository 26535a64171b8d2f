//! Laws of rows: what `changes` says to write is what the state shows.

use super::law;
use crate::world::Broken;
use lockgate_execution::{ActionView, ExecutionView, PipelineState, Recorded, StageView, changes};
use lockgate_model::id::{ActionExecutionId, ExecutionId};
use std::collections::BTreeMap;

/// The rows as a store would have them.
#[derive(Default)]
pub(super) struct Rows {
    executions: BTreeMap<ExecutionId, ExecutionView>,
    stages: BTreeMap<(ExecutionId, String), StageView>,
    actions: BTreeMap<ActionExecutionId, ActionView>,
}

impl Rows {
    pub(super) fn take(
        &mut self,
        state: &PipelineState,
        events: &[Recorded],
    ) -> Result<(), Broken> {
        let changed = changes(state, events);
        for row in changed.executions {
            self.executions.insert(row.id, row);
        }
        for row in changed.stages {
            self.stages.insert((row.execution, row.stage.clone()), row);
        }
        for row in changed.actions {
            self.actions.insert(row.id, row);
        }
        Ok(())
    }

    pub(super) fn check(&self, state: &PipelineState) -> Result<(), Broken> {
        for held in state.executions() {
            let row = ExecutionView::of(state, held);
            law!(
                self.executions.get(&held.id) == Some(&row),
                "the rows are those of the state",
                "execution {}: {:?} and not {row:?}",
                held.id,
                self.executions.get(&held.id)
            );
            for stage in &held.stages {
                let row = StageView::of(held, stage);
                let written = self.stages.get(&(held.id, stage.name.clone()));
                law!(
                    written == Some(&row),
                    "the rows are those of the state",
                    "stage {}: {written:?} and not {row:?}",
                    stage.name
                );
                for action in &stage.actions {
                    let row = ActionView::of(held, stage, action);
                    let written = self.actions.get(&row.id);
                    law!(
                        written == Some(&row),
                        "the rows are those of the state",
                        "action {}: {written:?} and not {row:?}",
                        action.name
                    );
                }
            }
        }
        Ok(())
    }
}
