//! One row of each kind, made from the state. Called by `changes`, and by
//! whoever shows a state as it is.

use super::condition::ConditionView;
use crate::event::{Fetched, ResolvedAction, Rollback, StartedChange};
use crate::execution::{Ending, Execution, Position};
use crate::stage::{ActionRun, Answer, Retries, StageRun, Work};
use crate::state::PipelineState;
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::RetryMode;
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::status::{ActionStatus, ExecutionStatus, JobStatus, StageStatus};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{ExecutionType, SourceRevision, Trigger};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One execution (API reference, `PipelineExecution`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionView {
    /// Its id.
    pub id: ExecutionId,
    /// The definition's version that it runs.
    pub version: u32,
    /// Standard, or a rollback.
    pub kind: ExecutionType,
    /// Of a rollback: what it goes back to, and why.
    pub rollback: Option<Arc<Rollback>>,
    /// The rollback that its failure led to.
    pub rolled_back_by: Option<ExecutionId>,
    /// Counts how often it was begun, from 1.
    pub attempt: u32,
    /// Its status.
    pub status: ExecutionStatus,
    /// Who stopped it, and why.
    pub stop: Option<StopView>,
    /// Why it ended so, or is about to: a stop's reason, a cancellation's.
    pub status_summary: Option<String>,
    /// The stage that it is in.
    pub stage: Option<String>,
    /// The stage that it waits in front of.
    pub waiting_for: Option<String>,
    /// Why it started.
    pub trigger: Arc<Trigger>,
    /// When it started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Pipeline variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Revisions asked for.
    pub source_revisions: Arc<Vec<SourceRevision>>,
    /// The change that it started for.
    pub change: Option<Arc<StartedChange>>,
    /// The revisions that its sources fetched.
    pub fetched: Vec<Fetched>,
    /// Which took its place.
    pub superseded_by: Option<ExecutionId>,
}

/// Why an execution was stopped (API reference, `StopExecutionTrigger`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopView {
    /// What they said; may be empty.
    pub reason: String,
    /// Who.
    pub by: Principal,
    /// Running actions were not waited for.
    pub abandon: bool,
}

/// One stage of one execution (API reference, `StageExecution`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageView {
    /// Of which execution.
    pub execution: ExecutionId,
    /// Its name.
    pub stage: String,
    /// Its status.
    pub status: StageStatus,
    /// When it was entered first.
    pub entered: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Counts its runs, from 1.
    pub attempt: u32,
    /// How it was last retried; none where somebody went past a condition since.
    pub retry: Option<RetryMode>,
    /// How often, and by whose wish.
    pub retries: Retries,
    /// What an action's failure does not say of why it failed.
    pub reason: Option<String>,
    /// Its conditions that were asked.
    pub conditions: Vec<ConditionView>,
}

/// One action execution (API reference, `ActionExecutionDetail`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionView {
    /// Its id: the row's key.
    pub id: ActionExecutionId,
    /// Of which execution.
    pub execution: ExecutionId,
    /// In which stage.
    pub stage: String,
    /// Which action.
    pub action: String,
    /// Its status.
    pub status: ActionStatus,
    /// When it started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who caused that.
    pub updated_by: Principal,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it is done with. Values of secret properties stand in it: whoever
    /// shows it masks them.
    pub input: Arc<ResolvedAction>,
    /// The newest job and its attempt, if a provider or a worker does it.
    pub job: Option<(JobId, u32)>,
    /// How far it is with job workers, if it is for them.
    pub worker: Option<JobStatus>,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// The approval's token, while one is open.
    pub token: Option<ApprovalToken>,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// What a source fetched.
    pub revision: Option<Revision>,
    /// The other system's id, page and summary.
    pub external: External,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Output variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Artifacts made.
    pub artifacts: Vec<Arc<Artifact>>,
}

/// What became of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// Somebody has to answer.
    Open,
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// The execution ended without it.
    Withdrawn,
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalView {
    /// The row's key.
    pub token: ApprovalToken,
    /// The action execution that waits, or waited.
    pub id: ActionExecutionId,
    /// In which execution.
    pub execution: ExecutionId,
    /// In which stage.
    pub stage: String,
    /// Which action.
    pub action: String,
    /// What became of it.
    pub status: ApprovalStatus,
    /// The definition's `CustomData`, resolved.
    pub custom_data: Option<String>,
    /// The definition's `ExternalEntityLink`, resolved.
    pub link: Option<String>,
    /// Since when.
    pub requested: Timestamp,
    /// When it fails by itself.
    pub expires: Timestamp,
    /// Who said what, if somebody answered.
    pub answer: Option<Answer>,
}

impl ExecutionView {
    /// The row of one execution.
    #[must_use]
    pub fn of(state: &PipelineState, execution: &Execution) -> Self {
        let stage = state
            .definition_of(execution)
            .and_then(|definition| definition.stages.get(execution.position.stage()))
            .map(|stage| stage.name.clone());
        let (inside, before) = match execution.position {
            Position::In(_) => (stage, None),
            Position::Before(_) => (None, stage),
            Position::Arriving(_) => (None, None),
        };
        let over = execution.status.is_final();
        Self {
            id: execution.id,
            version: execution.version,
            kind: execution.kind(),
            rollback: execution.rollback.clone(),
            rolled_back_by: execution.rolled_back_by,
            attempt: execution.attempt,
            status: execution.status,
            stop: match &execution.ending {
                Some(Ending::Stop {
                    abandon,
                    reason,
                    by,
                }) => Some(StopView {
                    reason: reason.clone(),
                    by: by.clone(),
                    abandon: *abandon,
                }),
                Some(Ending::Cancel { .. }) | None => None,
            },
            status_summary: execution
                .ending
                .as_ref()
                .map(|ending| ending.reason().to_owned())
                .filter(|reason| !reason.is_empty()),
            stage: inside,
            waiting_for: before.filter(|_| !over),
            trigger: execution.trigger.clone(),
            started: execution.started,
            updated: execution.updated,
            ended: over.then_some(execution.updated),
            variables: execution.variables.clone(),
            source_revisions: execution.source_revisions.clone(),
            change: execution.change.clone(),
            fetched: execution.fetched().collect(),
            superseded_by: execution.superseded_by,
        }
    }
}

impl StageView {
    /// The row of one stage.
    #[must_use]
    pub fn of(execution: &Execution, stage: &StageRun) -> Self {
        Self {
            execution: execution.id,
            stage: stage.name.clone(),
            status: stage.status,
            entered: stage.entered,
            updated: stage.updated,
            attempt: stage.attempt,
            retry: stage.retry,
            retries: stage.retries,
            reason: stage.reason.clone(),
            conditions: stage
                .conditions()
                .map(|(which, run)| ConditionView::of(execution, stage, which, run))
                .collect(),
        }
    }
}

impl ActionView {
    /// The row of one action execution.
    #[must_use]
    pub fn of(execution: &Execution, stage: &StageRun, action: &ActionRun) -> Self {
        let open = action.status == ActionStatus::InProgress;
        let (job, percent, worker, token) = match &action.work {
            Work::Job {
                id,
                attempt,
                percent,
                worker,
                ..
            } => (Some((*id, *attempt)), *percent, *worker, None),
            Work::Approval { token, .. } => (None, None, None, Some(*token).filter(|_| open)),
            Work::Impossible(_) => (None, None, None, None),
        };
        Self {
            id: action.id,
            execution: execution.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            status: action.status,
            started: action.started,
            updated: action.updated,
            updated_by: action.updated_by.clone(),
            ended: (!open).then_some(action.updated),
            input: action.input.clone(),
            job,
            worker: worker.map(|worker| match action.status {
                ActionStatus::InProgress | ActionStatus::Abandoned => worker.status(),
                ActionStatus::Succeeded => JobStatus::Succeeded,
                ActionStatus::Failed if action.expires <= action.updated => JobStatus::TimedOut,
                ActionStatus::Failed => JobStatus::Failed,
            }),
            percent,
            token,
            expires: action.expires,
            revision: action.revision.clone(),
            external: action.external.clone(),
            failure: action.failure.clone(),
            variables: action.variables.clone(),
            artifacts: action.artifacts.clone(),
        }
    }
}

impl ApprovalView {
    /// The row of an approval, if the action is one.
    #[must_use]
    pub fn of(execution: &Execution, stage: &StageRun, action: &ActionRun) -> Option<Self> {
        let Work::Approval { token, answer } = &action.work else {
            return None;
        };
        let status = match (action.status, answer) {
            (_, Some(answer)) if answer.approved => ApprovalStatus::Approved,
            (_, Some(_)) => ApprovalStatus::Rejected,
            (ActionStatus::InProgress, None) => ApprovalStatus::Open,
            (ActionStatus::Abandoned, None) => ApprovalStatus::Withdrawn,
            (ActionStatus::Failed | ActionStatus::Succeeded, None) => ApprovalStatus::Expired,
        };
        let configuration = &action.input.configuration;
        Some(Self {
            token: *token,
            id: action.id,
            execution: execution.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            status,
            custom_data: configuration.get("CustomData").cloned(),
            link: configuration.get("ExternalEntityLink").cloned(),
            requested: action.started,
            expires: action.expires,
            answer: answer.clone(),
        })
    }
}
