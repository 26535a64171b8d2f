//! The owner of one pipeline: a task that takes commands one after the other,
//! asks the core, puts the decision on disk, and then performs what it owes.
//! Nothing but the disk is ever waited for while a command is carried out.

mod answer;
mod decide;
mod lifetime;
mod perform;
mod source;
mod worker;

use crate::background::Background;
use crate::error::OrchestratorError;
use crate::owners::{Key, Mailbox};
use crate::poll::Found;
use crate::recover::{Beginning, SnapshotDue};
use crate::shared::Shared;
use decide::More;
use futures::FutureExt;
use lockgate_execution::{Command, PipelineState};
use lockgate_model::id::{ApprovalToken, JobId, Principal};
use lockgate_model::job::{Job, Outcome};
use lockgate_model::time::Timestamp;
use lockgate_store::{Idempotency, LeaseToken};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Seconds until something that the disk refused is tried again.
const RETRY_SECONDS: u64 = 2;

/// How a request is answered.
pub(crate) type Reply = oneshot::Sender<Result<(), OrchestratorError>>;

/// What an owner can be told.
pub(crate) enum Message {
    /// Somebody asks for something.
    Request {
        by: Principal,
        command: Command,
        idempotency: Option<Idempotency>,
        reply: Reply,
    },
    /// A job was answered.
    Finished {
        job: JobId,
        attempt: u32,
        outcome: Outcome,
    },
    /// A job is due that job workers do.
    Queue(Box<Job>),
    /// A source was asked; whoever asked waits until its answer was seen to.
    Detected {
        found: Found,
        seen: oneshot::Sender<()>,
    },
    /// The state as it is on disk; none where there is no such pipeline.
    Look(oneshot::Sender<Option<PipelineState>>),
    /// Remove the pipeline with everything it has.
    Remove { by: Principal, reply: Reply },
    /// End; what is on disk carries on later.
    End,
}

pub(crate) struct Owner {
    shared: Arc<Shared>,
    key: Key,
    mailbox: mpsc::UnboundedReceiver<Message>,
    itself: Mailbox,
    state: PipelineState,
    /// Of the pipeline on disk; 0: it is not there.
    version: u64,
    snapshot: SnapshotDue,
    /// Leases of jobs on disk.
    tokens: BTreeMap<JobId, LeaseToken>,
    /// Attempts; one whose sender is dropped ends.
    running: BTreeMap<JobId, oneshot::Sender<()>>,
    /// Jobs that are not due yet.
    later: BTreeMap<(Timestamp, JobId), Box<Job>>,
    /// The job whose answer is on its way to the disk.
    answering: Option<JobId>,
    /// Answers that the disk had no room for.
    unkept: BTreeMap<JobId, (u32, Outcome)>,
    /// Jobs for job workers that the disk had no room for yet.
    unoffered: BTreeMap<JobId, Box<Job>>,
    /// Open approvals that were announced, or are being announced.
    announced: BTreeMap<ApprovalToken, Background>,
    /// When the core wants to hear that time passed.
    wake: Option<Timestamp>,
    /// When what the disk refused is tried again, whatever the clock is set to.
    again: Option<Instant>,
    /// Only the disk knows how the pipeline is: load it before the next decision.
    doubt: bool,
    /// What sources answered last, by action.
    cursors: BTreeMap<String, String>,
    /// Jobs on disk, until the first thing is done.
    fresh: Option<BTreeSet<JobId>>,
    /// Job workers have something to do here.
    on_board: bool,
    /// The poll of this version's sources.
    polling: Option<(u32, Option<Background>)>,
}

impl Owner {
    /// Starts an owner. It ends when it is told to, or when its pipeline is not
    /// on disk any more and nobody wants anything of it.
    pub(crate) fn start(shared: &Arc<Shared>, key: Key, beginning: Beginning) -> Mailbox {
        let (itself, mailbox) = mpsc::unbounded_channel();
        let sender = itself.clone();
        let mut owner = Self {
            shared: shared.clone(),
            key,
            mailbox,
            itself,
            state: beginning.state,
            version: beginning.version,
            snapshot: beginning.snapshot,
            tokens: BTreeMap::new(),
            running: BTreeMap::new(),
            later: BTreeMap::new(),
            answering: None,
            unkept: BTreeMap::new(),
            unoffered: BTreeMap::new(),
            announced: BTreeMap::new(),
            wake: None,
            again: None,
            doubt: false,
            cursors: beginning.cursors,
            fresh: (beginning.version > 0).then_some(beginning.jobs),
            on_board: false,
            polling: None,
        };
        // A worker may answer before anything else is done.
        owner.post_all();
        shared.tasks.spawn(async move {
            while AssertUnwindSafe(owner.work()).catch_unwind().await.is_err() {
                // Half a decision may be in memory; what is on disk is whole.
                tracing::error!(pipeline = owner.key.1, "an owner failed and starts over");
                owner.doubt = true;
                // With it went the answer: the job goes out again.
                owner.answering = None;
                owner.try_again_later();
            }
        });
        sender
    }

    async fn work(&mut self) {
        if let Some(rows) = self.fresh.take() {
            self.carry_on(&rows).await;
        }
        loop {
            let next = self.next_timer();
            let clock = self.shared.clock;
            let timer = async {
                match next {
                    Some(time) => clock.sleep_until(time).await,
                    None => std::future::pending().await,
                }
            };
            let again = self.again;
            let disk = async {
                match again {
                    Some(again) => tokio::time::sleep_until(again).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // Messages that keep coming must not hold up what is due.
                biased;
                () = timer => self.time_passed().await,
                () = disk => {
                    self.again = None;
                    self.catch_up().await;
                }
                message = self.mailbox.recv() => match message {
                    None | Some(Message::End) => return self.end().await,
                    Some(message) => self.take(message).await,
                },
            }
            // In doubt it may be on disk all the same.
            let is_gone = self.version == 0 && !self.doubt;
            if is_gone && self.shared.owners.leave(&self.key, &self.mailbox) {
                return;
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
                // The answer of a worker: its row goes with it.
                let finished = match &command {
                    Command::JobFinished { job, .. } => Some(*job),
                    _ => None,
                };
                let more = More {
                    idempotency,
                    finished,
                    ..More::default()
                };
                let result = self.carry_out(by, command, more).await;
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
            Message::Queue(job) => self.queue(job).await,
            Message::Detected { found, seen } => {
                self.detected(found).await;
                let _ = seen.send(());
            }
            Message::Look(reply) => {
                let _ = reply.send(self.state.exists().then(|| self.state.clone()));
            }
            Message::Remove { by, reply } => {
                let removed = self.remove(by).await;
                let _ = reply.send(removed);
            }
            Message::End => {}
        }
    }

    async fn carry_out(
        &mut self,
        by: Principal,
        command: Command,
        more: More,
    ) -> Result<(), OrchestratorError> {
        if matches!(command, Command::CreatePipeline { .. }) && self.is_half_removed() {
            self.purge().await?;
        }
        self.ask(by, command, more).await
    }

    fn next_timer(&self) -> Option<Timestamp> {
        let later = self.later.keys().next().map(|(at, _)| *at);
        later.into_iter().chain(self.wake).min()
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
            self.pass_time().await;
        }
    }

    /// Tells the core what time it is.
    async fn pass_time(&mut self) {
        let passed = self
            .ask(Principal::server(), Command::TimePassed, More::default())
            .await;
        if let Err(error) = passed {
            tracing::error!(pipeline = self.key.1, %error, "a timer could not be kept");
            let again = self.shared.clock.now().plus_seconds(RETRY_SECONDS);
            self.wake = Some(again);
        }
    }

    /// Tries again what the disk refused.
    async fn catch_up(&mut self) {
        if self.doubt && self.reload().await.is_err() {
            return self.try_again_later();
        }
        if self.is_half_removed() && self.purge().await.is_err() {
            return self.try_again_later();
        }
        for job in std::mem::take(&mut self.unoffered).into_values() {
            self.run(*job);
        }
        self.finish_unkept().await;
    }

    /// One after the other: those that still wait are not to be done again.
    async fn finish_unkept(&mut self) {
        let jobs: Vec<JobId> = self.unkept.keys().copied().collect();
        for job in jobs {
            if let Some((attempt, outcome)) = self.unkept.remove(&job) {
                self.finish(job, attempt, outcome).await;
            }
        }
    }

    /// Soon, whatever the clock is set to meanwhile.
    fn try_again_later(&mut self) {
        let again = Instant::now() + Duration::from_secs(RETRY_SECONDS);
        self.again.get_or_insert(again);
    }

    /// Ends every attempt. Those that were answered already are kept.
    async fn end(&mut self) {
        self.let_go();
        self.mailbox.close();
        while let Ok(message) = self.mailbox.try_recv() {
            if let Message::Finished {
                job,
                attempt,
                outcome,
            } = message
            {
                self.finish(job, attempt, outcome).await;
            }
        }
        self.finish_unkept().await;
        // What was decided meanwhile is for the next start.
        self.let_go();
    }

    /// Stops everything that runs for this pipeline.
    fn let_go(&mut self) {
        self.running.clear();
        self.later.clear();
        self.unoffered.clear();
        self.announced.clear();
        self.polling = None;
    }

    /// Jobs that somebody waits for, without their attempts.
    fn awaited(&self) -> BTreeSet<JobId> {
        lockgate_execution::due_jobs(&self.state)
            .map(|(id, _)| id)
            .collect()
    }
}
