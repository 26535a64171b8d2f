//! The words of the native API, `/api/v1`: what the faces write and the command
//! line reads. Ids and names are text, times are milliseconds since the epoch.

mod execution;
mod explain;
mod feed;
mod pipeline;
mod worker;

pub use execution::*;
pub use explain::*;
pub use feed::FeedEntry;
pub use pipeline::*;
pub use worker::*;

use lockgate_model::time::Timestamp;
use lockgate_orchestrator::{ApprovalDetail, NotificationRuleView, ScheduleView};
use serde::{Deserialize, Serialize};

/// Every refusal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// CodePipeline's name for it, such as `PipelineNotFoundException`.
    #[serde(rename = "__type")]
    pub kind: String,
    /// One sentence.
    pub message: String,
    /// Everything that is wrong with a definition, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenApproval {
    pub pipeline_name: String,
    pub pipeline_execution_id: String,
    pub stage: String,
    pub action: String,
    pub token: String,
    pub opened: Timestamp,
    #[serde(flatten)]
    pub detail: ApprovalDetail,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalList {
    pub approvals: Vec<OpenApproval>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovalAnswer {
    pub stage: String,
    pub action: String,
    pub token: String,
    pub approved: bool,
    #[serde(default)]
    pub summary: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationRuleList {
    pub notification_rules: Vec<NotificationRuleView>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleList {
    pub schedules: Vec<ScheduleView>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginSummary {
    pub name: String,
    pub version: String,
    pub description: String,
    pub digest: String,
    pub world: lockgate_model::plugin::World,
    /// What it serves, as `Category/Owner/Provider/Version`.
    pub serves: Vec<String>,
    /// Why it cannot be used as it is granted now.
    pub refused: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginList {
    pub plugins: Vec<PluginSummary>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginDocument {
    #[serde(flatten)]
    pub summary: PluginSummary,
    /// What its manifest asks for.
    pub asks: lockgate_model::plugin::Asks,
    /// What its component really imports.
    pub imports: Vec<String>,
    /// What the operator allows.
    pub grant: lockgate_model::grant::Grant,
    /// What each of its jobs may use.
    pub limits: lockgate_model::limits::Limits,
    pub action_types: Vec<lockgate_model::action_type::ActionType>,
}
