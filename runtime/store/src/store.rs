//! The handle: the one door to what survives a crash.

use crate::change::Change;
use crate::error::StoreError;
use crate::installation::{AccessKey, InstalledPlugin, PluginWithGrant};
use crate::lease::{Claim, ClaimedJob, LeaseToken};
use crate::log::StoredLine;
use crate::record::{
    Approval, Definition, Execution, ExecutionDetail, Job, Loaded, PipelineSummary, StoredEvent,
};
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId, TenantId};
use lockgate_model::job::LogLine;
use lockgate_model::time::Timestamp;
use std::path::Path;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read, at least 1.
    pub readers: usize,
    /// Changes that may wait to be written before `commit` waits for room.
    pub queue: usize,
    /// Whether an acknowledged change survives a loss of power. Off only for
    /// tests and throw-away runs; a killed process loses nothing either way.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 2,
            queue: 1024,
            durable: true,
        }
    }
}

/// A handle on the store; cheap to clone. Dropping the last one writes what
/// waits and closes the database.
#[derive(Clone)]
pub struct Store {}

impl Store {
    /// Opens the database at `path`, a file that is made where there is none,
    /// and brings its schema up to date.
    ///
    /// # Errors
    /// `InUse`, `Newer`, `Foreign`, `Full`, `Io`.
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        Err(StoreError::Closed)
    }

    /// A store of its own in a temporary directory, gone with the last handle.
    /// Not durable.
    ///
    /// # Errors
    /// As `open`.
    pub fn temporary() -> Result<Self, StoreError> {
        Err(StoreError::Closed)
    }

    /// Puts one change on disk and returns the pipeline's new version. When
    /// this returns the change is durable. Changes that come at the same time
    /// share one write; each succeeds or fails alone. Changes handed over one
    /// after the other are written in that order.
    ///
    /// Dropping the future does not take back a change that was handed over.
    ///
    /// # Errors
    /// `Conflict`, `Stale`, `TokenUsed`, `Deleting`, `Contradiction`, `Full`,
    /// `Io`, `Closed`.
    pub async fn commit(&self, change: Change) -> Result<u64, StoreError> {
        Err(StoreError::Closed)
    }

    /// Removes a pipeline and all its rows, in bounded steps between other
    /// changes. Its jobs are cancelled by the first step. A crash in between is
    /// made good at the next opening.
    ///
    /// # Errors
    /// `Conflict` where the version is another (or there is no such pipeline),
    /// and as `commit`.
    pub async fn delete_pipeline(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Every pipeline there is, for recovery: of all tenants, in order of
    /// tenant and name, after `after`.
    ///
    /// # Errors
    /// `Io`, `Damaged`, `Closed`; so for all reads.
    pub async fn pipelines(
        &self,
        after: Option<(TenantId, String)>,
        limit: u32,
    ) -> Result<Vec<PipelineSummary>, StoreError> {
        Err(StoreError::Closed)
    }

    /// A tenant's pipelines in order of name, after `after`.
    ///
    /// # Errors
    /// As all reads.
    pub async fn list_pipelines(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<PipelineSummary>, StoreError> {
        Err(StoreError::Closed)
    }

    /// What is needed to go on with a pipeline; nothing where there is none.
    ///
    /// # Errors
    /// As all reads.
    pub async fn load(
        &self,
        tenant: &TenantId,
        pipeline: &str,
    ) -> Result<Option<Loaded>, StoreError> {
        Err(StoreError::Closed)
    }

    /// A version of a pipeline's definition; the newest where none is named.
    ///
    /// # Errors
    /// As all reads.
    pub async fn definition(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        version: Option<u32>,
    ) -> Result<Option<Definition>, StoreError> {
        Err(StoreError::Closed)
    }

    /// A pipeline's executions, newest first, those before `before`.
    ///
    /// # Errors
    /// As all reads.
    pub async fn executions(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        before: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<Execution>, StoreError> {
        Err(StoreError::Closed)
    }

    /// One execution with its stages, actions and artifacts.
    ///
    /// # Errors
    /// As all reads.
    pub async fn execution(
        &self,
        tenant: &TenantId,
        id: ExecutionId,
    ) -> Result<Option<ExecutionDetail>, StoreError> {
        Err(StoreError::Closed)
    }

    /// A pipeline's events after `after` (0: from the first), in order.
    ///
    /// # Errors
    /// As all reads.
    pub async fn pipeline_events(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The events about one execution after `after`, in order.
    ///
    /// # Errors
    /// As all reads.
    pub async fn execution_events(
        &self,
        tenant: &TenantId,
        execution: ExecutionId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Approvals that wait for an answer, oldest first; of one pipeline where
    /// one is named.
    ///
    /// # Errors
    /// As all reads.
    pub async fn open_approvals(
        &self,
        tenant: &TenantId,
        pipeline: Option<&str>,
    ) -> Result<Vec<Approval>, StoreError> {
        Err(StoreError::Closed)
    }

    /// The answer that was stored under an idempotency token.
    ///
    /// # Errors
    /// As all reads.
    pub async fn idempotent_result(
        &self,
        tenant: &TenantId,
        token: &str,
    ) -> Result<Option<String>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Forgets answers that were stored before `before`; returns how many.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn forget_idempotent_results(&self, before: Timestamp) -> Result<u64, StoreError> {
        Err(StoreError::Closed)
    }

    /// Leases ready jobs, those with expired leases first.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedJob>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Prolongs a lease that has not been given to somebody else.
    ///
    /// # Errors
    /// `Stale`: the worker must stop. Else as `commit`.
    pub async fn heartbeat(
        &self,
        tenant: &TenantId,
        job: JobId,
        token: LeaseToken,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Takes back leases that expired before `at`, which makes late answers
    /// stale, and returns the jobs.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn reap(&self, at: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Adds lines to the log of an action execution. Waiting for the answer is
    /// optional for order's sake: lines handed over first come first. Lines
    /// survive a killed process once this returns, and a loss of power with the
    /// next commit.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn append_logs(
        &self,
        tenant: &TenantId,
        action_execution: ActionExecutionId,
        attempt: u32,
        lines: Vec<LogLine>,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// The lines of an action execution from index `from` on.
    ///
    /// # Errors
    /// As all reads.
    pub async fn read_logs(
        &self,
        tenant: &TenantId,
        action_execution: ActionExecutionId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Installs a plugin, or replaces the one of that name; its grant stays.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn put_plugin(
        &self,
        tenant: &TenantId,
        plugin: InstalledPlugin,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Sets what a plugin is allowed (JSON), installed or not yet.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn put_grant(
        &self,
        tenant: &TenantId,
        plugin: &str,
        grant: &str,
    ) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// Removes a plugin and its grant; says whether there was one.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn remove_plugin(&self, tenant: &TenantId, plugin: &str) -> Result<bool, StoreError> {
        Err(StoreError::Closed)
    }

    /// A tenant's plugins with their grants, by name.
    ///
    /// # Errors
    /// As all reads.
    pub async fn list_plugins(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<PluginWithGrant>, StoreError> {
        Err(StoreError::Closed)
    }

    /// Stores an access key, or replaces the one of that id.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn put_access_key(&self, key: AccessKey) -> Result<(), StoreError> {
        Err(StoreError::Closed)
    }

    /// The access key of that id.
    ///
    /// # Errors
    /// As all reads.
    pub async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, StoreError> {
        Err(StoreError::Closed)
    }
}
