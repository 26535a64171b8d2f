//! What can be asked of a pipeline. Made by the orchestrator from API calls,
//! triggers, timers and outcomes; read by `decide` alone.

use lockgate_model::definition::{Pipeline, RetryMode};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::Outcome;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A command in its envelope: everything that the machine cannot know by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What time it is.
    pub at: Timestamp,
    /// Who asks; kept as the cause of every event that follows.
    pub by: Principal,
    /// Sixteen bytes of chance, fresh for every request and never shown to
    /// anybody: approval tokens are derived from them.
    pub seed: [u8; 16],
    /// What is asked.
    pub command: Command,
}

/// What can be asked of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Makes the pipeline, with version 1. Starts nothing: CodePipeline's first
    /// execution is a [`Command::StartExecution`] of its own, with the trigger
    /// `CreatePipeline`.
    CreatePipeline {
        /// Checked already (`lockgate_model::definition::check`).
        definition: Box<Pipeline>,
    },
    /// Replaces the definition; its version becomes the next one whatever it
    /// says. Executions that run end as Cancelled once their running actions
    /// have ended, waiting ones at once; in PARALLEL mode they go on as they
    /// were.
    UpdatePipeline {
        /// Checked already.
        definition: Box<Pipeline>,
    },
    /// Ends every execution as Cancelled at once, abandoning running actions.
    /// Asked again, or of a pipeline that never was, it does nothing.
    DeletePipeline,
    /// Starts one execution.
    StartExecution {
        /// Made by the caller, version 7.
        id: ExecutionId,
        /// Why.
        trigger: Trigger,
        /// Values for pipeline variables; defaults fill in the rest.
        variables: BTreeMap<String, String>,
        /// Revisions that source actions are to take instead of the newest.
        source_revisions: Vec<SourceRevision>,
    },
    /// A job was answered.
    JobFinished {
        /// Which.
        job: JobId,
        /// As it stood in the job: an older one is refused.
        attempt: u32,
        /// The answer.
        outcome: Outcome,
    },
    /// Somebody answered an approval.
    AnswerApproval {
        /// In which stage.
        stage: String,
        /// Which action.
        action: String,
        /// The token that the approval was announced with.
        token: ApprovalToken,
        /// Yes or no.
        approved: bool,
        /// What they say to it; may be empty.
        summary: String,
    },
    /// Ends an execution by hand.
    StopExecution {
        /// Which.
        id: ExecutionId,
        /// Do not wait for running actions.
        abandon: bool,
        /// For people; may be empty.
        reason: String,
    },
    /// Runs a failed or stopped stage again, in the same execution.
    RetryStage {
        /// Which execution.
        id: ExecutionId,
        /// Which stage.
        stage: String,
        /// How much of it.
        mode: RetryMode,
    },
    /// Holds executions in front of a stage, or behind it.
    DisableTransition {
        /// Which stage.
        stage: String,
        /// Which side of it.
        direction: Direction,
        /// For people.
        reason: String,
    },
    /// Lets executions through again.
    EnableTransition {
        /// Which stage.
        stage: String,
        /// Which side of it.
        direction: Direction,
    },
    /// It is `at`: approvals and actions whose time is over fail. Also lets a
    /// state go on that was cut in the middle of a decision. Often does nothing.
    TimePassed,
}

impl Command {
    /// Its name, as it stands in [`lockgate_model::trigger::Cause`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreatePipeline { .. } => "CreatePipeline",
            Self::UpdatePipeline { .. } => "UpdatePipeline",
            Self::DeletePipeline => "DeletePipeline",
            Self::StartExecution { .. } => "StartExecution",
            Self::JobFinished { .. } => "JobFinished",
            Self::AnswerApproval { .. } => "AnswerApproval",
            Self::StopExecution { .. } => "StopExecution",
            Self::RetryStage { .. } => "RetryStage",
            Self::DisableTransition { .. } => "DisableTransition",
            Self::EnableTransition { .. } => "EnableTransition",
            Self::TimePassed => "TimePassed",
        }
    }
}

/// A side of a stage (API reference, `StageTransitionType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Before it.
    Inbound,
    /// Behind it: nothing leaves it for the next stage.
    Outbound,
}

impl Direction {
    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
        }
    }
}
