//! A few connections that only read, each used by one query at a time, off the
//! async threads.

use crate::error::StoreError;
use crate::fault::explain;
use crate::injection::{Access, Seam};
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    seam: Seam,
}

/// A connection on loan; goes back by itself, also when a query panics.
struct Loan {
    readers: Arc<Readers>,
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Loan {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            let mut idle = self
                .readers
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
    }
}

impl Readers {
    pub(crate) fn new(path: PathBuf, connections: Vec<Connection>, seam: Seam) -> Self {
        let permits = Arc::new(Semaphore::new(connections.len()));
        Self {
            path,
            idle: Mutex::new(connections),
            permits,
            seam,
        }
    }

    /// Runs a query on a state of the database that does not change meanwhile.
    pub(crate) async fn read<T, F>(self: &Arc<Self>, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.seam.around(Access::Read, self.query(query)).await
    }

    async fn query<T, F>(self: &Arc<Self>, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let connection = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let loan = Loan {
            readers: self.clone(),
            connection,
            _permit: permit,
        };
        tokio::task::spawn_blocking(move || {
            let connection = loan.connection.as_ref().ok_or(StoreError::Closed)?;
            let snapshot = connection.unchecked_transaction();
            snapshot
                .and_then(|snapshot| {
                    let found = query(connection)?;
                    snapshot.finish()?;
                    Ok(found)
                })
                .map_err(|error| explain(&error, &loan.readers.path))
        })
        .await
        .unwrap_or(Err(StoreError::Closed))
    }
}
