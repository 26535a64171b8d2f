//! One life of a server: opened on the directory that the last one left, and
//! ended in one of the ways in which servers end.

use crate::definitions::Taste;
use crate::disk::hook;
use crate::journal::What;
use crate::provider::Provider;
use crate::world::World;
use lockgate_artifacts::{Artifacts, TreeLimits};
use lockgate_execution::UpdatePolicy;
use lockgate_model::id::TenantId;
use lockgate_orchestrator::{Clock, Orchestrator, OrchestratorError, Settings};
use lockgate_store::{Options, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::time::Instant;

/// Seconds between two questions to a source.
pub(crate) const POLL_SECONDS: u64 = 300;

/// A running orchestrator, as whoever uses it has it.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) orchestrator: Orchestrator,
    pub(crate) world: Arc<World>,
    pub(crate) tenant: TenantId,
    pub(crate) clock: Clock,
    pub(crate) manner: Manner,
    pub(crate) work: PathBuf,
}

/// What all servers of a history have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Jobs that run at a time.
    pub(crate) jobs: usize,
    pub(crate) update_policy: UpdatePolicy,
    pub(crate) taste: Taste,
}

/// Where a history takes place.
pub(crate) struct Ground {
    pub(crate) path: PathBuf,
    /// What time it is on the machine.
    pub(crate) wall: &'static AtomicI64,
}

pub(crate) fn tenant() -> TenantId {
    "111122223333".parse().unwrap()
}

pub(crate) fn options() -> Options {
    Options {
        durable: false,
        ..Options::default()
    }
}

impl House {
    pub(crate) async fn open(
        world: &Arc<World>,
        ground: &Ground,
        manner: Manner,
    ) -> Result<Self, OrchestratorError> {
        let Ground { path, wall } = ground;
        let clock = Clock::settable(wall);
        let store = Store::open_with(&path.join("lockgate.db"), &options(), hook(world))?;
        let artifacts = Artifacts::open(&path.join("artifacts")).unwrap();
        let provider = Arc::new(Provider::new(world.clone(), clock));
        let work = path.join("work");
        let settings = Settings {
            work: work.clone(),
            caches: path.join("caches"),
            cache_limits: TreeLimits {
                bytes: 1 << 20,
                entries: 100,
            },
            jobs: manner.jobs,
            poll_seconds: Some(POLL_SECONDS),
            region: "us-east-1".into(),
            address: None,
            update_policy: manner.update_policy,
        };
        let started = Orchestrator::start(store, artifacts, provider, clock, settings);
        Ok(Self {
            orchestrator: started.await?,
            world: world.clone(),
            tenant: tenant(),
            clock,
            manner,
            work,
        })
    }
}

/// A life: a runtime of its own, which is gone with it as with a killed process.
/// Time passes as soon as nobody has anything else to do.
pub(crate) fn life<T>(world: &Arc<World>, wall: &AtomicI64, live: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        // Files are handled one after the other, in the order of their coming.
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let ended = runtime.block_on(async {
        {
            let mut state = world.state();
            state.begin();
            state.note(What::Begins);
        }
        let begun = Instant::now();
        let ended = live().await;
        let mut state = world.state();
        state.note(What::Ends);
        state.end();
        let lived = i64::try_from(begun.elapsed().as_millis()).unwrap_or(0);
        wall.fetch_add(lived, std::sync::atomic::Ordering::Relaxed);
        ended
    });
    drop(runtime);
    ended
}

/// Directories of attempts that are there.
pub(crate) fn directories(work: &Path) -> usize {
    std::fs::read_dir(work).map_or(0, Iterator::count)
}
