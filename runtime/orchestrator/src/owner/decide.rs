//! One command: decided by the core, put on disk, performed.

use super::Owner;
use crate::commit::{Leased, change_of};
use crate::error::OrchestratorError;
use crate::notification::lanes::Lanes;
use lockgate_execution::{Command, Recorded, Request, owed, step};
use lockgate_model::id::{ExecutionId, JobId, Principal};
use lockgate_store::{Change, FinishedJob, Idempotency, LeaseToken, SourceCursor, StoreError};
use std::collections::BTreeSet;

/// What goes to the disk together with a decision.
#[derive(Default)]
pub(super) struct More {
    /// The job whose answer it is.
    pub(super) finished: Option<JobId>,
    /// The request may be repeated.
    pub(super) idempotency: Option<Idempotency>,
    /// The source's answer that led to it.
    pub(super) cursor: Option<SourceCursor>,
}

impl Owner {
    /// Puts a command into its envelope and carries it out.
    pub(super) async fn ask(
        &mut self,
        by: Principal,
        command: Command,
        more: More,
    ) -> Result<(), OrchestratorError> {
        let request = self.request(by, command);
        self.decide(&request, more).await
    }

    pub(super) fn request(&self, by: Principal, command: Command) -> Request {
        Request {
            at: self.shared.clock.now(),
            by,
            seed: LeaseToken::random().0,
            command,
        }
    }

    /// Decided, on disk, performed, in this order. On an error nothing was kept.
    pub(super) async fn decide(
        &mut self,
        request: &Request,
        more: More,
    ) -> Result<(), OrchestratorError> {
        if self.doubt {
            self.reload().await?;
        }
        let stepped = step(&self.state, request)?;
        let effects = owed(&stepped.after, &stepped.events);
        if stepped.events.is_empty() {
            self.perform(effects);
            return Ok(());
        }
        let catalogue = self.shared.catalogue(self.state.tenant());
        let Leased { mut change, tokens } = change_of(
            &stepped.after,
            self.version,
            request.at,
            &stepped.events,
            &effects,
            &catalogue,
        );
        change.idempotency = more.idempotency;
        if let Some(id) = more.finished {
            match self.tokens.get(&id) {
                Some(token) => change.finished_jobs.push(FinishedJob { id, token: *token }),
                // It could not be leased again; the core knows the attempt.
                None => change.cancelled_jobs.push(id),
            }
        }
        change.cursors.extend(more.cursor.clone());
        let version = change.new_version();
        let snapshot = self.snapshot.prepare(&stepped.after, &mut change);
        if let Err(error) = self.shared.store.commit(change).await {
            return self.refused(error, version).await;
        }
        self.version = version;
        self.snapshot = snapshot;
        self.state = stepped.after;
        self.tokens.extend(tokens);
        if let Some(job) = more.finished {
            self.tokens.remove(&job);
        }
        if let Some(cursor) = more.cursor {
            self.cursors.insert(cursor.source, cursor.cursor);
        }
        self.perform(effects);
        self.post(&stepped.events);
        self.ring(&stepped.events);
        self.poll();
        Ok(())
    }

    /// After a failing disk only the disk knows whether the change was kept.
    async fn refused(&mut self, error: StoreError, version: u64) -> Result<(), OrchestratorError> {
        if matches!(error, StoreError::Io { .. } | StoreError::Conflict { .. }) {
            self.doubt = true;
            let loaded = self.reload().await.is_ok();
            let is_of_the_disk = matches!(error, StoreError::Io { .. });
            // Nobody else writes here: a version so high is ours.
            if loaded && is_of_the_disk && self.version == version {
                return Ok(());
            }
            if !loaded {
                self.try_again_later();
            }
        }
        Err(error.into())
    }

    fn ring(&self, events: &[Recorded]) {
        let executions: BTreeSet<ExecutionId> = events
            .iter()
            .filter_map(|recorded| recorded.event.execution())
            .collect();
        for execution in executions {
            self.shared.doorbell.ring(execution);
        }
        Lanes::ring(&self.shared, &self.key);
    }

    /// A change of nothing, on what is on disk.
    pub(super) fn empty_change(&self) -> Change {
        let (tenant, name) = self.key.clone();
        Change::new(tenant, name, self.shared.clock.now(), self.version)
    }
}
