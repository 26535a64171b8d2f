//! Rows of conditions and their rules. A row holds what its rule execution is
//! done with, as an action's does.

use crate::condition::{ConditionRun, RuleRun};
use crate::event::ResolvedAction;
use crate::execution::Execution;
use crate::stage::{StageRun, Work};
use lockgate_model::definition::{ConditionResult, ConditionType};
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId, Principal};
use lockgate_model::job::{External, Failure};
use lockgate_model::status::{ConditionStatus, RuleStatus};
use lockgate_model::time::Timestamp;
use std::sync::Arc;

/// One condition of one stage of one execution (API reference,
/// `ConditionState`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionView {
    /// Which.
    pub condition: ConditionType,
    /// Its status.
    pub status: ConditionStatus,
    /// What engaged because of it.
    pub result: Option<ConditionResult>,
    /// Why it was not met, in one sentence.
    pub summary: Option<String>,
    /// When it was asked.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who went past it.
    pub overridden_by: Option<Principal>,
    /// Its rules, in order.
    pub rules: Vec<RuleView>,
}

/// One rule execution (API reference, `RuleExecutionDetail`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleView {
    /// Its id: the row's key.
    pub id: ActionExecutionId,
    /// Of which execution.
    pub execution: ExecutionId,
    /// In which stage.
    pub stage: String,
    /// Of which condition.
    pub condition: ConditionType,
    /// Which rule.
    pub rule: String,
    /// Its status.
    pub status: RuleStatus,
    /// When it started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who caused that.
    pub updated_by: Principal,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it judges by. Values of secret properties stand in it: whoever shows
    /// it masks them.
    pub input: Arc<ResolvedAction>,
    /// The newest job and its attempt.
    pub job: Option<(JobId, u32)>,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// The other system's id, page and summary.
    pub external: External,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl ConditionView {
    /// The row of one condition.
    #[must_use]
    pub fn of(
        execution: &Execution,
        stage: &StageRun,
        condition: ConditionType,
        run: &ConditionRun,
    ) -> Self {
        Self {
            condition,
            status: run.status,
            result: run.result,
            summary: run.summary(),
            started: run.started,
            updated: run.updated,
            overridden_by: run.overridden_by.clone(),
            rules: run
                .rules
                .iter()
                .map(|rule| RuleView::of(execution, stage, condition, rule))
                .collect(),
        }
    }
}

impl RuleView {
    /// The row of one rule execution.
    #[must_use]
    pub fn of(
        execution: &Execution,
        stage: &StageRun,
        condition: ConditionType,
        rule: &RuleRun,
    ) -> Self {
        Self {
            id: rule.id,
            execution: execution.id,
            stage: stage.name.clone(),
            condition,
            rule: rule.name.clone(),
            status: rule.status,
            started: rule.started,
            updated: rule.updated,
            updated_by: rule.updated_by.clone(),
            ended: (rule.status != RuleStatus::InProgress).then_some(rule.updated),
            input: rule.input.clone(),
            job: match rule.work {
                Work::Job { id, attempt, .. } => Some((id, attempt)),
                Work::Approval { .. } | Work::Impossible(_) => None,
            },
            expires: rule.expires,
            external: rule.external.clone(),
            failure: rule.failure.clone(),
        }
    }
}
