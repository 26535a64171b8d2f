//! A running orchestrator and everything that a test needs to move it. Time
//! stands still until the test lets it pass.

use crate::faults::Faults;
use crate::script::{Call, Question, Script};
use lockgate_artifacts::{Artifacts, TreeLimits};
use lockgate_execution::{Event, PipelineState};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::{Clock, Entry, Follow, Orchestrator, Settings, Start};
use lockgate_store::{Options, Store};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) const BEGINNING: Timestamp = Timestamp(1_700_000_000_000);
pub(crate) const DAY: u64 = 24 * 60 * 60;

pub(crate) struct House {
    pub(crate) orchestrator: Orchestrator,
    pub(crate) calls: mpsc::UnboundedReceiver<Call>,
    pub(crate) questions: mpsc::UnboundedReceiver<Question>,
    pub(crate) work: PathBuf,
    pub(crate) faults: Faults,
    /// What time it was when this life began; setting it sets the clock.
    pub(crate) began: &'static AtomicI64,
    pub(crate) by: Principal,
    pub(crate) tenant: TenantId,
    /// While a blocking thread runs, tokio's clock does not run ahead by itself
    /// to the next timer: it would while the store's thread is writing.
    _still: std::sync::mpsc::Sender<()>,
}

#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) at: Timestamp,
    pub(crate) poll_seconds: Option<u64>,
    pub(crate) jobs: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            at: BEGINNING,
            poll_seconds: None,
            jobs: 100,
        }
    }
}

/// One life of a server on a directory. However it ends, it ends like a killed
/// process: nothing is waited for.
pub(crate) fn life<T>(directory: &Path, plan: Plan, test: impl AsyncFnOnce(&mut House) -> T) -> T {
    life_on(directory, plan, Faults::default(), test)
}

/// A life on a disk that fails from the beginning.
pub(crate) fn life_on<T>(
    directory: &Path,
    plan: Plan,
    faults: Faults,
    test: impl AsyncFnOnce(&mut House) -> T,
) -> T {
    // Gone with this function; something that never comes must not hang the run.
    let (_ended, wait) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        if wait.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout) {
            eprintln!("a test waits for something that does not come");
            std::process::abort();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut house = House::open(directory, plan, faults).await;
        test(&mut house).await
    })
}

/// A life on a directory of its own.
pub(crate) fn alone<T>(test: impl AsyncFnOnce(&mut House) -> T) -> T {
    let directory = tempfile::tempdir().unwrap();
    life(directory.path(), Plan::default(), test)
}

impl House {
    pub(crate) async fn open(directory: &Path, plan: Plan, faults: Faults) -> Self {
        let (still, forever) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || {
            let _ = forever.recv();
        });
        let options = Options {
            durable: false,
            ..Options::default()
        };
        let store = Store::open_with(&directory.join("lockgate.db"), &options, faults.hook());
        let store = store.unwrap();
        let artifacts = Artifacts::open(&directory.join("artifacts")).unwrap();
        let (script, calls, questions) = Script::new();
        let work = directory.join("work");
        let settings = Settings {
            work: work.clone(),
            caches: directory.join("caches"),
            cache_limits: TreeLimits {
                bytes: 1 << 20,
                entries: 100,
            },
            jobs: plan.jobs,
            poll_seconds: plan.poll_seconds,
            region: "us-east-1".into(),
            address: Some("https://lockgate.example".into()),
            update_policy: lockgate_execution::UpdatePolicy::Cancel,
        };
        // Eight bytes a life: a clock is copied, and may outlive it.
        let began: &AtomicI64 = Box::leak(Box::new(AtomicI64::new(plan.at.0)));
        let clock = Clock::settable(began);
        let orchestrator = Orchestrator::start(store, artifacts, script, clock, settings)
            .await
            .unwrap();
        Self {
            orchestrator,
            calls,
            questions,
            work,
            faults,
            began,
            by: Principal("somebody".into()),
            tenant: "111122223333".parse().unwrap(),
            _still: still,
        }
    }

    pub(crate) async fn create(&self, definition: Pipeline) {
        let made = self
            .orchestrator
            .create_pipeline(&self.tenant, definition, &self.by);
        made.await.unwrap();
    }

    pub(crate) async fn start(&self, name: &str) -> ExecutionId {
        let start = Start::by(&self.by);
        let started = self
            .orchestrator
            .start_execution(&self.tenant, name, start, &self.by);
        started.await.unwrap()
    }

    pub(crate) async fn stop(&self, name: &str, id: ExecutionId, abandon: bool) {
        let stopped = self.orchestrator.stop_execution(
            &self.tenant,
            name,
            id,
            abandon,
            "enough".into(),
            &self.by,
        );
        stopped.await.unwrap();
    }

    /// The next job that is handed out, which must be this action's.
    pub(crate) async fn call(&mut self, action: &str) -> Call {
        let call = self.calls.recv().await.unwrap();
        assert_eq!(call.job.action, action);
        call
    }

    pub(crate) fn no_call(&mut self) {
        let call = self.calls.try_recv();
        assert!(call.is_err(), "{:?}", call.map(|call| call.job.action));
    }

    pub(crate) fn follow(&self, execution: ExecutionId) -> Follow {
        self.orchestrator.follow(&self.tenant, execution, true)
    }

    /// Reads until an event of this name, which it returns.
    pub(crate) async fn until(&self, follow: &mut Follow, name: &str) -> Event {
        loop {
            let entry = follow.next().await.unwrap();
            let entry = entry.unwrap_or_else(|| panic!("it ended before {name}"));
            if let Entry::Event { recorded, .. } = entry
                && recorded.event.name() == name
            {
                return recorded.event;
            }
        }
    }

    /// All events of an execution so far, by name, with their actions.
    pub(crate) async fn events(&self, execution: ExecutionId) -> Vec<String> {
        let mut follow = self.orchestrator.follow(&self.tenant, execution, false);
        let mut events = vec![];
        while let Some(entry) = follow.next().await.unwrap() {
            if let Entry::Event { recorded, .. } = entry {
                let event = &recorded.event;
                events.push(match event.action() {
                    Some(action) => format!("{} {action}", event.name()),
                    None => event.name().to_owned(),
                });
            }
        }
        events
    }

    /// What is read until the execution ends.
    pub(crate) async fn rest(&self, mut follow: Follow) -> Vec<Entry> {
        let mut entries = vec![];
        while let Some(entry) = follow.next().await.unwrap() {
            entries.push(entry);
        }
        entries
    }

    pub(crate) async fn state(&self, name: &str) -> PipelineState {
        self.orchestrator.state(&self.tenant, name).await.unwrap()
    }

    pub(crate) async fn pass(&self, seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    /// Lets everything happen that needs no time: what a decision leads to is
    /// done when the owner has answered the next question.
    pub(crate) async fn settle(&self, name: &str) {
        for _ in 0..20 {
            self.state(name).await;
            tokio::task::yield_now().await;
        }
    }

    /// Directories of attempts that are there.
    pub(crate) fn directories(&self) -> usize {
        std::fs::read_dir(&self.work).unwrap().count()
    }

    /// Waits until no attempt has a directory. Removing is not told to anybody.
    pub(crate) async fn no_directories(&self) {
        while self.directories() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn names(entries: &[Entry]) -> Vec<String> {
    let name = |entry: &Entry| match entry {
        Entry::Event { recorded, .. } => recorded.event.name().to_owned(),
        Entry::Log { line, .. } => format!("'{}'", line.text),
    };
    entries.iter().map(name).collect()
}
