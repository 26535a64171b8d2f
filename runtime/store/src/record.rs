//! The rows that are written and read back: executions, stages, actions, jobs,
//! approvals, artifacts, events. JSON is kept as text and never looked into.

use crate::lease::Lease;
use lockgate_model::artifact::Digest;
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId, TenantId};
use lockgate_model::status::{ActionStatus, ExecutionStatus, RuleStatus, StageStatus};
use lockgate_model::time::Timestamp;

/// Something that happened to a pipeline. Its sequence number is the pipeline's
/// version after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name, such as `ActionStarted`.
    pub kind: String,
    /// The execution it is about, where it is about one.
    pub execution: Option<ExecutionId>,
    /// The stage it is about.
    pub stage: Option<String>,
    /// The action it is about.
    pub action: Option<String>,
    /// Which command, by whom: JSON.
    pub cause: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The event itself: JSON.
    pub json: String,
}

/// An event and its place in the pipeline's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Counts from 1 without gaps.
    pub sequence: u64,
    /// The event.
    pub event: Event,
}

/// The state of one execution, for lists and pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Which.
    pub id: ExecutionId,
    /// Its state.
    pub status: ExecutionStatus,
    /// The version of the definition that it follows.
    pub definition_version: u32,
    /// When it started. Kept from the first time it is written.
    pub started: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Trigger, revisions, variables and so on: JSON.
    pub json: String,
}

/// The state of one stage within one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageExecution {
    /// Of which execution.
    pub execution: ExecutionId,
    /// Its name.
    pub stage: String,
    /// Its place in the definition, from 0: the order in which stages are read.
    pub position: u32,
    /// Its state.
    pub status: StageStatus,
    /// When it last changed.
    pub updated: Timestamp,
    /// The rest: JSON.
    pub json: String,
}

/// The state of one action within one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionExecution {
    /// Which.
    pub id: ActionExecutionId,
    /// Of which execution.
    pub execution: ExecutionId,
    /// Of which stage.
    pub stage: String,
    /// Its name.
    pub action: String,
    /// Its state.
    pub status: ActionStatus,
    /// When it started. Kept from the first time it is written.
    pub started: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Variables, failure, external trace and so on: JSON.
    pub json: String,
}

/// The state of one rule of a condition within one execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleExecution {
    /// Which: its log has this id too.
    pub id: ActionExecutionId,
    /// Of which execution.
    pub execution: ExecutionId,
    /// Of which stage.
    pub stage: String,
    /// Of which condition.
    pub condition: ConditionType,
    /// Its name.
    pub rule: String,
    /// Its state.
    pub status: RuleStatus,
    /// When it started. Kept from the first time it is written.
    pub started: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Input, failure, external trace and so on: JSON.
    pub json: String,
}

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// What must be presented with the answer.
    pub token: ApprovalToken,
    /// Of which pipeline.
    pub pipeline: String,
    /// Of which execution.
    pub execution: ExecutionId,
    /// Of which action execution.
    pub action_execution: ActionExecutionId,
    /// Of which stage.
    pub stage: String,
    /// Of which action.
    pub action: String,
    /// When it was asked. Kept from the first time it is written.
    pub opened: Timestamp,
    /// When it was answered or given up; absent: it is open.
    pub closed: Option<Timestamp>,
    /// What the approver is shown, and the answer: JSON.
    pub json: String,
}

/// An artifact that an action made, for lists. The content lives elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRecord {
    /// Of which execution.
    pub execution: ExecutionId,
    /// Which action execution made it.
    pub action_execution: ActionExecutionId,
    /// Its name in the definition.
    pub name: String,
    /// Of its content.
    pub digest: Digest,
    /// The rest: JSON.
    pub json: String,
}

/// A job that is waiting or running. Done and cancelled jobs have no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Whose.
    pub tenant: TenantId,
    /// Of which pipeline.
    pub pipeline: String,
    /// Which.
    pub id: JobId,
    /// Of which action execution.
    pub action_execution: ActionExecutionId,
    /// The attempt at that action execution, from 1.
    pub attempt: u32,
    /// How often it was leased, from 0.
    pub deliveries: u32,
    /// Not to be handed out before.
    pub ready_at: Timestamp,
    /// Who may answer for it, where it is handed out.
    pub lease: Option<Lease>,
    /// What a worker needs: JSON.
    pub payload: String,
}

/// One version of a pipeline's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Counts from 1.
    pub version: u32,
    /// When it was stored.
    pub at: Timestamp,
    /// The definition: JSON.
    pub json: String,
}

/// A version of a definition, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineVersion {
    /// Counts from 1.
    pub version: u32,
    /// When it was stored.
    pub at: Timestamp,
    /// Which command made it, by whom: JSON. Absent where its event is gone.
    pub cause: Option<String>,
}

/// A pipeline as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineSummary {
    /// Whose.
    pub tenant: TenantId,
    /// Its name.
    pub pipeline: String,
    /// How many events it has.
    pub version: u64,
    /// The newest version of its definition; 0: none is stored.
    pub definition_version: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// A pipeline's state at a version: the events up to there are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Sequence number of the last event in it.
    pub version: u64,
    /// The state: JSON.
    pub json: String,
}

/// What is needed to go on with a pipeline, all of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// How many events there are.
    pub version: u64,
    /// The newest snapshot, where one was made.
    pub snapshot: Option<Snapshot>,
    /// The events after it, all of them, in order.
    pub events: Vec<StoredEvent>,
    /// Jobs that wait or run.
    pub jobs: Vec<Job>,
    /// What sources answered last, by source action.
    pub cursors: Vec<SourceCursor>,
}

/// What a source answered last, kept for the next question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCursor {
    /// The source action, as the caller names it.
    pub source: String,
    /// In the source's own terms.
    pub cursor: String,
}

/// An execution with everything that is shown of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionDetail {
    /// Of which pipeline.
    pub pipeline: String,
    /// The execution.
    pub execution: Execution,
    /// Its stages so far, by position.
    pub stages: Vec<StageExecution>,
    /// Its actions so far, in the order they started.
    pub actions: Vec<ActionExecution>,
    /// The rules of its conditions so far, in the order they started.
    pub rules: Vec<RuleExecution>,
    /// What they made.
    pub artifacts: Vec<ArtifactRecord>,
}

/// How far a consumer of the outbox has come with one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxPosition {
    /// Whose.
    pub tenant: TenantId,
    /// Which pipeline.
    pub pipeline: String,
    /// The last event that the consumer has seen to; 0: none.
    pub seen: u64,
    /// The last event there is.
    pub version: u64,
}
