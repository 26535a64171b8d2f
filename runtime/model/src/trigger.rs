//! Why something happened: the trigger of an execution and the cause of an
//! event.

use crate::id::Principal;
use serde::{Deserialize, Serialize};

/// What started an execution (API reference, `TriggerType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TriggerType {
    /// The pipeline was created.
    CreatePipeline,
    /// Somebody asked.
    StartPipelineExecution,
    /// The server asked the source and found a new revision.
    PollForSourceChanges,
    /// A delivery to a webhook URL.
    Webhook,
    /// A schedule or an event rule.
    CloudWatchEvent,
    /// A custom source's worker reported a revision.
    PutActionRevision,
    /// A connection's push or pull request.
    WebhookV2,
    /// A rollback asked for by somebody.
    ManualRollback,
    /// A rollback that the definition asked for.
    AutomatedRollback,
}

/// What started an execution, and the particulars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// Its kind.
    pub trigger_type: TriggerType,
    /// For people: a principal, or a source action and its revision.
    pub trigger_detail: String,
}

/// Behind every event: which command, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The command's name, such as `StartExecution`.
    pub command: String,
    /// Who gave it.
    pub by: Principal,
}

/// The revision that one source action is to take instead of the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRevision {
    /// The source action's name.
    pub action_name: String,
    /// The revision, in the provider's own terms.
    pub revision_id: String,
    /// What kind of revision it is; absent: the provider knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_type: Option<SourceRevisionType>,
}

/// What kind of revision a source is to take (API reference,
/// `SourceRevisionType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SourceRevisionType {
    /// Of a repository.
    CommitId,
    /// Of a container image.
    ImageDigest,
    /// Of an object in a bucket.
    S3ObjectVersionId,
    /// Another object of the same bucket.
    S3ObjectKey,
}

/// Why a stage was run again (API reference, `RetryTrigger`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RetryTrigger {
    /// The definition says so.
    AutomatedStageRetry,
    /// Somebody asked.
    #[default]
    ManualStageRetry,
}

/// What kind of execution it is (API reference, `ExecutionType`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExecutionType {
    /// From the first stage to the last.
    #[default]
    Standard,
    /// One stage, with what an earlier execution had in it.
    Rollback,
}
