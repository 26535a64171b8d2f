//! What time it is. The rest of this crate asks here and nowhere else, so that
//! a test can let a week pass at once.

use lockgate_model::time::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of time.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's.
    System,
    /// Starts at a given time and follows tokio's, which a test can pause and
    /// advance.
    Simulated {
        /// What time it was …
        start: Timestamp,
        /// … at this instant.
        since: tokio::time::Instant,
    },
    /// The same, and a test sets it now and then, as people set a machine's.
    Settable {
        /// What time it would be, in milliseconds since the Unix epoch, …
        start: &'static AtomicI64,
        /// … at this instant.
        since: tokio::time::Instant,
    },
}

impl Clock {
    /// A simulated clock that starts now, at `start`.
    #[must_use]
    pub fn simulated(start: Timestamp) -> Self {
        Self::Simulated {
            start,
            since: tokio::time::Instant::now(),
        }
    }

    /// A simulated clock that starts now and is set by setting `start`.
    #[must_use]
    pub fn settable(start: &'static AtomicI64) -> Self {
        Self::Settable {
            start,
            since: tokio::time::Instant::now(),
        }
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match self {
            Self::System => Timestamp(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map(millis)
                    .unwrap_or_default(),
            ),
            Self::Simulated { start, since } => {
                Timestamp(start.0.saturating_add(millis(since.elapsed())))
            }
            Self::Settable { start, since } => {
                let start = start.load(Ordering::Relaxed);
                Timestamp(start.saturating_add(millis(since.elapsed())))
            }
        }
    }

    /// Ends at `time`, or a little later. Looks at the clock again at least once
    /// an hour, because the machine's clock may be set.
    pub async fn sleep_until(&self, time: Timestamp) {
        loop {
            let left = time.since(self.now());
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left.min(3_600_000))).await;
        }
    }
}
