//! Why a command was refused. Each says what to do instead; each has a name in
//! CodePipeline's API.

use crate::apply::Inapplicable;
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ExecutionId, JobId};

/// A command that changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// There is no such pipeline.
    #[error("there is no pipeline '{name}'; create it first, or list the pipelines there are")]
    PipelineNotFound {
        /// The name asked for.
        name: String,
    },
    /// The name is taken.
    #[error("there already is a pipeline '{name}'; update it, or choose another name")]
    PipelineNameInUse {
        /// The name asked for.
        name: String,
    },
    /// The definition cannot be run at all.
    #[error("the definition of pipeline '{name}' cannot be run: {problem}")]
    InvalidStructure {
        /// The pipeline's name.
        name: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// The machine does not hold this execution: it never was, or it ended and
    /// can no longer be retried. The history knows which.
    #[error(
        "pipeline '{pipeline}' has no execution {execution} that runs or can be retried; list its executions"
    )]
    ExecutionNotFound {
        /// The pipeline's name.
        pipeline: String,
        /// The id asked for.
        execution: ExecutionId,
    },
    /// The id is taken.
    #[error("execution {execution} was started already; start another with a new id")]
    ExecutionAlreadyStarted {
        /// The id asked for.
        execution: ExecutionId,
    },
    /// Too many at a time.
    #[error(
        "pipeline '{pipeline}' has {limit} executions in progress, which is the most there may be; stop one, or try again when one has ended"
    )]
    ConcurrentExecutionsLimit {
        /// The pipeline's name.
        pipeline: String,
        /// How many there may be.
        limit: usize,
    },
    /// Pipeline variables that have no default got no value.
    #[error(
        "pipeline '{pipeline}' cannot start without a value for {}; give one with the start, or a defaultValue in the definition",
        quoted(names)
    )]
    MissingVariables {
        /// The pipeline's name.
        pipeline: String,
        /// The variables.
        names: Vec<String>,
    },
    /// Values for variables that the definition does not declare.
    #[error(
        "pipeline '{pipeline}' declares no variable {}; declare it in the definition, or start without it",
        quoted(names)
    )]
    UnknownVariables {
        /// The pipeline's name.
        pipeline: String,
        /// The variables.
        names: Vec<String>,
    },
    /// Revisions for actions that are no source actions.
    #[error(
        "pipeline '{pipeline}' has no source action {}; give revisions for source actions only",
        quoted(names)
    )]
    UnknownSourceActions {
        /// The pipeline's name.
        pipeline: String,
        /// The actions.
        names: Vec<String>,
    },
    /// Revisions that the sources cannot take.
    #[error("the source revisions for pipeline '{pipeline}' cannot be taken: {problem}")]
    InvalidSourceRevisions {
        /// The pipeline's name.
        pipeline: String,
        /// What is wrong and what to give instead.
        problem: String,
    },
    /// There is no such stage.
    #[error(
        "pipeline '{pipeline}' has no stage '{stage}'; its stages are {}",
        quoted(stages)
    )]
    StageNotFound {
        /// The pipeline's name.
        pipeline: String,
        /// The name asked for.
        stage: String,
        /// Those there are.
        stages: Vec<String>,
    },
    /// There is no such action.
    #[error(
        "stage '{stage}' has no action '{action}'; its actions are {}",
        quoted(actions)
    )]
    ActionNotFound {
        /// The stage's name.
        stage: String,
        /// The name asked for.
        action: String,
        /// Those there are.
        actions: Vec<String>,
    },
    /// Nothing runs under this id and attempt any more: the answer comes too
    /// late, or twice. Drop it.
    #[error(
        "job {job}, attempt {attempt}, is not awaited; it was answered, replaced or abandoned, so drop its outcome"
    )]
    StaleJob {
        /// The job.
        job: JobId,
        /// The attempt.
        attempt: u32,
    },
    /// No worker job has this id: it never was, or it was answered, replaced or
    /// abandoned.
    #[error("there is no open job {job} for job workers; poll for another")]
    JobNotFound {
        /// The job.
        job: JobId,
    },
    /// The job was handed out again, or somebody has begun it.
    #[error(
        "the nonce is not the one that job {job} was last handed out with, or it was used already; poll for another job"
    )]
    InvalidNonce {
        /// The job.
        job: JobId,
    },
    /// Not while the job is so far.
    #[error("job {job} is {status}; {remedy}")]
    InvalidJobState {
        /// The job.
        job: JobId,
        /// How far it is.
        status: &'static str,
        /// What to do first.
        remedy: &'static str,
    },
    /// A worker's output variables are too large; the job still waits for its
    /// answer.
    #[error(
        "the output variables of job {job} are {bytes} bytes together, and {limit} is the most; put large values into an artifact and answer again"
    )]
    OutputVariablesSizeExceeded {
        /// The job.
        job: JobId,
        /// Names and values together.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// No open approval of this action has this token.
    #[error(
        "the token is not that of an open approval of action '{action}' in stage '{stage}'; read the token again from the pipeline's state"
    )]
    InvalidApprovalToken {
        /// The stage's name.
        stage: String,
        /// The action's name.
        action: String,
    },
    /// Somebody was faster, or its time is over.
    #[error("the approval '{action}' in stage '{stage}' {how}; nothing is left to answer")]
    ApprovalAlreadyCompleted {
        /// The stage's name.
        stage: String,
        /// The action's name.
        action: String,
        /// What became of it: `was approved by …`, `expired`.
        how: String,
    },
    /// It is over.
    #[error("execution {execution} is {status} and cannot be stopped; stop one that is InProgress")]
    NotStoppable {
        /// The execution.
        execution: ExecutionId,
        /// What became of it.
        status: &'static str,
    },
    /// It is being stopped.
    #[error(
        "execution {execution} is being stopped already; wait for its running actions, or stop it with abandon"
    )]
    DuplicatedStopRequest {
        /// The execution.
        execution: ExecutionId,
    },
    /// The stage is not one that failed or was stopped, or the pipeline changed.
    #[error("stage '{stage}' of execution {execution} cannot be retried: {why}")]
    StageNotRetryable {
        /// The stage's name.
        stage: String,
        /// The execution.
        execution: ExecutionId,
        /// The reason and the remedy.
        why: String,
    },
    /// A newer execution entered the stage.
    #[error(
        "stage '{stage}' of execution {execution} cannot be retried or let through: execution {latest} entered it since; do so with that one, or start a new execution"
    )]
    NotLatestExecution {
        /// The stage's name.
        stage: String,
        /// The execution asked for.
        execution: ExecutionId,
        /// The newer one.
        latest: ExecutionId,
    },
    /// The condition cannot be gone past.
    #[error(
        "condition {} of stage '{stage}' in execution {execution} cannot be overridden: {why}", condition.as_str()
    )]
    ConditionNotOverridable {
        /// The stage's name.
        stage: String,
        /// The execution.
        execution: ExecutionId,
        /// Which condition.
        condition: ConditionType,
        /// The reason and the remedy.
        why: String,
    },
    /// The stage cannot go back to that execution.
    #[error("stage '{stage}' cannot be rolled back to execution {target}: {why}")]
    UnableToRollback {
        /// The stage's name.
        stage: String,
        /// The earlier execution.
        target: ExecutionId,
        /// The reason and the remedy.
        why: String,
    },
    /// The pipeline was updated since that execution.
    #[error(
        "stage '{stage}' cannot be rolled back to execution {target}, which ran version {version} of the pipeline: it was updated since; choose an execution of version {current}, or start a new one"
    )]
    ExecutionOutdated {
        /// The stage's name.
        stage: String,
        /// The earlier execution.
        target: ExecutionId,
        /// Its version.
        version: u32,
        /// The pipeline's version.
        current: u32,
    },
    /// The machine contradicted itself. A bug of ours; nothing was changed.
    #[error("the pipeline's state contradicts itself ({0}); nothing was changed, please report it")]
    Contradiction(#[from] Inapplicable),
}

impl Rejected {
    /// The name of the exception that CodePipeline's API answers with.
    #[must_use]
    pub fn exception(&self) -> &'static str {
        match self {
            Self::PipelineNotFound { .. } => "PipelineNotFoundException",
            Self::PipelineNameInUse { .. } => "PipelineNameInUseException",
            Self::InvalidStructure { .. } => "InvalidStructureException",
            Self::ExecutionNotFound { .. } => "PipelineExecutionNotFoundException",
            Self::ExecutionAlreadyStarted { .. } => "ConflictException",
            Self::ConcurrentExecutionsLimit { .. } => {
                "ConcurrentPipelineExecutionsLimitExceededException"
            }
            Self::MissingVariables { .. }
            | Self::UnknownVariables { .. }
            | Self::UnknownSourceActions { .. }
            | Self::InvalidSourceRevisions { .. } => "ValidationException",
            Self::StageNotFound { .. } => "StageNotFoundException",
            Self::ActionNotFound { .. } => "ActionNotFoundException",
            Self::StaleJob { .. } | Self::InvalidJobState { .. } => "InvalidJobStateException",
            Self::JobNotFound { .. } => "JobNotFoundException",
            Self::InvalidNonce { .. } => "InvalidNonceException",
            Self::OutputVariablesSizeExceeded { .. } => "OutputVariablesSizeExceededException",
            Self::InvalidApprovalToken { .. } => "InvalidApprovalTokenException",
            Self::ApprovalAlreadyCompleted { .. } => "ApprovalAlreadyCompletedException",
            Self::NotStoppable { .. } => "PipelineExecutionNotStoppableException",
            Self::DuplicatedStopRequest { .. } => "DuplicatedStopRequestException",
            Self::StageNotRetryable { .. } => "StageNotRetryableException",
            Self::NotLatestExecution { .. } => "NotLatestPipelineExecutionException",
            Self::ConditionNotOverridable { .. } => "ConditionNotOverridableException",
            Self::UnableToRollback { .. } => "UnableToRollbackStageException",
            Self::ExecutionOutdated { .. } => "PipelineExecutionOutdatedException",
            Self::Contradiction(_) => "InternalFailure",
        }
    }
}

fn quoted(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let quoted: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    quoted.join(", ")
}
