//! The doorbell: tells the followers of an execution that something new is on
//! disk. Only they are woken, and a ring between two looks is not lost.

use lockgate_model::id::ExecutionId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

#[derive(Clone, Default)]
pub(crate) struct Doorbell(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    closed: bool,
    /// Only executions that somebody follows.
    bells: HashMap<ExecutionId, watch::Sender<()>>,
}

/// One follower's ear.
pub(crate) struct Bell {
    doorbell: Doorbell,
    execution: ExecutionId,
    receiver: Option<watch::Receiver<()>>,
}

impl Doorbell {
    /// From now on every ring for this execution is heard.
    pub(crate) fn listen(&self, execution: ExecutionId) -> Bell {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = (!state.closed).then(|| {
            let bell = state.bells.entry(execution);
            bell.or_insert_with(|| watch::channel(()).0).subscribe()
        });
        Bell {
            doorbell: self.clone(),
            execution,
            receiver,
        }
    }

    pub(crate) fn ring(&self, execution: ExecutionId) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = state.bells.get(&execution) {
            bell.send_replace(());
        }
    }

    /// Nothing new will come.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        state.bells.clear();
    }
}

impl Bell {
    /// Waits for a ring since the last one that was heard; false: none will come.
    pub(crate) async fn rung(&mut self) -> bool {
        match &mut self.receiver {
            Some(receiver) => receiver.changed().await.is_ok(),
            None => false,
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        let mut state = self
            .doorbell
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        drop(self.receiver.take());
        let deaf = state
            .bells
            .get(&self.execution)
            .is_some_and(|bell| bell.receiver_count() == 0);
        if deaf {
            state.bells.remove(&self.execution);
        }
    }
}
