//! Carries the write-ahead log back into the database, beside the writer and
//! not in its way: when the log has grown, and when nothing was written for a
//! while. The writer lends a hand only where the log grows faster than that.

use rusqlite::Connection;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Pages of the log after which the background carries them back: 2 MiB.
const GROWN: u32 = 512;
/// Pages after which the writer itself finishes the job, so that the log starts
/// over: 7 MiB, which is inside of what was reserved on opening.
const TOO_LARGE: u32 = 1792;
/// Pages after which the writer even waits for the background: 16 MiB.
const FAR_TOO_LARGE: u32 = 4096;
/// Nothing was written for so long.
const IDLE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Checkpointer {
    state: Mutex<State>,
    wake: Condvar,
    /// Held by the one who carries back: a second one would be turned away by
    /// SQLite without a word.
    carrying: Mutex<()>,
}

#[derive(Default)]
struct State {
    /// Something was written since the last round.
    written: bool,
    /// Something is in the log and not in the database.
    behind: bool,
    /// Pages in the log, and how many of them the last round saw.
    pages: u32,
    carried: u32,
    closed: bool,
}

impl State {
    fn grown(&self) -> bool {
        // A log that started over counts from its beginning.
        let carried = if self.carried > self.pages {
            0
        } else {
            self.carried
        };
        self.pages.saturating_sub(carried) >= GROWN
    }
}

impl Checkpointer {
    /// Called by the writer after each transaction.
    pub(crate) fn note(&self, pages: u32, writer: &Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = !state.behind;
        state.written = true;
        state.behind = true;
        state.pages = pages;
        let ring = slept || state.grown();
        drop(state);
        if ring {
            self.wake.notify_one();
        }
        if pages >= FAR_TOO_LARGE {
            let _carrying = self.carrying.lock();
            run(writer);
        } else if pages >= TOO_LARGE
            && let Ok(_carrying) = self.carrying.try_lock()
        {
            run(writer);
        }
    }

    pub(crate) fn close(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        self.wake.notify_one();
    }

    /// The thread: sleeps without a timer while there is nothing to do.
    pub(crate) fn work(&self, connection: &Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.closed {
            if !state.behind {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if !state.grown() {
                state.written = false;
                state = self
                    .wake
                    .wait_timeout_while(state, IDLE, |s| !s.closed && !s.grown())
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                if state.closed || (state.written && !state.grown()) {
                    continue;
                }
            }
            state.behind = false;
            state.carried = state.pages;
            drop(state);
            let carrying = self.carrying.lock();
            run(connection);
            drop(carrying);
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Carries back what no reader holds; never waits for anybody.
fn run(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        // Nothing is lost: the log stays, and the next round tries again.
        tracing::warn!(%error, "the write-ahead log could not be carried back");
    }
}
