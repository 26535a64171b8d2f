//! A change: everything that one decision of the core puts on disk, all of it
//! or none. Made by the orchestrator; knows nothing of SQL.

use crate::lease::{Lease, LeaseToken};
use crate::record::{
    ActionExecution, Approval, ArtifactRecord, Event, Execution, RuleExecution, SourceCursor,
    StageExecution,
};
use lockgate_model::id::{ActionExecutionId, JobId, TenantId};
use lockgate_model::time::Timestamp;

/// What one decision puts on disk. The pipeline's version grows by the number
/// of events; everything else is optional.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whose.
    pub tenant: TenantId,
    /// Which pipeline.
    pub pipeline: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The version that it was decided on; 0: the pipeline must not exist, and
    /// this makes it.
    pub expected_version: u64,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// A new version of the definition: its number and JSON.
    pub definition: Option<NewDefinition>,
    /// The state after the last event, as JSON. Replaces the former snapshot.
    pub snapshot: Option<String>,
    /// Jobs that were answered. One that is not leased under its token any more
    /// makes the whole change `Stale`.
    pub finished_jobs: Vec<FinishedJob>,
    /// Jobs that are not wanted any more, whoever has them. Gone ones are fine.
    pub cancelled_jobs: Vec<JobId>,
    /// New jobs.
    pub new_jobs: Vec<NewJob>,
    /// Jobs that wait, or whose former lease is void, to lease now: their
    /// former tokens become stale. A job that is gone makes the change `Stale`.
    pub leased_jobs: Vec<LeasedJob>,
    /// Executions, made or replaced.
    pub executions: Vec<Execution>,
    /// Stages of executions, made or replaced.
    pub stages: Vec<StageExecution>,
    /// Actions of executions, made or replaced.
    pub actions: Vec<ActionExecution>,
    /// Rules of conditions, made or replaced.
    pub rules: Vec<RuleExecution>,
    /// Approvals, made or replaced. Their `pipeline` is the change's.
    pub approvals: Vec<Approval>,
    /// Artifacts that were made.
    pub artifacts: Vec<ArtifactRecord>,
    /// Remembers the answer to a request that may be repeated.
    pub idempotency: Option<Idempotency>,
    /// What sources answered last.
    pub cursors: Vec<SourceCursor>,
}

impl Change {
    /// A change of nothing, to be filled in.
    #[must_use]
    pub fn new(
        tenant: TenantId,
        pipeline: impl Into<String>,
        at: Timestamp,
        expected_version: u64,
    ) -> Self {
        Self {
            tenant,
            pipeline: pipeline.into(),
            at,
            expected_version,
            events: vec![],
            definition: None,
            snapshot: None,
            finished_jobs: vec![],
            cancelled_jobs: vec![],
            new_jobs: vec![],
            leased_jobs: vec![],
            executions: vec![],
            stages: vec![],
            actions: vec![],
            rules: vec![],
            approvals: vec![],
            artifacts: vec![],
            idempotency: None,
            cursors: vec![],
        }
    }

    /// The version of the pipeline after it.
    #[must_use]
    pub fn new_version(&self) -> u64 {
        self.expected_version
            .saturating_add(u64::try_from(self.events.len()).unwrap_or(u64::MAX))
    }
}

/// A new version of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefinition {
    /// Counts from 1.
    pub version: u32,
    /// The definition: JSON.
    pub json: String,
}

/// A job that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedJob {
    /// Which.
    pub id: JobId,
    /// By whom.
    pub token: LeaseToken,
}

/// A job to hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Which.
    pub id: JobId,
    /// Of which action execution.
    pub action_execution: ActionExecutionId,
    /// The attempt at that action execution, from 1.
    pub attempt: u32,
    /// Not to be handed out before.
    pub ready_at: Timestamp,
    /// What a worker needs: JSON.
    pub payload: String,
    /// Handed out at once, so that no second commit is needed.
    pub lease: Option<Lease>,
}

/// A job to lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeasedJob {
    /// Which.
    pub id: JobId,
    /// The new lease.
    pub lease: Lease,
}

/// The answer to a request that may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// What the client sent, made unique by the operation's name.
    pub token: String,
    /// What to answer again: JSON.
    pub result: String,
}
