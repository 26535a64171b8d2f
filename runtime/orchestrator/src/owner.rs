//! The owner of one pipeline: a task that takes commands one after the other,
//! asks the core, puts the decision on disk, and then performs what it owes.

use crate::commit::{change_of, lease_for, snapshot_of};
use crate::error::OrchestratorError;
use crate::shared::Shared;
use crate::{announce, attempt, poll};
use lockgate_execution::{
    Command, Effect, PipelineState, Recorded, Rejected, Request, due, owed, step,
};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::{Job, Outcome};
use lockgate_model::time::Timestamp;
use lockgate_store::{
    Change, FinishedJob, Idempotency, LeaseToken, LeasedJob, SourceCursor, StoreError,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// A snapshot is made when so many events have come since the last.
const EVENTS_PER_SNAPSHOT: u64 = 100;
/// Seconds between two tries to put an answer on a full disk.
const RETRY_SECONDS: u64 = 2;

/// What an owner can be told.
pub(crate) enum Message {
    /// Somebody asks for something.
    Request {
        by: Principal,
        command: Command,
        idempotency: Option<Idempotency>,
        reply: oneshot::Sender<Result<(), OrchestratorError>>,
    },
    /// A job was answered.
    Finished {
        job: JobId,
        attempt: u32,
        outcome: Outcome,
    },
    /// A source was asked.
    Detected(poll::Found),
    /// The state as it is on disk.
    Look(oneshot::Sender<PipelineState>),
    /// End; what is on disk carries on later.
    End,
    /// Remove the pipeline with everything it has, and end.
    Remove {
        by: Principal,
        reply: oneshot::Sender<Result<(), OrchestratorError>>,
    },
}

pub(crate) struct Owner {
    shared: Arc<Shared>,
    state: PipelineState,
    version: u64,
    snapshot_version: u64,
    mailbox: mpsc::Receiver<Message>,
    itself: mpsc::WeakSender<Message>,
    tokens: BTreeMap<JobId, LeaseToken>,
    running: BTreeMap<JobId, AbortHandle>,
    later: BTreeMap<(Timestamp, JobId), Box<Job>>,
    announced: BTreeSet<ApprovalToken>,
    wake: Option<Timestamp>,
    cursors: BTreeMap<String, String>,
    polling: Option<(u32, AbortHandle)>,
}

/// What an owner begins with: nothing, or what was loaded.
pub(crate) struct Beginning {
    pub(crate) state: PipelineState,
    pub(crate) version: u64,
    pub(crate) snapshot_version: u64,
    pub(crate) jobs: BTreeSet<JobId>,
    pub(crate) cursors: Vec<SourceCursor>,
}

impl Owner {
    /// Starts an owner. It ends when every sender to it is gone, or when its
    /// pipeline is removed.
    pub(crate) fn start(shared: Arc<Shared>, beginning: Beginning) -> mpsc::Sender<Message> {
        let (sender, mailbox) = mpsc::channel(256);
        let mut owner = Self {
            shared,
            state: beginning.state,
            version: beginning.version,
            snapshot_version: beginning.snapshot_version,
            mailbox,
            itself: sender.downgrade(),
            tokens: BTreeMap::new(),
            running: BTreeMap::new(),
            later: BTreeMap::new(),
            announced: BTreeSet::new(),
            wake: None,
            cursors: beginning
                .cursors
                .into_iter()
                .map(|c| (c.source, c.cursor))
                .collect(),
            polling: None,
        };
        tokio::spawn(async move {
            if owner.version > 0 {
                owner.carry_on(&beginning.jobs).await;
            }
            owner.work().await;
            owner.stop_all();
        });
        sender
    }

    /// Performs everything that a loaded state owes.
    async fn carry_on(&mut self, known: &BTreeSet<JobId>) {
        // A log that was cut in the middle of a decision follows on first.
        let followed = self
            .decide(Principal::server(), Command::TimePassed, None, None)
            .await;
        if let Err(error) = followed {
            tracing::error!(pipeline = self.state.name(), %error, "cannot carry on");
        }
        let effects = due(&self.state);
        let mut change = self.empty_change();
        for effect in &effects {
            if let Effect::Dispatch { job, .. } = effect
                && !self.tokens.contains_key(&job.id)
                && known.contains(&job.id)
            {
                let lease = lease_for(job);
                self.tokens.insert(job.id, lease.token);
                change.leased_jobs.push(LeasedJob { id: job.id, lease });
            }
        }
        if !change.leased_jobs.is_empty()
            && let Err(error) = self.shared.store.commit(change).await
        {
            tracing::error!(pipeline = self.state.name(), %error, "cannot lease jobs again");
        }
        self.perform(effects);
        self.poll();
    }

    async fn work(&mut self) {
        loop {
            let next = self
                .later
                .keys()
                .next()
                .map(|(at, _)| *at)
                .into_iter()
                .chain(self.wake)
                .min();
            let clock = self.shared.clock;
            let timer = async {
                match next {
                    Some(time) => clock.sleep_until(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                message = self.mailbox.recv() => match message {
                    None | Some(Message::End) => return,
                    Some(Message::Remove { by, reply }) => {
                        let removed = self.remove(by).await;
                        let done = removed.is_ok();
                        let _ = reply.send(removed);
                        if done {
                            return;
                        }
                    }
                    Some(message) => self.take(message).await,
                },
                () = timer => self.time_passed().await,
            }
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Request {
                by,
                command,
                idempotency,
                reply,
            } => {
                let result = self.decide(by, command, None, idempotency).await;
                // The asker may have gone; the decision stands.
                let _ = reply.send(result);
            }
            Message::Finished {
                job,
                attempt,
                outcome,
            } => {
                self.running.remove(&job);
                self.finish(job, attempt, outcome).await;
            }
            Message::Detected(found) => self.detected(found).await,
            Message::Look(reply) => {
                let _ = reply.send(self.state.clone());
            }
            Message::End | Message::Remove { .. } => {}
        }
    }

    /// Puts a job's answer on disk, however long that takes: a disk that is
    /// full now may have room later, and the work is done.
    async fn finish(&mut self, job: JobId, attempt: u32, outcome: Outcome) {
        loop {
            let command = Command::JobFinished {
                job,
                attempt,
                outcome: outcome.clone(),
            };
            match self
                .decide(Principal::server(), command, Some(job), None)
                .await
            {
                Ok(()) => return,
                Err(OrchestratorError::Store(
                    error @ (StoreError::Full(_) | StoreError::Io { .. }),
                )) => {
                    tracing::error!(pipeline = self.state.name(), %job, %error, "a job's answer waits for the disk");
                    let clock = self.shared.clock;
                    clock
                        .sleep_until(clock.now().plus_seconds(RETRY_SECONDS))
                        .await;
                }
                Err(OrchestratorError::Rejected(Rejected::StaleJob { .. })) => {
                    tracing::debug!(%job, "a late answer was dropped");
                    return;
                }
                Err(error) => {
                    tracing::error!(pipeline = self.state.name(), %job, %error, "a job's answer was refused");
                    return;
                }
            }
        }
    }

    async fn time_passed(&mut self) {
        let now = self.shared.clock.now();
        while let Some(entry) = self
            .later
            .first_entry()
            .filter(|entry| entry.key().0 <= now)
        {
            let job = entry.remove();
            self.run(*job);
        }
        if self.wake.is_some_and(|wake| wake <= now) {
            self.wake = None;
            if let Err(error) = self
                .decide(Principal::server(), Command::TimePassed, None, None)
                .await
            {
                tracing::error!(pipeline = self.state.name(), %error, "a timer could not be kept");
                self.wake = Some(now.plus_seconds(RETRY_SECONDS));
            }
        }
    }

    /// One command: decided, on disk, performed.
    async fn decide(
        &mut self,
        by: Principal,
        command: Command,
        finished: Option<JobId>,
        idempotency: Option<Idempotency>,
    ) -> Result<(), OrchestratorError> {
        let at = self.shared.clock.now();
        let request = Request {
            at,
            by,
            seed: LeaseToken::random().0,
            command,
        };
        let stepped = step(&self.state, &request)?;
        let effects = owed(&stepped.after, &stepped.events);
        if stepped.events.is_empty() {
            self.perform(effects);
            return Ok(());
        }
        let catalogue = self.shared.runner.catalogue(self.state.tenant());
        let mut change = change_of(
            &stepped.after,
            self.version,
            at,
            &stepped.events,
            &effects,
            &catalogue,
            &mut self.tokens,
        );
        change.idempotency = idempotency;
        if let Some(job) = finished {
            change
                .finished_jobs
                .extend(self.tokens.get(&job).map(|token| FinishedJob {
                    id: job,
                    token: *token,
                }));
        }
        let new_version = change.new_version();
        let snapshot = new_version - self.snapshot_version >= EVENTS_PER_SNAPSHOT;
        if snapshot {
            change.snapshot = Some(snapshot_of(&stepped.after));
        }
        if let Err(error) = self.shared.store.commit(change).await {
            self.uncertain(&error).await;
            return Err(error.into());
        }
        self.version = new_version;
        if snapshot {
            self.snapshot_version = new_version;
        }
        self.state = stepped.after;
        if let Some(job) = finished {
            self.tokens.remove(&job);
        }
        self.perform(effects);
        self.ring(&stepped.events);
        self.poll();
        Ok(())
    }

    /// After a failing disk only the disk knows whether the change was kept.
    async fn uncertain(&mut self, error: &StoreError) {
        if !matches!(error, StoreError::Io { .. } | StoreError::Conflict { .. }) {
            return;
        }
        let loaded =
            crate::recover::load(&self.shared.store, self.state.tenant(), self.state.name()).await;
        match loaded {
            Ok(Some(beginning)) => {
                self.state = beginning.state;
                self.version = beginning.version;
                self.snapshot_version = beginning.snapshot_version;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(pipeline = self.state.name(), %error, "cannot load the pipeline again");
            }
        }
    }

    fn ring(&self, events: &[Recorded]) {
        let executions: BTreeSet<ExecutionId> = events
            .iter()
            .filter_map(|recorded| recorded.event.execution())
            .collect();
        for execution in executions {
            self.shared.ring(execution);
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        let now = self.shared.clock.now();
        for effect in effects {
            match effect {
                Effect::Dispatch { job, not_before } if not_before <= now => self.run(*job),
                Effect::Dispatch { job, not_before } => {
                    self.later.insert((not_before, job.id), job);
                }
                Effect::Cancel(job) => {
                    self.tokens.remove(&job);
                    self.later.retain(|(_, id), _| *id != job);
                    if let Some(task) = self.running.remove(&job) {
                        task.abort();
                    }
                }
                Effect::AnnounceApproval(approval) => {
                    if self.announced.insert(approval.token) {
                        announce::announce(&self.shared, &self.state, *approval);
                    }
                }
                Effect::WakeAt(time) => {
                    self.wake = Some(self.wake.map_or(time, |wake| wake.min(time)));
                }
            }
        }
    }

    fn run(&mut self, job: Job) {
        if self.running.contains_key(&job.id) {
            return;
        }
        let Some(itself) = self.itself.upgrade() else {
            return;
        };
        let id = job.id;
        let task = tokio::spawn(attempt::attempt(self.shared.clone(), job, itself));
        self.running.insert(id, task.abort_handle());
    }

    /// Keeps the poll of this pipeline's sources in step with its definition.
    fn poll(&mut self) {
        let version = self.state.definition().map(|definition| definition.version);
        if version == self.polling.as_ref().map(|(version, _)| *version) {
            return;
        }
        if let Some((_, task)) = self.polling.take() {
            task.abort();
        }
        if let (Some(version), Some(definition)) = (version, self.state.definition())
            && let Some(task) = poll::start(
                &self.shared,
                self.state.tenant(),
                definition,
                &self.cursors,
                self.itself.clone(),
            )
        {
            self.polling = Some((version, task));
        }
    }

    async fn detected(&mut self, found: poll::Found) {
        let known = self
            .cursors
            .get(&found.action)
            .and_then(|text| poll::Cursor::read(text));
        let cursor = poll::Cursor {
            cursor: found.detection.cursor.clone(),
            revision: found
                .detection
                .newest
                .as_ref()
                .map(|revision| revision.id.clone()),
        };
        let text = cursor.write();
        if let Some(start) = poll::decide(&self.state, known.as_ref(), &found) {
            let id = ExecutionId(uuid::Uuid::now_v7());
            let command = Command::StartExecution {
                id,
                trigger: start,
                variables: BTreeMap::new(),
                source_revisions: vec![],
            };
            if let Err(error) = self.decide(Principal::server(), command, None, None).await {
                tracing::warn!(pipeline = self.state.name(), action = found.action, %error, "a new revision starts nothing");
                return;
            }
        }
        if self.cursors.get(&found.action) == Some(&text) {
            return;
        }
        let mut change = self.empty_change();
        change.cursors.push(SourceCursor {
            source: found.action.clone(),
            cursor: text.clone(),
        });
        match self.shared.store.commit(change).await {
            Ok(_) => {
                self.cursors.insert(found.action, text);
            }
            Err(error) => {
                tracing::warn!(pipeline = self.state.name(), %error, "a source's cursor was not kept");
            }
        }
    }

    async fn remove(&mut self, by: Principal) -> Result<(), OrchestratorError> {
        self.decide(by, Command::DeletePipeline, None, None).await?;
        self.stop_all();
        let (tenant, name) = (self.state.tenant(), self.state.name());
        self.shared
            .store
            .delete_pipeline(tenant, name, self.version)
            .await?;
        Ok(())
    }

    fn empty_change(&self) -> Change {
        let at = self.shared.clock.now();
        Change::new(
            self.state.tenant().clone(),
            self.state.name(),
            at,
            self.version,
        )
    }

    fn stop_all(&mut self) {
        for task in std::mem::take(&mut self.running).into_values() {
            task.abort();
        }
        if let Some((_, task)) = self.polling.take() {
            task.abort();
        }
    }
}
