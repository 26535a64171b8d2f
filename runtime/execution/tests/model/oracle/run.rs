//! One execution as its events tell it.

use lockgate_execution::Rollback;
use lockgate_model::artifact::Digest;
use lockgate_model::definition::{ConditionResult, ConditionType, ExecutionMode, Pipeline};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId};
use lockgate_model::status::{
    ActionStatus, ConditionStatus, ExecutionStatus, RuleStatus, StageStatus,
};
use lockgate_model::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One execution.
pub(super) struct Run {
    pub(super) number: usize,
    pub(super) lifetime: u32,
    pub(super) definition: Arc<Pipeline>,
    pub(super) status: ExecutionStatus,
    pub(super) place: Place,
    pub(super) rollback: Option<Arc<Rollback>>,
    pub(super) variables: Arc<BTreeMap<String, String>>,
    pub(super) artifacts: BTreeMap<String, Digest>,
    /// By the stage's number.
    pub(super) stages: BTreeMap<usize, StageRun>,
    pub(super) asked_to_stop: bool,
    /// Asked to stop or to be cancelled; and without waiting.
    pub(super) ending: Option<bool>,
    pub(super) cancelling: bool,
}

/// Where it is; stages count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Neither in a stage nor waiting: it enters this one next, or waits.
    Between(usize),
    /// Waiting.
    Before(usize),
    In(usize),
}

impl Place {
    pub(super) fn stage(self) -> usize {
        match self {
            Self::Between(stage) | Self::Before(stage) | Self::In(stage) => stage,
        }
    }
}

/// One stage of it.
#[derive(Default)]
pub(super) struct StageRun {
    pub(super) status: Option<StageStatus>,
    pub(super) attempt: u32,
    pub(super) automatic: u32,
    pub(super) actions: BTreeMap<String, ActionRun>,
    pub(super) conditions: BTreeMap<ConditionType, ConditionRun>,
    /// When it succeeded, and what the execution had then.
    pub(super) success: Option<(u64, BTreeMap<String, Digest>)>,
}

/// One action, or one rule.
pub(super) struct ActionRun {
    pub(super) status: ActionStatus,
    pub(super) doer: Doer,
    /// When it fails if nothing is heard; of an invoked function that is silent
    /// earlier.
    pub(super) expires: Timestamp,
    pub(super) silent: Option<Timestamp>,
    pub(super) worker: Worker,
}

impl ActionRun {
    /// When it fails by itself.
    pub(super) fn ends(&self) -> Timestamp {
        self.silent
            .map_or(self.expires, |silent| silent.min(self.expires))
    }
}

/// Who has to do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doer {
    Job(JobId, u32),
    Approval(ApprovalToken, Option<bool>),
    Nobody,
}

/// How far a job is with job workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worker {
    None,
    Queued,
    Dispatched(Timestamp),
    Acknowledged,
}

/// One condition.
pub(super) struct ConditionRun {
    pub(super) status: ConditionStatus,
    pub(super) result: Option<ConditionResult>,
    pub(super) rules: BTreeMap<String, (RuleStatus, ActionRun)>,
}

impl Run {
    pub(super) fn is_over(&self) -> bool {
        self.status.is_final()
    }

    pub(super) fn mode(&self) -> ExecutionMode {
        self.definition.execution_mode
    }

    /// The name of the stage that it is in, in front of, or about to enter.
    pub(super) fn stage_name(&self) -> Option<&str> {
        let stage = self.definition.stages.get(self.place.stage())?;
        Some(&stage.name)
    }

    /// The stage that it is in.
    pub(super) fn inside(&self) -> Option<&StageRun> {
        match self.place {
            Place::In(index) => self.stages.get(&index),
            Place::Between(_) | Place::Before(_) => None,
        }
    }

    /// Running actions and rules.
    pub(super) fn running(&self) -> impl Iterator<Item = &ActionRun> {
        let inside = self.inside().into_iter();
        inside.flat_map(StageRun::running)
    }
}

impl StageRun {
    pub(super) fn running(&self) -> impl Iterator<Item = &ActionRun> {
        let actions = self.actions.values();
        let rules = self
            .conditions
            .values()
            .flat_map(|condition| condition.rules.values())
            .filter(|(status, _)| *status == RuleStatus::InProgress)
            .map(|(_, run)| run);
        actions
            .filter(|action| action.status == ActionStatus::InProgress)
            .chain(rules)
    }

    pub(super) fn actions_in(&self, status: ActionStatus) -> usize {
        let actions = self.actions.values();
        actions.filter(|action| action.status == status).count()
    }

    pub(super) fn passed(&self, condition: ConditionType) -> bool {
        self.conditions.get(&condition).is_some_and(|run| {
            matches!(
                run.status,
                ConditionStatus::Succeeded | ConditionStatus::Overridden
            )
        })
    }

    pub(super) fn fell(&self, condition: ConditionType) -> Option<ConditionResult> {
        let run = self.conditions.get(&condition)?;
        let fell = matches!(
            run.status,
            ConditionStatus::Failed | ConditionStatus::Errored
        );
        fell.then_some(run.result.unwrap_or(ConditionResult::Fail))
    }
}

/// The execution's id and what became of a target in a stage.
pub(super) struct Success {
    pub(super) target: ExecutionId,
    pub(super) when: u64,
}
