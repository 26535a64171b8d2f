//! The only one who writes. Takes all that waits, writes it in one transaction,
//! and tells everybody how it went. Knows nothing of what is written.

use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::queue::{Group, Queue, Write};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The connection that writes, and its books.
pub(crate) struct Writer {
    connection: Connection,
    path: PathBuf,
    queue: Arc<Queue>,
    checkpointer: Arc<Checkpointer>,
    /// Pages in the write-ahead log after the last transaction.
    wal_pages: Arc<AtomicU32>,
    /// Transactions that ended well.
    transactions: Arc<AtomicU64>,
    /// Whether changes wait for the disk at all.
    durable: bool,
    /// Whether the connection is set to wait for the disk now.
    waits_for_disk: bool,
    /// How long the last group took.
    last: Duration,
}

/// A write shorter than this is waited for by the thread that asked for it.
const QUICK: Duration = Duration::from_millis(1);

impl Writer {
    pub(crate) fn new(
        mut connection: Connection,
        path: PathBuf,
        queue: Arc<Queue>,
        checkpointer: Arc<Checkpointer>,
        transactions: Arc<AtomicU64>,
        durable: bool,
    ) -> rusqlite::Result<Self> {
        let wal_pages = Arc::new(AtomicU32::new(0));
        let pages = wal_pages.clone();
        // Also takes the place of SQLite's own checkpoint inside of commits.
        connection.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
            pages.store(u32::try_from(count).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            connection,
            path,
            queue,
            checkpointer,
            wal_pages,
            transactions,
            durable,
            waits_for_disk: durable,
            last: Duration::MAX,
        })
    }

    /// Whether the last group was written in so short a time that a task may
    /// wait for the next one where it is: giving its thread to others and
    /// taking it back would cost as much.
    pub(crate) fn is_quick(&self) -> bool {
        self.last < QUICK
    }

    /// Writes one group; says whether more waits.
    pub(crate) fn serve(&mut self) -> bool {
        let (group, more) = self.queue.take();
        if !group.writes.is_empty() {
            let started = Instant::now();
            self.write(group);
            self.last = started.elapsed();
            let pages = self.wal_pages.load(Ordering::Relaxed);
            self.checkpointer.note(pages, &self.connection);
        }
        more
    }

    fn write(&mut self, group: Group) {
        if let Err(error) = self.wait_for_disk(self.durable && group.durable) {
            let error = Fault::from(error).explain(&self.path);
            for write in group.writes {
                write.answer(Err(error.clone()));
            }
            return;
        }
        let mut writes = group.writes;
        match self.transaction(&mut writes) {
            Ok(results) => {
                for (write, result) in writes.into_iter().zip(results) {
                    write.answer(result);
                }
            }
            Err(fault) if writes.len() == 1 => self.report(writes, fault),
            // One that is too large for the disk must not take the others
            // with it: each gets a transaction of its own.
            Err(_) => {
                for write in writes {
                    let mut alone = vec![write];
                    match self.transaction(&mut alone) {
                        Ok(results) => {
                            for (write, result) in alone.into_iter().zip(results) {
                                write.answer(result);
                            }
                        }
                        Err(fault) => self.report(alone, fault),
                    }
                }
            }
        }
    }

    fn report(&self, writes: Vec<Box<dyn Write>>, fault: Fault) {
        let error = fault.explain(&self.path);
        tracing::error!(%error, "a write failed");
        for write in writes {
            write.answer(Err(error.clone()));
        }
    }

    /// One transaction for all. `Ok`: it was committed, and each write has its
    /// own result. `Err`: nothing was kept of any.
    fn transaction(
        &self,
        writes: &mut [Box<dyn Write>],
    ) -> Result<Vec<Result<(), StoreError>>, Fault> {
        let connection = &self.connection;
        self.run("BEGIN IMMEDIATE")?;
        let results = self.apply_all(writes);
        let ended = match results {
            Ok(results) if results.iter().any(Result::is_ok) => {
                self.run("COMMIT").map(|()| results).map_err(Fault::from)
            }
            Ok(results) => {
                self.run("ROLLBACK")?;
                return Ok(results);
            }
            Err(fault) => Err(fault),
        };
        match ended {
            Ok(results) => {
                self.transactions.fetch_add(1, Ordering::Relaxed);
                Ok(results)
            }
            Err(fault) => {
                // SQLite may have rolled back by itself.
                if !connection.is_autocommit() {
                    self.run("ROLLBACK")?;
                }
                Err(fault)
            }
        }
    }

    fn apply_all(
        &self,
        writes: &mut [Box<dyn Write>],
    ) -> Result<Vec<Result<(), StoreError>>, Fault> {
        // A lone write is taken back with its whole transaction.
        if let [write] = writes {
            return match write.apply(&self.connection) {
                Ok(()) => Ok(vec![Ok(())]),
                Err(fault) if fault.is_of_the_disk() => Err(fault),
                Err(fault) => Ok(vec![Err(fault.explain(&self.path))]),
            };
        }
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            self.run("SAVEPOINT one")?;
            let result = match write.apply(&self.connection) {
                Ok(()) => Ok(()),
                Err(fault) if fault.is_of_the_disk() || self.connection.is_autocommit() => {
                    return Err(fault);
                }
                Err(fault) => {
                    self.run("ROLLBACK TO one")?;
                    Err(fault.explain(&self.path))
                }
            };
            self.run("RELEASE one")?;
            results.push(result);
        }
        Ok(results)
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Logs alone do not wait for the disk: the next change takes them along.
    fn wait_for_disk(&mut self, wait: bool) -> rusqlite::Result<()> {
        if self.durable && wait != self.waits_for_disk {
            let level = if wait { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.waits_for_disk = wait;
        }
        Ok(())
    }
}
