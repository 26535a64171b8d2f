//! Laws of rows: what `changes` says to write is what the state shows.

use super::law;
use super::run::{Doer, Run};
use crate::world::Broken;
use lockgate_execution::{
    ActionView, ApprovalStatus, ApprovalView, Event, ExecutionView, PipelineState, Recorded,
    RuleView, StageView, changes,
};
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId};
use lockgate_model::status::ActionStatus;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The rows as a store would have them.
#[derive(Default)]
pub(super) struct Rows {
    executions: BTreeMap<ExecutionId, ExecutionView>,
    stages: BTreeMap<(ExecutionId, String), StageView>,
    actions: BTreeMap<ActionExecutionId, ActionView>,
    rules: BTreeMap<ActionExecutionId, RuleView>,
    approvals: BTreeMap<ApprovalToken, ApprovalView>,
    /// What the events say of action executions, and which is the newest at each
    /// place.
    told: BTreeMap<ActionExecutionId, ActionStatus>,
    newest: BTreeMap<(ExecutionId, String, String), ActionExecutionId>,
}

impl Rows {
    pub(super) fn take(
        &mut self,
        state: &PipelineState,
        events: &[Recorded],
    ) -> Result<(), Broken> {
        events
            .iter()
            .for_each(|recorded| self.note(&recorded.event));
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
        for row in changed.rules {
            self.rules.insert(row.id, row);
        }
        for row in changed.approvals {
            self.approvals.insert(row.token, row);
        }
        Ok(())
    }

    fn note(&mut self, event: &Event) {
        let (Some(execution), Some(stage), Some(action)) =
            (event.execution(), event.stage(), event.action())
        else {
            return;
        };
        let place = (execution, stage.to_owned(), action.to_owned());
        let status = match event {
            Event::ActionStarted { id, .. } => {
                self.newest.insert(place.clone(), *id);
                ActionStatus::InProgress
            }
            Event::ActionSucceeded { .. } => ActionStatus::Succeeded,
            Event::ActionFailed { .. } => ActionStatus::Failed,
            Event::ActionAbandoned { .. } => ActionStatus::Abandoned,
            _ => return,
        };
        if let Some(id) = self.newest.get(&place) {
            self.told.insert(*id, status);
        }
    }

    /// Every row that was ever written, also of what the state forgot.
    pub(super) fn check(
        &self,
        state: &PipelineState,
        runs: &BTreeMap<ExecutionId, Run>,
    ) -> Result<(), Broken> {
        for (id, run) in runs {
            let row = self.executions.get(id).map(|row| row.status);
            law!(
                row == Some(run.status),
                "the rows of an execution say how it ended",
                "{} is {} and its row {row:?}",
                run.number,
                run.status
            );
            for (index, stage) in &run.stages {
                let name = &run.definition.stages[*index].name;
                let row = self.stages.get(&(*id, name.clone()));
                law!(
                    row.map(|row| row.status) == stage.status,
                    "the rows of an execution say how it ended",
                    "{name} of {} is {:?} and its row {row:?}",
                    run.number,
                    stage.status
                );
            }
        }
        for (id, status) in &self.told {
            let row = self.actions.get(id).map(|row| row.status);
            law!(
                row == Some(*status),
                "the history says how every action execution ended",
                "{:?} is {status} and its row {row:?}",
                self.newest.iter().find(|(_, newest)| *newest == id)
            );
        }
        let open = self.approvals.iter();
        let open = open.filter(|(_, row)| row.status == ApprovalStatus::Open);
        let wanted = runs.values().flat_map(Run::running);
        let wanted = wanted.filter(|action| matches!(action.doer, Doer::Approval(..)));
        let (open, wanted) = (open.count(), wanted.count());
        law!(
            open == wanted,
            "the rows of approvals say which are open",
            "{open} and not {wanted}"
        );
        for held in state.executions() {
            let row = ExecutionView::of(state, held);
            let written = self.executions.get(&held.id);
            same(written, &row)?;
            for stage in &held.stages {
                let row = StageView::of(held, stage);
                same(self.stages.get(&(held.id, stage.name.clone())), &row)?;
                for action in &stage.actions {
                    let row = ActionView::of(held, stage, action);
                    same(self.actions.get(&row.id), &row)?;
                    if let Some(row) = ApprovalView::of(held, stage, action) {
                        same(self.approvals.get(&row.token), &row)?;
                    }
                }
                for (condition, run) in stage.conditions() {
                    for rule in &run.rules {
                        let row = RuleView::of(held, stage, condition, rule);
                        same(self.rules.get(&row.id), &row)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn same<T: PartialEq + Debug>(written: Option<&T>, row: &T) -> Result<(), Broken> {
    law!(
        written == Some(row),
        "the rows are those of the state",
        "{written:?} and not {row:?}"
    );
    Ok(())
}
