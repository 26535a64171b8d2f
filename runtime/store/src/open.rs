//! The files of a store: the lock that keeps a second server out, the database,
//! and how its connections are set.

use crate::deletion;
use crate::error::StoreError;
use crate::fault::{Fault, explain};
use crate::migration;
use crate::table::pipeline;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Held as long as the store is open; the operating system lets go of it when
/// the process ends, however it ends.
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave it to a child that was forked and has not
        // got to its exec yet.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the lock of the store is released by the exit only");
        }
    }
}

impl Lock {
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        let io = |error: std::io::Error| fault_of(&lock, &error);
        let mut file = private().read(true).open(&lock).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = file.read_to_string(&mut pid);
                let pid = match (read, pid.trim()) {
                    (Ok(_), pid) if !pid.is_empty() => pid.to_owned(),
                    _ => "unknown".to_owned(),
                };
                return Err(StoreError::InUse {
                    path: database.to_owned(),
                    lock,
                    pid,
                });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { file })
    }
}

/// Makes the database where there is none, refuses one that is not ours, brings
/// it up to date, and ends deletions that a crash has interrupted.
pub(crate) fn prepare(path: &Path, durable: bool) -> Result<Connection, StoreError> {
    let file = private().open(path).map_err(|e| fault_of(path, &e))?;
    // Closed before SQLite locks it: closing later would drop those locks.
    drop(file);
    let translate = |fault: Fault| fault.explain(path);
    let mut connection = open(path).map_err(|e| explain(&e, path))?;
    migration::recognise(&connection, path).map_err(translate)?;
    restrict(path).map_err(|e| fault_of(path, &e))?;
    set_up_writer(&connection, durable).map_err(|e| explain(&e, path))?;
    migration::migrate(&mut connection, path).map_err(translate)?;
    end_deletions(&mut connection).map_err(translate)?;
    if durable {
        reserve_log(&connection, path);
    }
    Ok(connection)
}

/// Bytes of write-ahead log that are there from the start.
const RESERVED: usize = 8 << 20;

/// Fills the empty write-ahead log with zeros, because waiting for the disk is
/// shorter where a file does not grow. To SQLite zeros after the last frame, or
/// instead of the first, are the end of the log. Only a matter of speed: where
/// it fails, the log is left empty.
fn reserve_log(connection: &Connection, path: &Path) {
    let empty = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0).map(|busy| busy == 0)
    });
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    let Ok(mut file) = OpenOptions::new().write(true).open(PathBuf::from(name)) else {
        return;
    };
    if !matches!(empty, Ok(true)) || !file.metadata().is_ok_and(|file| file.len() == 0) {
        return;
    }
    let zeros = vec![0; 1 << 20];
    let filled = (0..RESERVED / zeros.len())
        .try_for_each(|_| file.write_all(&zeros))
        .and_then(|()| file.sync_all());
    if let Err(error) = filled {
        tracing::warn!(%error, "no room to reserve for the write-ahead log");
        // Nothing else is open here yet that could have written a frame.
        let _ = file.set_len(0);
    }
}

fn set_up_writer(connection: &Connection, durable: bool) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    let level = if durable { "FULL" } else { "OFF" };
    connection.pragma_update(None, "synchronous", level)?;
    // Checkpoints are the checkpointer's.
    connection.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
    // A log that once grew beyond this is cut when it starts over. Smaller
    // ones keep their blocks: writing over them is faster than growing.
    connection.query_row("PRAGMA journal_size_limit = 67108864", [], |_| Ok(()))
}

fn end_deletions(connection: &mut Connection) -> Result<(), Fault> {
    for (tenant, name) in pipeline::deleting(connection)? {
        loop {
            let transaction = connection.transaction()?;
            let done = deletion::step(&transaction, &tenant, &name)?;
            transaction.commit()?;
            if done {
                break;
            }
        }
    }
    Ok(())
}

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> Result<Connection, StoreError> {
    open(path)
        .and_then(|connection| {
            connection.pragma_update(None, "query_only", true)?;
            Ok(connection)
        })
        .map_err(|e| explain(&e, path))
}

/// A connection for the checkpointer.
pub(crate) fn checkpointer(path: &Path, durable: bool) -> Result<Connection, StoreError> {
    open(path)
        .and_then(|connection| {
            let level = if durable { "FULL" } else { "OFF" };
            connection.pragma_update(None, "synchronous", level)?;
            Ok(connection)
        })
        .map_err(|e| explain(&e, path))
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    Ok(connection)
}

/// Files that nobody else may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// The database may have been made with wider permissions by a copy.
fn restrict(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn fault_of(path: &Path, error: &std::io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            StoreError::Full(path)
        }
        _ => StoreError::Io {
            path,
            reason: error.to_string(),
        },
    }
}
