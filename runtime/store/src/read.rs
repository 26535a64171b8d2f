//! What can be asked of the store. Ids of another tenant answer like ids that do
//! not exist: every query names the tenant.

use crate::error::StoreError;
use crate::record::{
    Approval, Definition, Execution, ExecutionDetail, Job, Loaded, OutboxPosition, PipelineSummary,
    PipelineVersion, StoredEvent,
};
use crate::store::Store;
use crate::table::{
    action_execution, approval, artifact, cursor, event, execution, idempotency, job, pipeline,
    pipeline_version, rule_execution, stage_execution,
};
use lockgate_model::id::{ExecutionId, JobId, TenantId};

impl Store {
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
        self.readers()
            .read(move |connection| {
                let (tenant, name) = match &after {
                    Some((tenant, name)) => (tenant.as_str(), name.as_str()),
                    None => ("", ""),
                };
                pipeline::list_all(connection, tenant, name, limit)
            })
            .await
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
        let (tenant, after) = (tenant.clone(), after.unwrap_or("").to_owned());
        self.readers()
            .read(move |connection| pipeline::list_of(connection, &tenant, &after, limit))
            .await
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
        let (tenant, name) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| {
                let Some(version) = pipeline::version(connection, &tenant, &name)? else {
                    return Ok(None);
                };
                let snapshot = pipeline::snapshot(connection, &tenant, &name)?;
                let seen = snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
                Ok(Some(Loaded {
                    version,
                    snapshot,
                    events: event::after(connection, &tenant, &name, seen, u32::MAX)?,
                    jobs: job::of_pipeline(connection, &tenant, &name)?,
                    cursors: cursor::of_pipeline(connection, &tenant, &name)?,
                }))
            })
            .await
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
        let (tenant, name) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| {
                if pipeline::version(connection, &tenant, &name)?.is_none() {
                    return Ok(None);
                }
                pipeline_version::get(connection, &tenant, &name, version)
            })
            .await
    }

    /// The versions of a pipeline's definition, newest first, those before
    /// `before`.
    ///
    /// # Errors
    /// As all reads.
    pub async fn definition_versions(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<PipelineVersion>, StoreError> {
        let (tenant, name) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| {
                if pipeline::version(connection, &tenant, &name)?.is_none() {
                    return Ok(vec![]);
                }
                pipeline_version::before(connection, &tenant, &name, before, limit)
            })
            .await
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
        let (tenant, name) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| {
                if pipeline::version(connection, &tenant, &name)?.is_none() {
                    return Ok(vec![]);
                }
                execution::before(connection, &tenant, &name, before, limit)
            })
            .await
    }

    /// Those of them that succeeded in a stage.
    ///
    /// # Errors
    /// As all reads.
    pub async fn executions_succeeded_in(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        stage: &str,
        before: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<Execution>, StoreError> {
        let (tenant, name, stage) = (tenant.clone(), pipeline.to_owned(), stage.to_owned());
        self.readers()
            .read(move |connection| {
                if pipeline::version(connection, &tenant, &name)?.is_none() {
                    return Ok(vec![]);
                }
                execution::succeeded_in(connection, &tenant, &name, &stage, before, limit)
            })
            .await
    }

    /// One execution with its stages, actions, rules and artifacts.
    ///
    /// # Errors
    /// As all reads.
    pub async fn execution(
        &self,
        tenant: &TenantId,
        id: ExecutionId,
    ) -> Result<Option<ExecutionDetail>, StoreError> {
        let tenant = tenant.clone();
        self.readers()
            .read(move |connection| {
                let Some(placed) = execution::get(connection, &tenant, id)? else {
                    return Ok(None);
                };
                if pipeline::version(connection, &tenant, &placed.pipeline)?.is_none() {
                    return Ok(None);
                }
                Ok(Some(ExecutionDetail {
                    pipeline: placed.pipeline,
                    execution: placed.execution,
                    stages: stage_execution::of_execution(connection, &tenant, id)?,
                    actions: action_execution::of_execution(connection, &tenant, id)?,
                    rules: rule_execution::of_execution(connection, &tenant, id)?,
                    artifacts: artifact::of_execution(connection, &tenant, id)?,
                }))
            })
            .await
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
        let (tenant, name) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| {
                if pipeline::version(connection, &tenant, &name)?.is_none() {
                    return Ok(vec![]);
                }
                event::after(connection, &tenant, &name, after, limit)
            })
            .await
    }

    /// The events about one execution after `after` (0: from the first), in
    /// order: those that name it, from the change that made it to the last one
    /// that wrote its row.
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
        let tenant = tenant.clone();
        self.readers()
            .read(move |connection| {
                let Some(placed) = execution::get(connection, &tenant, execution)? else {
                    return Ok(vec![]);
                };
                let name = &placed.pipeline;
                if pipeline::version(connection, &tenant, name)?.is_none() {
                    return Ok(vec![]);
                }
                let span = (
                    after.max(placed.first_event.saturating_sub(1)),
                    placed.last_event,
                );
                event::of_execution(connection, &tenant, name, execution, span, limit)
            })
            .await
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
        let (tenant, name) = (tenant.clone(), pipeline.map(str::to_owned));
        self.readers()
            .read(move |connection| approval::open(connection, &tenant, name.as_deref()))
            .await
    }

    /// A job that waits or runs.
    ///
    /// # Errors
    /// As all reads.
    pub async fn job(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        id: JobId,
    ) -> Result<Option<Job>, StoreError> {
        let (tenant, pipeline) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| job::get(connection, &tenant, &pipeline, id))
            .await
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
        let (tenant, token) = (tenant.clone(), token.to_owned());
        self.readers()
            .read(move |connection| idempotency::get(connection, &tenant, &token))
            .await
    }

    /// The pipelines with events that a consumer of the outbox has not seen to,
    /// those that changed longest ago first. `pipeline_events` has the events.
    ///
    /// # Errors
    /// As all reads.
    pub async fn outbox(
        &self,
        consumer: &str,
        limit: u32,
    ) -> Result<Vec<OutboxPosition>, StoreError> {
        let consumer = consumer.to_owned();
        self.readers()
            .read(move |connection| cursor::behind(connection, &consumer, limit))
            .await
    }
}
