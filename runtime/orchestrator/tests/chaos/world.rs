//! What outlives a server: the journal of everything that really happened, and
//! what the outside world knows. A crash takes nothing of it.

use crate::chance::Chance;
use crate::journal::{Journal, What};
use crate::workers::Held;
use lockgate_model::id::{ExecutionId, JobId};
use lockgate_model::job::Job;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How things go wrong, in so many of a thousand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// A write fails and leaves nothing.
    pub(crate) refused: u64,
    /// A write succeeds, and its answer says that the disk failed.
    pub(crate) lost: u64,
    /// A write takes up to twenty seconds, before or after it is done.
    pub(crate) slow: u64,
    /// Nothing can be read.
    pub(crate) unreadable: u64,
    /// Log lines and notes are not kept.
    pub(crate) mute: u64,
    /// Whoever decides fails itself, before or after the disk has it.
    pub(crate) panic: u64,
    /// The process is killed in the middle of a write.
    pub(crate) crash: u64,
    /// The disk is full: all writes fail.
    pub(crate) full: bool,
}

pub(crate) struct World {
    pub(crate) seed: u64,
    /// The provider answers soon and well from now on.
    pub(crate) calm: watch::Sender<bool>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) journal: Journal,
    /// How much time had passed when this life began, and since when it lives.
    before: Duration,
    life: Option<Instant>,
    /// The process is to be killed at once.
    pub(crate) killed: Arc<Notify>,
    pub(crate) trouble: Trouble,
    streams: BTreeMap<String, Chance>,
    deliveries: u64,
    /// How often each job was handed out.
    handed: BTreeMap<JobId, u64>,
    executions: BTreeMap<ExecutionId, u64>,
    /// Attempts that live, by delivery.
    pub(crate) alive: BTreeMap<u64, (JobId, u32)>,
    /// The newest revision of each pipeline's source.
    pub(crate) revisions: BTreeMap<String, u64>,
    /// Pipelines whose forge waits for an answer: it delivers in order.
    pub(crate) delivering: BTreeSet<String>,
    /// When the clock was last set forwards: what waits for a time hears of it
    /// within an hour.
    pub(crate) skipped: Option<Duration>,
    /// What workers have in their hands, by delivery.
    pub(crate) held: BTreeMap<u64, Held>,
    /// Pipelines that somebody ever asked to delete.
    pub(crate) deleted: BTreeSet<String>,
    commands: u64,
    /// What was seen to be wrong at once.
    pub(crate) wrong: Vec<String>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            calm: watch::channel(false).0,
            state: Mutex::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub(crate) fn note(&self, what: What) {
        self.state().note(what);
    }

    pub(crate) fn wrong(&self, text: String) {
        let mut state = self.state();
        state.note(What::Said(format!("WRONG: {text}")));
        state.wrong.push(text);
    }

    pub(crate) fn is_calm(&self) -> bool {
        *self.calm.borrow()
    }

    /// Ends when the calm comes.
    pub(crate) async fn calmed(&self) {
        let mut calm = self.calm.subscribe();
        let _ = calm.wait_for(|calm| *calm).await;
    }

    /// A draw from a stream that goes on through all lives.
    pub(crate) fn draw<T>(&self, stream: &str, draw: impl FnOnce(&mut Chance) -> T) -> T {
        let mut state = self.state();
        let fresh = || Chance::named(self.seed, stream);
        let chance = state.streams.entry(stream.to_owned());
        draw(chance.or_insert_with(fresh))
    }

    /// A job arrives at the provider: its delivery's number, and chance that
    /// depends on nothing but which job it is and how often it came.
    pub(crate) fn hand(&self, job: &Job) -> (u64, Chance) {
        let mut state = self.state();
        state.deliveries += 1;
        let delivery = state.deliveries;
        let times = state.handed.entry(job.id).or_default();
        *times += 1;
        let times = *times;
        let execution = state.execution(job.execution);
        let condition = job.condition.map_or("", |condition| condition.as_str());
        let name = format!(
            "run {} {execution} {} {condition} {} {} {times}",
            job.pipeline, job.stage, job.action, job.attempt
        );
        state.alive.insert(delivery, (job.id, job.attempt));
        state.note(What::Handed {
            delivery,
            job: Box::new(job.clone()),
        });
        (delivery, Chance::named(self.seed, &name))
    }

    /// A job arrives at a worker.
    pub(crate) fn hand_to_worker(&self, job: &Job) -> u64 {
        let mut state = self.state();
        state.deliveries += 1;
        let delivery = state.deliveries;
        let job = Box::new(job.clone());
        state.note(What::Handed { delivery, job });
        delivery
    }

    pub(crate) fn command(&self) -> u64 {
        let mut state = self.state();
        state.commands += 1;
        state.commands
    }
}

impl State {
    /// A life begins; what happened before lies a second back.
    pub(crate) fn begin(&mut self) {
        self.life = Some(Instant::now());
        self.killed = Arc::default();
    }

    /// From now on time stands still.
    pub(crate) fn end(&mut self) {
        self.before = self.now() + Duration::from_secs(1);
        self.life = None;
        self.alive.clear();
        self.delivering.clear();
        self.skipped = None;
    }

    /// Since the history began.
    pub(crate) fn now(&self) -> Duration {
        self.before + self.life.map_or(Duration::ZERO, |life| life.elapsed())
    }

    pub(crate) fn note(&mut self, what: What) {
        let at = self.now();
        self.journal.add(at, what);
    }

    /// Executions are told apart by numbers.
    pub(crate) fn execution(&mut self, id: ExecutionId) -> u64 {
        let next = self.executions.len() as u64 + 1;
        *self.executions.entry(id).or_insert(next)
    }
}
