//! What can go wrong with the store, named for what the caller can do about
//! it. Knows nothing of how a statement is written.

use lockgate_model::id::JobId;
use std::path::PathBuf;

/// A refusal or a fault. Every text is one sentence that may be shown to a
/// user. A change that is answered with an error has left nothing behind,
/// except as `Io` says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the pipeline first: load it again and decide anew.
    #[error("pipeline '{pipeline}' is at version {found}, not {expected}; load it and try again")]
    Conflict {
        /// The pipeline's name.
        pipeline: String,
        /// What the change was decided on.
        expected: u64,
        /// What is stored; 0: there is no such pipeline.
        found: u64,
    },
    /// The answer came too late: the job is done, cancelled, or leased anew.
    /// Drop it.
    #[error("job {job} is no longer leased under this token; its answer is dropped")]
    Stale {
        /// The job.
        job: JobId,
    },
    /// The idempotency token was used before: answer with what is stored.
    #[error("the request token '{token}' was used before")]
    TokenUsed {
        /// The token.
        token: String,
    },
    /// The pipeline of that name is still being deleted. Try again shortly.
    #[error("pipeline '{pipeline}' is still being deleted; try again in a moment")]
    Deleting {
        /// The pipeline's name.
        pipeline: String,
    },
    /// The rows contradict each other, such as two jobs with one id. A fault of
    /// the caller.
    #[error("the change contradicts what is stored: {0}")]
    Contradiction(String),
    /// No room on the disk. Nothing of the change was kept, and the store goes
    /// on once there is room.
    #[error("{} cannot grow: the disk or its quota is full; free some space and try again", .0.display())]
    Full(PathBuf),
    /// The disk failed. Whether the change was kept shows only by loading.
    #[error("{}: {reason}; check the disk, then load and try again", path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// Another server has this database open.
    #[error(
        "{} is in use by process {pid} (it holds {}); stop it, or use another data directory",
        path.display(),
        lock.display()
    )]
    InUse {
        /// The database.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
        /// Its process id, or `unknown`.
        pid: String,
    },
    /// Made by a newer Lockgate.
    #[error(
        "{} has schema {found} and this Lockgate knows up to {known}; run a newer Lockgate, or use another data directory",
        path.display()
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// Not a database, or not one of ours.
    #[error("{} is not a Lockgate database; use another data directory", .0.display())]
    Foreign(PathBuf),
    /// A row cannot be read: it was damaged, or written by something else.
    #[error("{} is damaged: {reason}; restore it from a backup", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// Which row, and how.
        reason: String,
    },
    /// The store was shut down.
    #[error("the store is closed")]
    Closed,
}
