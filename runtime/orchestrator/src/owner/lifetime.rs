//! How an owner begins with what is on disk, finds its way back to it, and
//! removes it.

use super::Owner;
use crate::commit::own_lease;
use crate::error::OrchestratorError;
use crate::recover::{self, Beginning};
use lockgate_execution::{Command, Effect, Rejected, due};
use lockgate_model::id::{ExecutionId, JobId, Principal};
use lockgate_store::LeasedJob;
use std::collections::BTreeSet;

impl Owner {
    /// Goes on with a pipeline that was loaded; `rows` are its jobs on disk.
    pub(super) async fn carry_on(&mut self, rows: &BTreeSet<JobId>) {
        if self.is_half_removed() {
            return self.catch_up().await;
        }
        // A log that was cut in the middle of a decision follows on first.
        let request = self.request(Principal::server(), Command::TimePassed);
        let followed = self.decide(&request, super::More::default()).await;
        self.resume(rows).await;
        if let Err(error) = followed {
            tracing::error!(pipeline = self.key.1, %error, "cannot follow on yet");
            self.wake = Some(self.shared.clock.now().plus_seconds(super::RETRY_SECONDS));
        }
    }

    /// Performs everything that the state owes, and ends everything else.
    async fn resume(&mut self, rows: &BTreeSet<JobId>) {
        let awaited = self.awaited();
        self.running.retain(|job, _| awaited.contains(job));
        self.later.retain(|(_, job), _| awaited.contains(job));
        // What is due is offered again.
        self.unoffered.clear();
        self.unkept.retain(|job, _| awaited.contains(job));
        self.tokens.retain(|job, _| awaited.contains(job));
        let effects = due(&self.state);
        let mut change = self.empty_change();
        for effect in &effects {
            if let Effect::Dispatch { job, .. } = effect
                && rows.contains(&job.id)
                && !self.tokens.contains_key(&job.id)
            {
                let lease = own_lease();
                change.leased_jobs.push(LeasedJob { id: job.id, lease });
            }
        }
        change.cancelled_jobs = rows.difference(&awaited).copied().collect();
        if !change.leased_jobs.is_empty() || !change.cancelled_jobs.is_empty() {
            let leased = change.leased_jobs.clone();
            match self.shared.store.commit(change).await {
                Ok(_) => self
                    .tokens
                    .extend(leased.into_iter().map(|job| (job.id, job.lease.token))),
                // The core knows the attempts; the answers are kept all the same.
                Err(error) => {
                    tracing::error!(pipeline = self.key.1, %error, "cannot lease jobs again");
                }
            }
        }
        self.perform(effects);
        self.post_all();
        self.poll();
    }

    /// Takes the pipeline from the disk again, and goes on from there.
    pub(super) async fn reload(&mut self) -> Result<(), OrchestratorError> {
        let (tenant, name) = &self.key;
        let loaded = recover::load(&self.shared.store, tenant, name).await;
        let loaded = loaded.inspect_err(|error| {
            tracing::error!(pipeline = name, %error, "cannot load the pipeline again");
        })?;
        let beginning = loaded.unwrap_or_else(|| Beginning::nothing(&self.key));
        self.state = beginning.state;
        self.version = beginning.version;
        self.snapshot = beginning.snapshot;
        self.cursors = beginning.cursors;
        self.doubt = false;
        if self.version > 0 {
            self.resume(&beginning.jobs).await;
        } else {
            self.forget();
        }
        Ok(())
    }

    /// Deleted by the core, and not yet on disk.
    pub(super) fn is_half_removed(&self) -> bool {
        self.version > 0 && !self.state.exists()
    }

    pub(super) async fn remove(&mut self, by: Principal) -> Result<(), OrchestratorError> {
        if self.version == 0 {
            let name = self.key.1.clone();
            return Err(Rejected::PipelineNotFound { name }.into());
        }
        self.ask(by, Command::DeletePipeline, super::More::default())
            .await?;
        let purged = self.purge().await;
        if purged.is_err() {
            self.try_again_later();
        }
        purged
    }

    /// Removes everything that is on disk of a deleted pipeline.
    pub(super) async fn purge(&mut self) -> Result<(), OrchestratorError> {
        let followed: Vec<ExecutionId> = self.state.executions().map(|run| run.id).collect();
        let (tenant, name) = &self.key;
        // Before the rows, by which a later start would know to do it again.
        self.shared.caches.remove(tenant, name).await;
        self.shared
            .store
            .delete_pipeline(tenant, name, self.version)
            .await?;
        self.forget();
        for execution in followed {
            self.shared.doorbell.ring(execution);
        }
        Ok(())
    }

    /// Is as if there had never been such a pipeline.
    fn forget(&mut self) {
        self.let_go();
        let nothing = Beginning::nothing(&self.key);
        self.state = nothing.state;
        self.version = nothing.version;
        self.snapshot = nothing.snapshot;
        self.cursors = nothing.cursors;
        self.post_all();
        self.tokens.clear();
        self.unkept.clear();
        self.wake = None;
        self.again = None;
        self.doubt = false;
    }
}
