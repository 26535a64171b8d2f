//! What a store would hold: the rows of every decision so far. Whatever it says
//! is open is open in the state, and the other way round.

use lockgate_execution::{ApprovalStatus, Changed, Effect, PipelineState, due};
use lockgate_model::id::{ActionExecutionId, ApprovalToken};
use lockgate_model::status::{ActionStatus, RuleStatus};
use std::collections::BTreeSet;

#[derive(Default)]
pub(crate) struct Rows {
    actions: BTreeSet<ActionExecutionId>,
    rules: BTreeSet<ActionExecutionId>,
    approvals: BTreeSet<ApprovalToken>,
}

impl Rows {
    pub(crate) fn keep(&mut self, changed: &Changed) {
        for row in &changed.actions {
            put(
                &mut self.actions,
                row.id,
                row.status == ActionStatus::InProgress,
            );
        }
        for row in &changed.rules {
            put(
                &mut self.rules,
                row.id,
                row.status == RuleStatus::InProgress,
            );
        }
        for row in &changed.approvals {
            put(
                &mut self.approvals,
                row.token,
                row.status == ApprovalStatus::Open,
            );
        }
    }

    pub(crate) fn check(&self, state: &PipelineState) {
        let mut held = Self::default();
        held.hold(state);
        assert_eq!(self.actions, held.actions, "rows of actions");
        assert_eq!(self.rules, held.rules, "rows of rules");
        assert_eq!(self.approvals, held.approvals, "rows of approvals");
    }

    /// As if the store held what the state does.
    pub(crate) fn hold(&mut self, state: &PipelineState) {
        let inside = || state.live().filter_map(|run| run.current_stage());
        self.actions
            .extend(inside().flat_map(|stage| stage.running()).map(|run| run.id));
        let rules = inside().flat_map(|stage| stage.running_rules());
        self.rules.extend(rules.map(|(_, run)| run.id));
        let open = due(state).into_iter().filter_map(|effect| match effect {
            Effect::AnnounceApproval(open) => Some(open.token),
            _ => None,
        });
        self.approvals.extend(open);
    }
}

fn put<K: Ord>(open: &mut BTreeSet<K>, key: K, is_open: bool) {
    if is_open {
        open.insert(key);
    } else {
        open.remove(&key);
    }
}
