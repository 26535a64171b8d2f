//! What waits to be written. Bounded: whoever brings more waits. Logs have a
//! lane of their own, so that they never stand before a change. Knows nothing
//! of transactions; the writer empties it.

use crate::error::StoreError;
use crate::fault::Fault;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use tokio::sync::{Semaphore, oneshot};

/// Something to write inside a transaction that others may share.
pub(crate) trait Write: Send {
    /// Writes. May be called again after the transaction was rolled back.
    fn apply(&mut self, connection: &Connection) -> Result<(), Fault>;
    /// Tells whoever waits. After this with `Ok`, the writing is on disk.
    fn answer(self: Box<Self>, result: Result<(), StoreError>);
}

/// The one way to write: a closure and somebody who waits for its value.
pub(crate) struct Request<T, F> {
    pub(crate) work: F,
    pub(crate) value: Option<T>,
    pub(crate) reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Write for Request<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Fault> + Send,
{
    fn apply(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.value = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, result: Result<(), StoreError>) {
        let Self { value, reply, .. } = *self;
        let value = result.and_then(|()| value.ok_or(StoreError::Closed));
        // Whoever asked may have gone: the writing stands all the same.
        let _ = reply.send(value);
    }
}

/// Which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Somebody waits for the disk.
    Change,
    /// Logs of so many bytes.
    Log(u32),
}

/// What is written together.
pub(crate) struct Group {
    pub(crate) writes: Vec<Box<dyn Write>>,
    /// At least one of them is a change.
    pub(crate) durable: bool,
}

/// Changes in one group at most.
const GROUP_CHANGES: usize = 256;
/// Bytes of logs in one group at most, apart from the first.
const GROUP_LOG_BYTES: u32 = 64 << 10;
/// Bytes of logs that may wait.
const QUEUED_LOG_BYTES: u32 = 4 << 20;

pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    change_room: Semaphore,
    log_room: Semaphore,
}

#[derive(Default)]
struct State {
    changes: VecDeque<Box<dyn Write>>,
    logs: VecDeque<(Box<dyn Write>, u32)>,
    closed: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.logs.is_empty()
    }
}

impl Queue {
    pub(crate) fn new(changes: usize) -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            change_room: Semaphore::new(changes.clamp(1, Semaphore::MAX_PERMITS)),
            log_room: Semaphore::new(QUEUED_LOG_BYTES as usize),
        }
    }

    /// Waits for room and takes its place in the lane.
    pub(crate) async fn push(&self, write: Box<dyn Write>, lane: Lane) -> Result<(), StoreError> {
        let permit = match lane {
            Lane::Change => self.change_room.acquire().await,
            Lane::Log(bytes) => self.log_room.acquire_many(room_for(bytes)).await,
        };
        permit.map_err(|_| StoreError::Closed)?.forget();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return Err(StoreError::Closed);
        }
        match lane {
            Lane::Change => state.changes.push_back(write),
            Lane::Log(bytes) => state.logs.push_back((write, bytes)),
        }
        Ok(())
    }

    /// Wakes the writer's thread.
    pub(crate) fn ring(&self) {
        // Under the lock, so that a thread about to wait hears it.
        let _state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_one();
    }

    /// Waits until there is something to write; false: never again.
    pub(crate) fn wait(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self
            .wake
            .wait_while(state, |state| state.is_empty() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        !state.is_empty()
    }

    /// Takes what is to be written next; nothing where nothing waits. Says
    /// also whether more waits.
    pub(crate) fn take(&self) -> (Group, bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = state.changes.len().min(GROUP_CHANGES);
        let mut writes: Vec<_> = state.changes.drain(..changes).collect();
        let mut bytes = 0u32;
        let mut room = 0usize;
        while let Some((write, size)) = state.logs.pop_front() {
            let sum = bytes.saturating_add(size);
            if bytes > 0 && sum > GROUP_LOG_BYTES {
                state.logs.push_front((write, size));
                break;
            }
            bytes = sum;
            room = room.saturating_add(room_for(size) as usize);
            writes.push(write);
        }
        let more = !state.is_empty();
        drop(state);
        self.change_room.add_permits(changes);
        self.log_room.add_permits(room);
        let durable = changes > 0;
        (Group { writes, durable }, more)
    }

    /// Refuses whatever comes from now on.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        self.change_room.close();
        self.log_room.close();
        self.wake.notify_all();
    }

    /// Drops what waits: the writer is gone, and nobody must wait for it.
    pub(crate) fn abandon(&self) {
        self.close();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = std::mem::take(&mut *state);
        state.closed = true;
        drop(state);
        drop(dropped);
    }
}

/// A piece larger than the whole room waits for all of it.
fn room_for(bytes: u32) -> u32 {
    bytes.clamp(1, QUEUED_LOG_BYTES)
}
