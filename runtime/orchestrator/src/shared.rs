//! What all owners and attempts share. Knows nothing of what they do with it.

use crate::action_type::ActionTypes;
use crate::board::Board;
use crate::cache::Caches;
use crate::clock::Clock;
use crate::doorbell::Doorbell;
use crate::notification::lanes::Lanes;
use crate::orchestrator::Settings;
use crate::owners::Owners;
use crate::runner::Runner;
use lockgate_artifacts::Artifacts;
use lockgate_store::Store;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) artifacts: Artifacts,
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) caches: Caches,
    /// How many jobs may run at a time.
    pub(crate) slots: Semaphore,
    /// How many sources may be asked at a time.
    pub(crate) questions: Semaphore,
    pub(crate) owners: Owners,
    /// What job workers can have.
    pub(crate) board: Board,
    /// What tenants made for them.
    pub(crate) action_types: ActionTypes,
    pub(crate) doorbell: Doorbell,
    /// Who is told of events.
    pub(crate) lanes: Lanes,
    /// Rung when a schedule was made or changed.
    pub(crate) schedules_changed: Notify,
    /// Everything that runs in the background, so that the end can wait for it.
    pub(crate) tasks: TaskTracker,
    /// Names the directories of attempts, each differently.
    pub(crate) directories: AtomicU64,
}
