//! A state as rows: what the store's projections and the API show. Knows no
//! table; the orchestrator writes what `changes` returns with the events.

use crate::command::RetryMode;
use crate::event::{Recorded, ResolvedAction};
use crate::execution::{ActionRun, Answer, Execution, Position, StageRun, Work};
use crate::state::PipelineState;
use lockgate_model::artifact::Artifact;
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rows that a decision changed, each once, as they are after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// The pipeline was created, updated or deleted.
    pub pipeline: bool,
    /// A transition changed; see [`PipelineState::gate`].
    pub transitions: bool,
    /// Executions.
    pub executions: Vec<ExecutionView>,
    /// Stages of executions.
    pub stages: Vec<StageView>,
    /// Action executions.
    pub actions: Vec<ActionView>,
    /// Approvals.
    pub approvals: Vec<ApprovalView>,
}

/// One execution (API reference, `PipelineExecution`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionView {
    /// Its id.
    pub id: ExecutionId,
    /// The definition's version that it runs.
    pub version: u32,
    /// Its status.
    pub status: ExecutionStatus,
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
    /// The revisions that its sources fetched, with the artifact's name.
    pub revisions: Vec<(String, Revision)>,
    /// Which took its place.
    pub superseded_by: Option<ExecutionId>,
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
    /// How it was last run again.
    pub retry: Option<RetryMode>,
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
    /// The newest job and its attempt, if a provider does it.
    pub job: Option<(JobId, u32)>,
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

/// The rows that these events changed, as they are after them. `after` is the
/// state with all of `events` applied, and `events` are those of one decision:
/// a later start forgets executions that ended.
#[must_use]
pub fn changes(after: &PipelineState, events: &[Recorded]) -> Changed {
    let _ = (after, events);
    Changed::default()
}
