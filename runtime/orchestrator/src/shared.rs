//! What all owners and attempts share, and the doorbell that wakes followers.

use crate::clock::Clock;
use crate::orchestrator::Settings;
use crate::runner::Runner;
use lockgate_artifacts::Artifacts;
use lockgate_model::id::ExecutionId;
use lockgate_store::Store;
use std::sync::Arc;
use tokio::sync::{Semaphore, broadcast};

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) artifacts: Artifacts,
    pub(crate) runner: Arc<dyn Runner>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// How many jobs may run at a time.
    pub(crate) slots: Semaphore,
    /// Rings with the execution that has something new on disk. Whoever misses
    /// a ring reads the store, so nothing depends on it.
    pub(crate) doorbell: broadcast::Sender<ExecutionId>,
}

impl Shared {
    pub(crate) fn ring(&self, execution: ExecutionId) {
        // Nobody listening is the usual case.
        let _ = self.doorbell.send(execution);
    }
}
