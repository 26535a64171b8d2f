//! Executions: what starts one, what is shown of one, what is asked of one.

use lockgate_model::definition::{ConditionType, ExecutionMode};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, SourceRevisionType};
use lockgate_orchestrator::{ActionDetail, ExecutionDetail, RuleDetail, StageDetail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StartRequest {
    pub variables: BTreeMap<String, String>,
    pub source_revisions: SourceRevisions,
    pub client_request_token: Option<String>,
}

/// Revisions that source actions take instead of the newest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "write a revision for each source action by its name, or a list of actionName, revisionType and revisionValue"
)]
pub enum SourceRevisions {
    /// By source action.
    ByAction(BTreeMap<String, String>),
    /// As `StartPipelineExecution` has them.
    List(Vec<SourceRevisionOverride>),
}

impl Default for SourceRevisions {
    fn default() -> Self {
        Self::List(vec![])
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceRevisionOverride {
    pub action_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_type: Option<SourceRevisionType>,
    pub revision_value: String,
}

impl From<SourceRevisions> for Vec<SourceRevision> {
    fn from(given: SourceRevisions) -> Self {
        match given {
            SourceRevisions::ByAction(given) => given
                .into_iter()
                .map(|(action_name, revision_id)| SourceRevision {
                    action_name,
                    revision_id,
                    revision_type: None,
                })
                .collect(),
            SourceRevisions::List(given) => given
                .into_iter()
                .map(|given| SourceRevision {
                    action_name: given.action_name,
                    revision_id: given.revision_value,
                    revision_type: given.revision_type,
                })
                .collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Started {
    pub pipeline_execution_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionSummary {
    pub pipeline_execution_id: String,
    pub status: String,
    pub pipeline_version: u32,
    pub started: Timestamp,
    pub updated: Timestamp,
    #[serde(flatten)]
    pub detail: ExecutionDetail,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionList {
    pub executions: Vec<ExecutionSummary>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionDocument {
    pub pipeline_name: String,
    /// Of the definition that it runs.
    pub execution_mode: Option<ExecutionMode>,
    pub execution: ExecutionSummary,
    pub stages: Vec<StageSummary>,
    pub actions: Vec<ActionSummary>,
    /// The rules of its stages' conditions.
    pub rules: Vec<RuleSummary>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSummary {
    pub rule_execution_id: String,
    pub stage: String,
    pub condition: ConditionType,
    pub name: String,
    pub status: String,
    pub started: Timestamp,
    pub updated: Timestamp,
    #[serde(flatten)]
    pub detail: RuleDetail,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageSummary {
    pub name: String,
    pub status: String,
    pub updated: Timestamp,
    #[serde(flatten)]
    pub detail: StageDetail,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionSummary {
    pub action_execution_id: String,
    pub stage: String,
    pub name: String,
    pub status: String,
    pub started: Timestamp,
    pub updated: Timestamp,
    #[serde(flatten)]
    pub detail: ActionDetail,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StopRequest {
    pub abandon: bool,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryRequest {
    pub stage: String,
    /// `FAILED_ACTIONS` or `ALL_ACTIONS`.
    pub mode: lockgate_model::definition::RetryMode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackRequest {
    /// The execution that the stage goes back to.
    pub target_pipeline_execution_id: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverrideRequest {
    pub stage: String,
    /// `BEFORE_ENTRY` or `ON_SUCCESS`.
    pub condition: ConditionType,
}
