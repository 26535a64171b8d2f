//! The words of the native API, `/api/v1`: what the faces write and the command
//! line reads. Ids and names are text, times are milliseconds since the epoch.

use lockgate_execution::{Event, StartedWork};
use lockgate_model::definition::Pipeline;
use lockgate_model::job::LogLevel;
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::{
    ActionDetail, ApprovalDetail, Entry, ExecutionDetail, NotificationRuleView, ScheduleView,
    StageDetail,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
pub struct PipelineState {
    pub name: String,
    pub version: u32,
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
    /// Executions in front of it.
    pub waiting: Vec<String>,
    /// The last execution that entered.
    pub latest: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransitionState {
    pub enabled: bool,
    pub reason: Option<String>,
    pub changed_by: Option<String>,
    pub changed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StartRequest {
    pub variables: BTreeMap<String, String>,
    /// By source action.
    pub source_revisions: BTreeMap<String, String>,
    pub client_request_token: Option<String>,
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
    pub execution: ExecutionSummary,
    pub stages: Vec<StageSummary>,
    pub actions: Vec<ActionSummary>,
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
pub struct TransitionRequest {
    pub direction: lockgate_execution::Direction,
    /// Disables with this reason; absent: enables.
    #[serde(default)]
    pub disabled: Option<String>,
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

/// One thing that happened in an execution, as `…/feed` sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FeedEntry {
    /// The state changed.
    Event {
        sequence: u64,
        at: Timestamp,
        by: String,
        event: Box<Event>,
    },
    /// A line of an action's log.
    Log {
        stage: String,
        action: String,
        at: Timestamp,
        level: LogLevel,
        text: String,
    },
    /// The feed broke off on the server's side.
    Broken { message: String },
}

impl From<Entry> for FeedEntry {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Event { sequence, recorded } => {
                let recorded = *recorded;
                let mut event = recorded.event;
                // A token lets its bearer approve: it is read from the state,
                // by those who may.
                if let Event::ActionStarted {
                    work: work @ StartedWork::Approval(_),
                    ..
                } = &mut event
                {
                    *work =
                        StartedWork::Approval(lockgate_model::id::ApprovalToken(uuid::Uuid::nil()));
                }
                Self::Event {
                    sequence,
                    at: recorded.at,
                    by: recorded.cause.by.to_string(),
                    event: Box::new(event),
                }
            }
            Entry::Log {
                stage,
                action,
                line,
            } => Self::Log {
                stage,
                action,
                at: line.at,
                level: line.level,
                text: line.text,
            },
        }
    }
}
