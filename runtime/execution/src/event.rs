//! What happened to a pipeline. Made by `decide`, kept by the store for ever,
//! read by `apply`, the history and the notifications: names and fields are
//! stable, new fields come with a default.

use crate::command::Direction;
use lockgate_model::action_type::ActionTypeId;
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::RetryMode;
use lockgate_model::definition::{EnvironmentVariable, OutputArtifact, Pipeline};
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{Cause, SourceRevision, Trigger};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event with its time and its cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// When it was decided.
    pub at: Timestamp,
    /// Which command led to it, and by whom.
    pub cause: Arc<Cause>,
    /// What happened.
    pub event: Event,
}

/// What happened. Written as JSON with its name under `type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Event {
    /// The pipeline exists, from nothing.
    PipelineCreated {
        /// Version 1.
        definition: Arc<Pipeline>,
    },
    /// It has a new definition.
    PipelineUpdated {
        /// With its new version in it.
        definition: Arc<Pipeline>,
    },
    /// It is gone; its history stays.
    PipelineDeleted,

    /// An execution began; it has not entered the first stage yet.
    ExecutionStarted {
        /// Its id.
        execution: ExecutionId,
        /// The definition's version that it runs.
        version: u32,
        /// Why.
        trigger: Trigger,
        /// Pipeline variables, defaults filled in.
        variables: Arc<BTreeMap<String, String>>,
        /// Revisions asked for.
        source_revisions: Arc<Vec<SourceRevision>>,
    },
    /// It waits in front of a stage.
    ExecutionWaiting {
        /// Which execution.
        execution: ExecutionId,
        /// In front of which stage.
        stage: String,
    },
    /// A newer one took its place in front of a stage.
    ExecutionSuperseded {
        /// Which execution ended.
        execution: ExecutionId,
        /// Which took its place.
        by: ExecutionId,
    },
    /// Somebody asked to stop it.
    ExecutionStopping {
        /// Which execution.
        execution: ExecutionId,
        /// Running actions are not waited for.
        abandon: bool,
        /// Theirs; may be empty.
        reason: String,
    },
    /// It stopped.
    ExecutionStopped {
        /// Which execution.
        execution: ExecutionId,
    },
    /// Its pipeline was updated or deleted; it ends as soon as it can.
    ExecutionCancelling {
        /// Which execution.
        execution: ExecutionId,
        /// Running actions are not waited for.
        abandon: bool,
        /// One sentence.
        reason: String,
    },
    /// It was cancelled.
    ExecutionCancelled {
        /// Which execution.
        execution: ExecutionId,
        /// One sentence.
        reason: String,
    },
    /// It is through the last stage.
    ExecutionSucceeded {
        /// Which execution.
        execution: ExecutionId,
    },
    /// A stage of it failed.
    ExecutionFailed {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },

    /// It entered a stage, and holds it.
    StageEntered {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },
    /// Every action succeeded; the stage is free again.
    StageSucceeded {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },
    /// An action failed and none runs any more; the stage is free again.
    StageFailed {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },
    /// Stopped by hand; the stage is free again.
    StageStopped {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },
    /// Ended by an update or a deletion; the stage is free again.
    StageCancelled {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },
    /// A failed or stopped stage runs again.
    StageRetried {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// How much of it.
        mode: RetryMode,
        /// Counts the runs of this stage in this execution; the first was 1.
        attempt: u32,
    },

    /// An action began: a job is owed, or an approval.
    ActionStarted {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// This action execution.
        id: ActionExecutionId,
        /// Who has to do something.
        work: StartedWork,
        /// When it fails if nothing was heard.
        expires: Timestamp,
        /// What it is done with.
        input: Arc<ResolvedAction>,
    },
    /// It goes on elsewhere; another job is owed at `not_before`.
    ActionPending {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// The next job.
        job: JobId,
        /// Its attempt.
        attempt: u32,
        /// When it is due.
        not_before: Timestamp,
        /// What the last attempt left.
        continuation: String,
        /// 0 to 100.
        percent: Option<u8>,
        /// The trace elsewhere.
        external: External,
    },
    /// It succeeded: variables set, artifacts made.
    ActionSucceeded {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// Output variables.
        variables: Arc<BTreeMap<String, String>>,
        /// What a source fetched.
        revision: Option<Revision>,
        /// Artifacts made.
        artifacts: Vec<Artifact>,
        /// The trace elsewhere.
        external: External,
    },
    /// It failed.
    ActionFailed {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// The job, where one may still run.
        job: Option<JobId>,
        /// Why.
        failure: Failure,
    },
    /// A stop, an update or a deletion did not wait for it.
    ActionAbandoned {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// The job, where one may still run.
        job: Option<JobId>,
    },
    /// Somebody answered an approval; the action's end follows.
    ApprovalAnswered {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// Yes or no.
        approved: bool,
        /// What they said; may be empty.
        summary: String,
    },

    /// Executions are held on this side of a stage.
    TransitionDisabled {
        /// Which stage.
        stage: String,
        /// Which side.
        direction: Direction,
        /// For people.
        reason: String,
    },
    /// They pass again.
    TransitionEnabled {
        /// Which stage.
        stage: String,
        /// Which side.
        direction: Direction,
    },
}

/// Who has to do something for an action to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartedWork {
    /// A provider.
    Job(JobId),
    /// A person.
    Approval(ApprovalToken),
    /// Nobody: it cannot be done, and its failure follows.
    Impossible(Failure),
}

/// An action with its variables resolved and its artifacts found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedAction {
    /// Which provider.
    pub action_type: ActionTypeId,
    /// Resolved; as in the definition where that was not possible.
    pub configuration: BTreeMap<String, String>,
    /// Resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Environment variables to give out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_variables: Vec<String>,
    /// Artifacts to take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_artifacts: Vec<Artifact>,
    /// Artifacts to make.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_artifacts: Vec<OutputArtifact>,
    /// Under which its variables can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A source takes this instead of the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl Event {
    /// Its name, as it stands under `type`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::PipelineCreated { .. } => "PipelineCreated",
            Self::PipelineUpdated { .. } => "PipelineUpdated",
            Self::PipelineDeleted => "PipelineDeleted",
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionWaiting { .. } => "ExecutionWaiting",
            Self::ExecutionSuperseded { .. } => "ExecutionSuperseded",
            Self::ExecutionStopping { .. } => "ExecutionStopping",
            Self::ExecutionStopped { .. } => "ExecutionStopped",
            Self::ExecutionCancelling { .. } => "ExecutionCancelling",
            Self::ExecutionCancelled { .. } => "ExecutionCancelled",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed { .. } => "ExecutionFailed",
            Self::StageEntered { .. } => "StageEntered",
            Self::StageSucceeded { .. } => "StageSucceeded",
            Self::StageFailed { .. } => "StageFailed",
            Self::StageStopped { .. } => "StageStopped",
            Self::StageCancelled { .. } => "StageCancelled",
            Self::StageRetried { .. } => "StageRetried",
            Self::ActionStarted { .. } => "ActionStarted",
            Self::ActionPending { .. } => "ActionPending",
            Self::ActionSucceeded { .. } => "ActionSucceeded",
            Self::ActionFailed { .. } => "ActionFailed",
            Self::ActionAbandoned { .. } => "ActionAbandoned",
            Self::ApprovalAnswered { .. } => "ApprovalAnswered",
            Self::TransitionDisabled { .. } => "TransitionDisabled",
            Self::TransitionEnabled { .. } => "TransitionEnabled",
        }
    }

    /// Which execution it happened to, if to one.
    #[must_use]
    pub fn execution(&self) -> Option<ExecutionId> {
        match self {
            Self::PipelineCreated { .. }
            | Self::PipelineUpdated { .. }
            | Self::PipelineDeleted
            | Self::TransitionDisabled { .. }
            | Self::TransitionEnabled { .. } => None,
            Self::ExecutionStarted { execution, .. }
            | Self::ExecutionWaiting { execution, .. }
            | Self::ExecutionSuperseded { execution, .. }
            | Self::ExecutionStopping { execution, .. }
            | Self::ExecutionStopped { execution }
            | Self::ExecutionCancelling { execution, .. }
            | Self::ExecutionCancelled { execution, .. }
            | Self::ExecutionSucceeded { execution }
            | Self::ExecutionFailed { execution, .. }
            | Self::StageEntered { execution, .. }
            | Self::StageSucceeded { execution, .. }
            | Self::StageFailed { execution, .. }
            | Self::StageStopped { execution, .. }
            | Self::StageCancelled { execution, .. }
            | Self::StageRetried { execution, .. }
            | Self::ActionStarted { execution, .. }
            | Self::ActionPending { execution, .. }
            | Self::ActionSucceeded { execution, .. }
            | Self::ActionFailed { execution, .. }
            | Self::ActionAbandoned { execution, .. }
            | Self::ApprovalAnswered { execution, .. } => Some(*execution),
        }
    }

    /// In which stage it happened, if in one.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::ExecutionWaiting { stage, .. }
            | Self::ExecutionFailed { stage, .. }
            | Self::StageEntered { stage, .. }
            | Self::StageSucceeded { stage, .. }
            | Self::StageFailed { stage, .. }
            | Self::StageStopped { stage, .. }
            | Self::StageCancelled { stage, .. }
            | Self::StageRetried { stage, .. }
            | Self::ActionStarted { stage, .. }
            | Self::ActionPending { stage, .. }
            | Self::ActionSucceeded { stage, .. }
            | Self::ActionFailed { stage, .. }
            | Self::ActionAbandoned { stage, .. }
            | Self::ApprovalAnswered { stage, .. }
            | Self::TransitionDisabled { stage, .. }
            | Self::TransitionEnabled { stage, .. } => Some(stage),
            _ => None,
        }
    }

    /// To which action it happened, if to one.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        match self {
            Self::ActionStarted { action, .. }
            | Self::ActionPending { action, .. }
            | Self::ActionSucceeded { action, .. }
            | Self::ActionFailed { action, .. }
            | Self::ActionAbandoned { action, .. }
            | Self::ApprovalAnswered { action, .. } => Some(action),
            _ => None,
        }
    }
}
