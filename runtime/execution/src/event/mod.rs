//! What happened to a pipeline. Made by `decide`, kept by the store for ever,
//! read by `apply`, the history and the notifications: names and fields are
//! stable, new fields come with a default.

mod about;
mod part;

pub use part::{Fetched, Ignored, ResolvedAction, Rollback, StartedChange, StartedWork};

use crate::command::{Direction, UpdatePolicy};
use lockgate_model::artifact::Artifact;
use lockgate_model::change::SourceChange;
use lockgate_model::definition::{ConditionResult, ConditionType, Pipeline, RetryMode};
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId, Nonce};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::status::ConditionStatus;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{Cause, RetryTrigger, SourceRevision, Trigger};
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
        /// What becomes of executions of older versions.
        #[serde(default)]
        policy: UpdatePolicy,
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
        /// The change that it started for, and what was said of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<Arc<StartedChange>>,
        /// It runs one stage again with what an earlier one had in it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rollback: Option<Arc<Rollback>>,
    },
    /// A source changed, and nothing started.
    ChangeIgnored {
        /// Which source action reported it.
        source_action: String,
        /// What changed.
        change: Arc<SourceChange>,
        /// Why nothing started.
        reason: Ignored,
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
    /// An action or a condition failed and nothing runs any more; the stage is
    /// free again.
    StageFailed {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// What an action's failure does not say: the condition that was not
        /// met, or why there is no rollback.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Its entry condition says that it is to be passed over; the stage is free
    /// again.
    StageSkipped {
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
    /// A failed or stopped stage runs again, or one that would have failed.
    StageRetried {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// How much of it.
        mode: RetryMode,
        /// Counts the runs of this stage in this execution; the first was 1.
        attempt: u32,
        /// By whose wish.
        #[serde(default)]
        trigger: RetryTrigger,
    },

    /// A condition of a stage is judged; its rules start.
    ConditionStarted {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Which condition.
        condition: ConditionType,
    },
    /// All its rules have ended.
    ConditionEnded {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Which condition.
        condition: ConditionType,
        /// How.
        status: ConditionStatus,
        /// What engages because of it; absent: nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<ConditionResult>,
    },
    /// Somebody went past it; rules that run are given up.
    ConditionOverridden {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Which condition.
        condition: ConditionType,
        /// The stage had failed by it, and runs again.
        #[serde(default)]
        resumed: bool,
    },
    /// A rule began: a job is owed.
    RuleStarted {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Of which condition.
        condition: ConditionType,
        /// Which rule.
        rule: String,
        /// This rule execution.
        id: ActionExecutionId,
        /// A job, or the reason why there can be none.
        work: StartedWork,
        /// When it fails if nothing was heard.
        expires: Timestamp,
        /// What it judges by.
        input: Arc<ResolvedAction>,
    },
    /// It cannot say yet; another job is owed at `not_before`.
    RulePending {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Of which condition.
        condition: ConditionType,
        /// Which rule.
        rule: String,
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
    /// Its criterion holds.
    RuleSucceeded {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Of which condition.
        condition: ConditionType,
        /// Which rule.
        rule: String,
        /// The trace elsewhere.
        external: External,
    },
    /// Its criterion does not hold, or it could not be judged.
    RuleFailed {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Of which condition.
        condition: ConditionType,
        /// Which rule.
        rule: String,
        /// The job, where one may still run.
        job: Option<JobId>,
        /// Why.
        failure: Failure,
    },
    /// A stop, an update, a deletion or an override did not wait for it.
    RuleAbandoned {
        /// Which execution.
        execution: ExecutionId,
        /// Of which stage.
        stage: String,
        /// Of which condition.
        condition: ConditionType,
        /// Which rule.
        rule: String,
        /// The job, where one may still run.
        job: Option<JobId>,
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

    /// A job is for job workers: the next one that polls may have it. Also when
    /// one had it and did not begin in time.
    JobQueued {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// Which job.
        job: JobId,
    },
    /// A worker has it.
    JobDispatched {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// Which job.
        job: JobId,
        /// What the worker has to show.
        nonce: Nonce,
        /// Until when it has to begin.
        until: Timestamp,
    },
    /// The worker has begun.
    JobAcknowledged {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
        /// Which action.
        action: String,
        /// Which job.
        job: JobId,
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
