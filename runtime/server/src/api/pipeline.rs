//! Pipelines: definitions, versions, states, transitions.

use lockgate_model::definition::{ExecutionMode, Pipeline};
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::ConditionDetail;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineSummary {
    pub name: String,
    pub version: u32,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineList {
    pub pipelines: Vec<PipelineSummary>,
}

/// The same envelope as `GetPipeline`'s: it can be given back as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineDocument {
    pub pipeline: Pipeline,
    pub metadata: PipelineMetadata,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineMetadata {
    pub pipeline_arn: String,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    pub name: String,
    pub version: u32,
    /// Of the execution that the creation started, if it could start.
    pub pipeline_execution_id: Option<String>,
    /// Why it could not.
    pub not_started: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineVersion {
    pub version: u32,
    pub created: Timestamp,
    /// Who made it.
    pub created_by: Option<String>,
    pub current: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineVersionList {
    pub versions: Vec<PipelineVersion>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineState {
    pub name: String,
    pub version: u32,
    pub execution_mode: ExecutionMode,
    /// Why there are no stages: executions in PARALLEL mode share none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub stages: Vec<StageState>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageState {
    pub name: String,
    pub inbound: TransitionState,
    pub outbound: TransitionState,
    /// The execution inside.
    pub holder: Option<String>,
    /// Executions in front of it, the first to enter first.
    pub waiting: Vec<String>,
    /// Since when each of them waits.
    pub waiting_since: Vec<Timestamp>,
    /// The last execution that entered.
    pub latest: Option<String>,
    /// How the stage stands in that execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The stage's conditions in that execution.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<ConditionDetail>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitionState {
    pub enabled: bool,
    pub reason: Option<String>,
    pub changed_by: Option<String>,
    pub changed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransitionRequest {
    pub direction: lockgate_execution::Direction,
    /// Disables with this reason; absent: enables.
    #[serde(default)]
    pub disabled: Option<String>,
}
