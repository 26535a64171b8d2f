//! What can be asked of a pipeline. Made by the orchestrator from API calls,
//! triggers, timers and outcomes; read by `decide` alone.

use crate::execution::Execution;
use lockgate_model::change::SourceChange;
use lockgate_model::definition::{ConditionType, Pipeline, RetryMode};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Nonce, Principal};
use lockgate_model::job::{Outcome, Revision};
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
    /// says. `policy` says what becomes of executions that run or wait; those in
    /// PARALLEL mode go on as they were in any case.
    UpdatePipeline {
        /// Checked already.
        definition: Box<Pipeline>,
        /// What becomes of executions of older versions.
        policy: UpdatePolicy,
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
    /// A source changed. Starts an execution if the definition's filters let the
    /// change pass; whether it does, and why not, stands in the log.
    SourceChanged {
        /// Of the execution that it may start.
        id: ExecutionId,
        /// Which source action reports it.
        source_action: String,
        /// What changed.
        change: Box<SourceChange>,
        /// Why the execution starts, if it does.
        trigger: Trigger,
        /// The source can fetch exactly the change's revision. The execution
        /// then takes that one and not the newest.
        pin: bool,
    },
    /// A custom source reports a revision. Starts an execution that takes it, if
    /// it is not the last one that was reported;
    /// [`crate::PipelineState::last_started`] says what that one started.
    PutActionRevision {
        /// Of the execution that it may start.
        id: ExecutionId,
        /// In which stage.
        stage: String,
        /// Which source action.
        action: String,
        /// The revision.
        revision: Revision,
    },
    /// A job was answered. One that a worker has must have been acknowledged.
    JobFinished {
        /// Which.
        job: JobId,
        /// As it stood in the job: an older one is refused.
        attempt: u32,
        /// The answer.
        outcome: Outcome,
    },
    /// A job that is due is for job workers to poll for, and nothing else does
    /// it. Asked again it does nothing.
    QueueJob {
        /// Which.
        job: JobId,
    },
    /// A worker polled and gets this job.
    DispatchJob {
        /// Which.
        job: JobId,
        /// Fresh; the worker has to show it.
        nonce: Nonce,
        /// Seconds until the job is offered again if it is not acknowledged.
        acknowledge_within: u64,
    },
    /// A worker begins the job.
    AcknowledgeJob {
        /// Which.
        job: JobId,
        /// As it got it.
        nonce: Nonce,
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
    /// Runs a stage again, in a new execution, with what an earlier one had in
    /// it when it succeeded there.
    RollbackStage {
        /// Of the new execution; made by the caller, version 7.
        id: ExecutionId,
        /// Which stage.
        stage: String,
        /// The earlier execution, as [`crate::fold`] finds it in the log.
        target: Box<Execution>,
    },
    /// Goes past a condition that is being judged, or that was not met.
    OverrideCondition {
        /// Which execution.
        id: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which condition.
        condition: ConditionType,
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
    /// It is `at`: approvals, actions and rules whose time is over fail, jobs
    /// that no worker began are offered again. Also lets a state go on that was
    /// cut in the middle of a decision. Often does nothing.
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
            Self::SourceChanged { .. } => "SourceChanged",
            Self::PutActionRevision { .. } => "PutActionRevision",
            Self::JobFinished { .. } => "JobFinished",
            Self::QueueJob { .. } => "QueueJob",
            Self::DispatchJob { .. } => "DispatchJob",
            Self::AcknowledgeJob { .. } => "AcknowledgeJob",
            Self::AnswerApproval { .. } => "AnswerApproval",
            Self::StopExecution { .. } => "StopExecution",
            Self::RetryStage { .. } => "RetryStage",
            Self::RollbackStage { .. } => "RollbackStage",
            Self::OverrideCondition { .. } => "OverrideCondition",
            Self::DisableTransition { .. } => "DisableTransition",
            Self::EnableTransition { .. } => "EnableTransition",
            Self::TimePassed => "TimePassed",
        }
    }
}

/// What an update does to executions of older versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpdatePolicy {
    /// As AWS: they are cancelled once their running actions have ended, waiting
    /// ones at once, and nothing older can be retried or rolled back to.
    #[default]
    Cancel,
    /// They go on under the definition that they started with, and can be
    /// retried and rolled back to.
    Pin,
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
