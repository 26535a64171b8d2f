//! A pipeline's log, read back: what a rollback goes back to, and the answers to
//! why something happened or did not. Nothing here decides or writes.

use crate::commit::recorded;
use crate::error::OrchestratorError;
use crate::orchestrator::Orchestrator;
use lockgate_execution::why::{Answer, Question, RevisionAnswer, why, why_not};
use lockgate_execution::{Command, Execution, Recorded, Rejected, fold};
use lockgate_model::definition::{ConditionType, Pipeline};
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_store::StoredEvent;
use std::sync::Arc;

/// Events that are read at a time.
const PAGE: u32 = 5000;

impl Orchestrator {
    /// Runs a stage again in a new execution, with what `target` had in it when
    /// it succeeded there; returns the new execution's id.
    ///
    /// # Errors
    /// `Rejected`: no such stage or execution, or it cannot be gone back to.
    pub async fn rollback_stage(
        &self,
        tenant: &TenantId,
        name: &str,
        stage: String,
        target: ExecutionId,
        by: &Principal,
    ) -> Result<ExecutionId, OrchestratorError> {
        let target = self.past(tenant, name, target).await?;
        let id = ExecutionId(uuid::Uuid::now_v7());
        let command = Command::RollbackStage {
            id,
            stage,
            target: Box::new(target),
        };
        self.ask(tenant, name, by, command, None).await?;
        Ok(id)
    }

    /// Goes past a condition that is being judged, or that was not met.
    ///
    /// # Errors
    /// `Rejected`: it cannot be overridden.
    pub async fn override_condition(
        &self,
        tenant: &TenantId,
        name: &str,
        id: ExecutionId,
        stage: String,
        condition: ConditionType,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let command = Command::OverrideCondition {
            id,
            stage,
            condition,
        };
        self.ask(tenant, name, by, command, None).await
    }

    /// Why an execution, a stage or an action of it is as it is, from the
    /// pipeline's log alone.
    ///
    /// # Errors
    /// Where there is no such pipeline, or its log cannot be read.
    pub async fn why(
        &self,
        tenant: &TenantId,
        name: &str,
        question: &Question,
    ) -> Result<Answer, OrchestratorError> {
        Ok(why(&self.events(tenant, name).await?, question))
    }

    /// Why a revision, named by its beginning, did not get through a pipeline.
    ///
    /// # Errors
    /// As `why`.
    pub async fn why_not(
        &self,
        tenant: &TenantId,
        name: &str,
        revision: &str,
    ) -> Result<RevisionAnswer, OrchestratorError> {
        Ok(why_not(&self.events(tenant, name).await?, revision))
    }

    /// An execution as the log has it, whenever it ran.
    async fn past(
        &self,
        tenant: &TenantId,
        name: &str,
        id: ExecutionId,
    ) -> Result<Execution, OrchestratorError> {
        let unknown = || Rejected::ExecutionNotFound {
            pipeline: name.to_owned(),
            execution: id,
        };
        let state = self.state(tenant, name).await?;
        let kept = self.store().execution(tenant, id).await?;
        let kept = kept
            .filter(|kept| kept.pipeline == name)
            .ok_or_else(unknown)?;
        let version = kept.execution.definition_version;
        let definition = self
            .store()
            .definition(tenant, name, Some(version))
            .await?
            .map(|stored| serde_json::from_str::<Pipeline>(&stored.json))
            .transpose()
            .map_err(|error| OrchestratorError::Damaged {
                what: format!("version {version} of pipeline '{name}'"),
                reason: error.to_string(),
            })?;
        let mut events = vec![];
        loop {
            let after = events
                .last()
                .map_or(0, |stored: &StoredEvent| stored.sequence);
            let page = self
                .store()
                .execution_events(tenant, id, after, PAGE)
                .await?;
            let read = page.len();
            events.extend(page);
            if read < PAGE as usize {
                break;
            }
        }
        let events = read_all(name, &events)?;
        let past = fold(&state, definition.map(Arc::new), id, &events);
        Ok(past.ok_or_else(unknown)?)
    }

    /// All that ever happened to a pipeline.
    async fn events(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Vec<Recorded>, OrchestratorError> {
        // An unknown pipeline is a refusal, not an empty log.
        self.state(tenant, name).await?;
        let mut all = vec![];
        let mut after = 0;
        loop {
            let page = self
                .store()
                .pipeline_events(tenant, name, after, PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = last.sequence;
            all.extend(read_all(name, &page)?);
        }
    }
}

fn read_all(name: &str, events: &[StoredEvent]) -> Result<Vec<Recorded>, OrchestratorError> {
    events
        .iter()
        .map(|stored| {
            recorded(stored).map_err(|error| OrchestratorError::Damaged {
                what: format!("event {} of pipeline '{name}'", stored.sequence),
                reason: error.to_string(),
            })
        })
        .collect()
}
