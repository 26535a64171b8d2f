//! What the rows of executions, stages, actions, rules and approvals hold beside
//! their columns. Written with each commit, read by the faces.

use lockgate_execution::{
    ActionView, Answer, ApprovalStatus, ApprovalView, ConditionView, ExecutionView, ResolvedAction,
    Retries, RuleView, StageView, StartedChange,
};
use lockgate_model::action_type::Catalogue;
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::{ConditionResult, ConditionType, RetryMode, mask};
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::status::{ConditionStatus, JobStatus, RuleStatus};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{ExecutionType, SourceRevision, Trigger};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionDetail {
    /// Standard, or a rollback.
    #[serde(default)]
    pub execution_type: ExecutionType,
    /// Of a rollback: what it goes back to, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackDetail>,
    /// The rollback that its failure led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back_by: Option<ExecutionId>,
    /// Counts how often it was begun, from 1.
    #[serde(default = "once")]
    pub attempt: u32,
    /// Who stopped it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_trigger: Option<StopDetail>,
    /// Why it ended so.
    pub status_summary: Option<String>,
    /// The stage that it is in.
    pub stage: Option<String>,
    /// The stage that it waits in front of.
    pub waiting_for: Option<String>,
    /// Why it started.
    pub trigger: Arc<Trigger>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Pipeline variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Revisions asked for.
    pub source_revisions: Arc<Vec<SourceRevision>>,
    /// The change that it started for, and which filters let it pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Arc<StartedChange>>,
    /// Revisions fetched, by artifact.
    pub revisions: BTreeMap<String, Revision>,
    /// Which took its place.
    pub superseded_by: Option<ExecutionId>,
}

/// Of an execution that is a rollback.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackDetail {
    /// The execution that it goes back to.
    pub target: ExecutionId,
    /// The stage that it runs.
    pub stage: String,
    /// The execution whose failure led to it; absent: somebody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ExecutionId>,
}

/// Of an execution that somebody stopped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopDetail {
    /// What they said; may be empty.
    pub reason: String,
    /// Who.
    pub by: Principal,
    /// Running actions were not waited for.
    pub abandon: bool,
}

fn once() -> u32 {
    1
}

/// Of a stage of an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageDetail {
    /// When it was entered first.
    pub entered: Timestamp,
    /// Counts its runs, from 1.
    pub attempt: u32,
    /// How it was last run again.
    pub retry: Option<RetryMode>,
    /// How often, and by whose wish.
    #[serde(default)]
    pub retries: Retries,
    /// What an action's failure does not say of why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its conditions that were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionDetail>,
}

/// A condition of a stage of an execution. Its rules are rows of their own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionDetail {
    /// Which.
    pub condition: ConditionType,
    /// Its status.
    pub status: ConditionStatus,
    /// What engaged because of it.
    pub result: Option<ConditionResult>,
    /// Why it was not met.
    pub summary: Option<String>,
    /// When it was asked.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who went past it.
    pub overridden_by: Option<Principal>,
    /// Its rule executions, in the definition's order.
    pub rules: Vec<ConditionRule>,
}

/// A rule of a condition, as the condition knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConditionRule {
    /// Of its row.
    pub rule_execution_id: ActionExecutionId,
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: RuleStatus,
}

/// Of a rule execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleDetail {
    /// Who caused what last happened.
    pub updated_by: Principal,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it judges by; secret values masked.
    pub input: Arc<ResolvedAction>,
    /// The newest job.
    pub job: Option<JobId>,
    /// Its attempt.
    pub attempt: Option<u32>,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// The trace elsewhere.
    pub external: External,
    /// Why its criterion does not hold, or could not be judged.
    pub failure: Option<Failure>,
}

/// Of an action execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionDetail {
    /// Who caused what last happened.
    pub updated_by: Principal,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it is done with; secret values masked.
    pub input: Arc<ResolvedAction>,
    /// The newest job.
    pub job: Option<JobId>,
    /// Its attempt.
    pub attempt: Option<u32>,
    /// How far it is with job workers, if it is for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<JobStatus>,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// An open approval's token.
    pub token: Option<ApprovalToken>,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// What a source fetched.
    pub revision: Option<Revision>,
    /// The trace elsewhere.
    pub external: External,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Output variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Artifacts made.
    pub artifacts: Vec<Arc<Artifact>>,
}

/// Of an approval.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDetail {
    /// `Open`, `Approved`, `Rejected`, `Expired` or `Withdrawn`.
    pub status: String,
    /// Shown to the approver.
    pub custom_data: Option<String>,
    /// Where to look.
    pub link: Option<String>,
    /// When it fails by itself.
    pub expires: Timestamp,
    /// Yes or no, once answered.
    pub approved: Option<bool>,
    /// Who answered.
    pub answered_by: Option<Principal>,
    /// What they said.
    pub summary: Option<String>,
}

impl From<&ExecutionView> for ExecutionDetail {
    fn from(view: &ExecutionView) -> Self {
        Self {
            execution_type: view.kind,
            rollback: view.rollback.as_ref().map(|rollback| RollbackDetail {
                target: rollback.target,
                stage: rollback.stage.clone(),
                failed: rollback.failed,
            }),
            rolled_back_by: view.rolled_back_by,
            attempt: view.attempt,
            stop_trigger: view.stop.as_ref().map(|stop| StopDetail {
                reason: stop.reason.clone(),
                by: stop.by.clone(),
                abandon: stop.abandon,
            }),
            change: view.change.clone(),
            status_summary: view.status_summary.clone(),
            stage: view.stage.clone(),
            waiting_for: view.waiting_for.clone(),
            trigger: view.trigger.clone(),
            ended: view.ended,
            variables: view.variables.clone(),
            source_revisions: view.source_revisions.clone(),
            revisions: view
                .fetched
                .iter()
                .filter_map(|fetched| Some((fetched.artifact.clone()?, fetched.revision.clone())))
                .collect(),
            superseded_by: view.superseded_by,
        }
    }
}

impl From<&StageView> for StageDetail {
    fn from(view: &StageView) -> Self {
        Self {
            entered: view.entered,
            attempt: view.attempt,
            retry: view.retry,
            retries: view.retries,
            reason: view.reason.clone(),
            conditions: view.conditions.iter().map(ConditionDetail::from).collect(),
        }
    }
}

impl From<&ConditionView> for ConditionDetail {
    fn from(view: &ConditionView) -> Self {
        Self {
            condition: view.condition,
            status: view.status,
            result: view.result,
            summary: view.summary.clone(),
            started: view.started,
            updated: view.updated,
            overridden_by: view.overridden_by.clone(),
            rules: view
                .rules
                .iter()
                .map(|rule| ConditionRule {
                    rule_execution_id: rule.id,
                    name: rule.rule.clone(),
                    status: rule.status,
                })
                .collect(),
        }
    }
}

impl From<&ApprovalView> for ApprovalDetail {
    fn from(view: &ApprovalView) -> Self {
        let answer: Option<&Answer> = view.answer.as_ref();
        let status = match view.status {
            ApprovalStatus::Open => "Open",
            ApprovalStatus::Approved => "Approved",
            ApprovalStatus::Rejected => "Rejected",
            ApprovalStatus::Expired => "Expired",
            ApprovalStatus::Withdrawn => "Withdrawn",
        };
        Self {
            status: status.to_owned(),
            custom_data: view.custom_data.clone(),
            link: view.link.clone(),
            expires: view.expires,
            approved: answer.map(|answer| answer.approved),
            answered_by: answer.map(|answer| answer.by.clone()),
            summary: answer.map(|answer| answer.summary.clone()),
        }
    }
}

impl ActionDetail {
    pub(crate) fn of(view: &ActionView, catalogue: &Catalogue) -> Self {
        Self {
            updated_by: view.updated_by.clone(),
            ended: view.ended,
            input: masked(&view.input, catalogue),
            job: view.job.map(|(id, _)| id),
            attempt: view.job.map(|(_, attempt)| attempt),
            worker: view.worker,
            percent: view.percent,
            token: view.token,
            expires: view.expires,
            revision: view.revision.clone(),
            external: view.external.clone(),
            failure: view.failure.clone(),
            variables: view.variables.clone(),
            artifacts: view.artifacts.clone(),
        }
    }
}

impl RuleDetail {
    pub(crate) fn of(view: &RuleView, catalogue: &Catalogue) -> Self {
        Self {
            updated_by: view.updated_by.clone(),
            ended: view.ended,
            input: masked(&view.input, catalogue),
            job: view.job.map(|(id, _)| id),
            attempt: view.job.map(|(_, attempt)| attempt),
            expires: view.expires,
            external: view.external.clone(),
            failure: view.failure.clone(),
        }
    }
}

/// The same, with the values of secret properties replaced by `****`.
pub(crate) fn masked(input: &Arc<ResolvedAction>, catalogue: &Catalogue) -> Arc<ResolvedAction> {
    let has_secrets = catalogue
        .get(&input.action_type)
        .is_some_and(|known| known.properties.iter().any(|property| property.secret));
    if !has_secrets {
        return input.clone();
    }
    let mut masked = ResolvedAction::clone(input);
    mask(&mut masked.configuration, &input.action_type, catalogue);
    mask(&mut masked.templates, &input.action_type, catalogue);
    Arc::new(masked)
}
