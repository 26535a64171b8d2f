//! Which owner has which pipeline. Whoever sends a message to one does it here,
//! under one lock, so that an owner cannot end with a message unread. Nothing
//! is waited for under that lock.

use crate::error::OrchestratorError;
use crate::owner::Message;
use lockgate_execution::Rejected;
use lockgate_model::id::TenantId;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Names a pipeline.
pub(crate) type Key = (TenantId, String);

/// The way to an owner. Unbounded, because everybody who sends waits for an
/// answer or has just ended a job: there are never more messages than those.
pub(crate) type Mailbox = mpsc::UnboundedSender<Message>;

#[derive(Default)]
pub(crate) struct Owners(Mutex<State>);

#[derive(Default)]
struct State {
    closed: bool,
    pipelines: BTreeMap<Key, Place>,
}

/// What there is of a pipeline.
pub(crate) enum Place {
    /// Somebody who owns it.
    Owner(Mailbox),
    /// Its rows cannot be read; the others go on.
    Damaged(OrchestratorError),
}

impl Owners {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, key: Key, place: Place) {
        self.state().pipelines.insert(key, place);
    }

    /// Sends to the owner of a pipeline that is there.
    pub(crate) fn send(&self, key: &Key, message: Message) -> Result<(), OrchestratorError> {
        let state = self.state();
        match state.pipelines.get(key) {
            _ if state.closed => Err(OrchestratorError::ShuttingDown),
            Some(Place::Owner(owner)) => deliver(owner, message),
            Some(Place::Damaged(error)) => Err(error.clone()),
            None => Err(Rejected::PipelineNotFound {
                name: key.1.clone(),
            }
            .into()),
        }
    }

    /// Sends to the owner of a pipeline that may not be there yet.
    pub(crate) fn send_or_start(
        &self,
        key: &Key,
        message: Message,
        start: impl FnOnce() -> Mailbox,
    ) -> Result<(), OrchestratorError> {
        let mut state = self.state();
        if state.closed {
            return Err(OrchestratorError::ShuttingDown);
        }
        let place = state
            .pipelines
            .entry(key.clone())
            .or_insert_with(|| Place::Owner(start()));
        match place {
            Place::Owner(owner) => deliver(owner, message),
            Place::Damaged(error) => Err(error.clone()),
        }
    }

    /// An owner whose pipeline is not on disk leaves, unless somebody has just
    /// sent it something.
    pub(crate) fn leave(&self, key: &Key, mailbox: &mpsc::UnboundedReceiver<Message>) -> bool {
        let mut state = self.state();
        let leaves = mailbox.is_empty();
        if leaves {
            state.pipelines.remove(key);
        }
        leaves
    }

    /// Tells every owner to end, after what it was sent before.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for place in std::mem::take(&mut state.pipelines).into_values() {
            if let Place::Owner(owner) = place {
                // One that has ended by itself need not be told.
                let _ = owner.send(Message::End);
            }
        }
    }
}

fn deliver(owner: &Mailbox, message: Message) -> Result<(), OrchestratorError> {
    owner
        .send(message)
        .map_err(|_| OrchestratorError::ShuttingDown)
}
