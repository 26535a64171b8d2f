//! The handle: the one door to what survives a crash.

use crate::apply::apply;
use crate::change::Change;
use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::fault::Fault;
#[cfg(feature = "fault-injection")]
use crate::injection::Hook;
use crate::injection::{Access, Seam};
use crate::lease::{Claim, ClaimedJob, LeaseToken};
use crate::queue::{Lane, Queue, Request};
use crate::readers::Readers;
use crate::record::Job;
use crate::table::{idempotency, job};
use crate::writer::Writer;
use crate::{deletion, open};
use lockgate_model::id::{JobId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::runtime::RuntimeFlavor;
use tokio::sync::oneshot;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read, at least 1.
    pub readers: usize,
    /// Changes that may wait to be written before `commit` waits for room.
    pub queue: usize,
    /// Whether an acknowledged change survives a loss of power. Off only for
    /// tests and throw-away runs; a killed process loses nothing either way.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 2,
            queue: 1024,
            durable: true,
        }
    }
}

/// A handle on the store; cheap to clone. Dropping the last one writes what
/// waits and closes the database.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Arc<Queue>,
    writer: Arc<Mutex<Writer>>,
    checkpointer: Arc<Checkpointer>,
    readers: Arc<Readers>,
    seam: Seam,
    transactions: Arc<AtomicU64>,
    path: PathBuf,
    threads: Vec<JoinHandle<()>>,
    // Dropped in this order: the lock goes when the database is closed, the
    // directory last.
    _lock: open::Lock,
    _directory: Option<tempfile::TempDir>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
        self.checkpointer.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!(path = %self.path.display(), "a thread of the store panicked");
            }
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.inner.path).finish()
    }
}

impl Store {
    /// Opens the database at `path`, a file that is made where there is none,
    /// and brings its schema up to date. Blocks for some milliseconds.
    ///
    /// # Errors
    /// `InUse`, `Newer`, `Foreign`, `Full`, `Io`.
    pub fn open(path: &Path, options: &Options) -> Result<Self, StoreError> {
        Self::start(path, options, None, Seam::default())
    }

    /// The same, with somebody between the store and all who use it.
    ///
    /// # Errors
    /// As `open`.
    #[cfg(feature = "fault-injection")]
    pub fn open_with(path: &Path, options: &Options, hook: Hook) -> Result<Self, StoreError> {
        Self::start(path, options, None, Seam::with(hook))
    }

    /// Whether no server has this database open; also where there is none.
    #[must_use]
    pub fn is_free(path: &Path) -> bool {
        !path.exists() || crate::open::Lock::take(path).is_ok()
    }

    /// A store of its own in a temporary directory, gone with the last handle.
    /// Not durable.
    ///
    /// # Errors
    /// As `open`.
    pub fn temporary() -> Result<Self, StoreError> {
        let directory = tempfile::tempdir().map_err(|error| StoreError::Io {
            path: std::env::temp_dir(),
            reason: error.to_string(),
        })?;
        let path = directory.path().join("lockgate.db");
        let options = Options {
            durable: false,
            ..Options::default()
        };
        Self::start(&path, &options, Some(directory), Seam::default())
    }

    fn start(
        path: &Path,
        options: &Options,
        directory: Option<tempfile::TempDir>,
        seam: Seam,
    ) -> Result<Self, StoreError> {
        let lock = open::Lock::take(path)?;
        let connection = open::prepare(path, options.durable)?;
        let readers = (0..options.readers.max(1))
            .map(|_| open::reader(path))
            .collect::<Result<Vec<_>, _>>()?;
        let background = open::checkpointer(path, options.durable)?;
        let queue = Arc::new(Queue::new(options.queue));
        let checkpointer = Arc::new(Checkpointer::default());
        let transactions = Arc::new(AtomicU64::new(0));
        let writer = Writer::new(
            connection,
            path.to_owned(),
            queue.clone(),
            checkpointer.clone(),
            transactions.clone(),
            options.durable,
        )
        .map_err(|e| Fault::from(e).explain(path))?;
        let writer = Arc::new(Mutex::new(writer));
        // Made before its threads: on an error its drop ends those that run.
        let mut inner = Inner {
            queue: queue.clone(),
            writer: writer.clone(),
            checkpointer: checkpointer.clone(),
            readers: Arc::new(Readers::new(path.to_owned(), readers, seam.clone())),
            seam,
            transactions,
            path: path.to_owned(),
            threads: Vec::new(),
            _lock: lock,
            _directory: directory,
        };
        inner.threads.push(spawn(path, "store-writer", move || {
            let gone = Abandon(queue);
            while gone.0.wait() {
                let Ok(mut writer) = writer.lock() else {
                    break;
                };
                writer.serve();
            }
        })?);
        inner.threads.push(spawn(path, "store-checkpoint", move || {
            checkpointer.work(&background);
        })?);
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// How many transactions were written since the opening. Set against the
    /// number of changes it tells how many shared one.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.inner.transactions.load(Ordering::Relaxed)
    }

    /// Puts one change on disk and returns the pipeline's new version. When
    /// this returns the change is durable. Changes that come at the same time
    /// share one write; each succeeds or fails alone. Changes handed over one
    /// after the other are written in that order.
    ///
    /// Dropping the future does not take back a change that was handed over. On
    /// a multi-threaded runtime this may write on the calling thread, and so
    /// must not be called from inside of a `LocalSet` there.
    ///
    /// # Errors
    /// `Conflict`, `Stale`, `TokenUsed`, `Deleting`, `Contradiction`, `Full`,
    /// `Io`, `Closed`.
    pub async fn commit(&self, change: Change) -> Result<u64, StoreError> {
        let change = Arc::new(change);
        let seen = change.clone();
        let work = move |connection: &Connection| apply(connection, &change);
        let written = self.hand_over(Lane::Change, work);
        self.inner.seam.around(Access::Commit(&seen), written).await
    }

    /// Removes a pipeline and all its rows, in bounded steps between other
    /// changes. Its jobs are cancelled by the first step. It goes on when the
    /// future is dropped, and after a crash at the next opening.
    ///
    /// # Errors
    /// `Conflict` where the version is another (or there is no such pipeline),
    /// and as `commit`.
    pub async fn delete_pipeline(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let (store, tenant, name) = (self.clone(), tenant.clone(), pipeline.to_owned());
        let deletion = tokio::spawn(async move {
            let key = (tenant.clone(), name.clone());
            store
                .write(Lane::Change, move |connection| {
                    deletion::begin(connection, &key.0, &key.1, expected_version)
                })
                .await?;
            loop {
                let key = (tenant.clone(), name.clone());
                let done = store
                    .write(Lane::Change, move |connection| {
                        deletion::step(connection, &key.0, &key.1)
                    })
                    .await?;
                if done {
                    return Ok(());
                }
            }
        });
        deletion.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Forgets answers that were stored before `before`; returns how many.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn forget_idempotent_results(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(Lane::Change, move |connection| {
            Ok(idempotency::forget(connection, before)?)
        })
        .await
    }

    /// Leases ready jobs, those with expired leases first.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn claim(&self, claim: Claim) -> Result<Vec<ClaimedJob>, StoreError> {
        self.write(Lane::Change, move |connection| {
            job::claim(connection, &claim)
        })
        .await
    }

    /// Prolongs a lease that has not been given to somebody else.
    ///
    /// # Errors
    /// `Stale`: the worker must stop. Else as `commit`.
    pub async fn heartbeat(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        job: JobId,
        token: LeaseToken,
        expires: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, pipeline) = (tenant.clone(), pipeline.to_owned());
        self.write(Lane::Change, move |connection| {
            job::heartbeat(connection, &tenant, &pipeline, job, token, expires)
        })
        .await
    }

    /// Takes back leases that expired at `at` or before, which makes late
    /// answers stale, and returns the jobs, now ready again.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn reap(&self, at: Timestamp, limit: u32) -> Result<Vec<Job>, StoreError> {
        self.write(Lane::Change, move |connection| {
            job::reap(connection, at, limit)
        })
        .await
    }

    pub(crate) fn readers(&self) -> &Arc<Readers> {
        &self.inner.readers
    }

    /// Everything that writes goes through here.
    pub(crate) async fn write<T, F>(&self, lane: Lane, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let access = match lane {
            Lane::Change => Access::Write,
            Lane::Log(_) => Access::Log,
        };
        let written = self.hand_over(lane, work);
        self.inner.seam.around(access, written).await
    }

    async fn hand_over<T, F>(&self, lane: Lane, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Request {
            work,
            value: None,
            reply,
        });
        self.inner.queue.push(request, lane).await?;
        self.serve();
        answer.await.unwrap_or(Err(StoreError::Closed))
    }
}

impl Store {
    /// Sees to it that what was queued is written. Where the writer is free this
    /// thread does it, which saves two changes of threads; else the writer's
    /// own thread does, together with all that came meanwhile. A disk that was
    /// slow the last time is not waited for at the expense of other tasks.
    fn serve(&self) {
        let Inner { writer, queue, .. } = &*self.inner;
        let may_block = tokio::runtime::Handle::try_current()
            .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        if may_block && let Ok(mut writer) = writer.try_lock() {
            let more = if writer.is_quick() {
                writer.serve()
            } else {
                tokio::task::block_in_place(|| writer.serve())
            };
            drop(writer);
            if !more {
                return;
            }
        }
        queue.ring();
    }
}

/// Nobody waits for a writer that is gone, however it went.
struct Abandon(Arc<Queue>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn spawn(
    path: &Path,
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| StoreError::Io {
            path: path.to_owned(),
            reason: format!("no thread could be started: {error}"),
        })
}
