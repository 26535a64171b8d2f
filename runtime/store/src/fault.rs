//! What a statement answers when it does not do what was asked: a refusal that
//! the caller understands, or the database's own error, translated here and
//! nowhere else.

use crate::error::StoreError;
use rusqlite::ErrorCode;
use rusqlite::ffi;
use std::path::Path;

/// A refusal or a fault inside a transaction.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Decided here: only this change is affected.
    Refused(StoreError),
    /// Said by the database.
    Database(rusqlite::Error),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl Fault {
    /// Whether the whole transaction is in doubt, not only this change.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Database(error) => {
                error.sqlite_error_code() != Some(ErrorCode::ConstraintViolation)
            }
        }
    }

    /// In the words of the caller.
    pub(crate) fn explain(self, path: &Path) -> StoreError {
        match self {
            Self::Refused(error) => error,
            Self::Database(error) => explain(&error, path),
        }
    }
}

/// A database error in the words of the caller.
pub(crate) fn explain(error: &rusqlite::Error, path: &Path) -> StoreError {
    let path = path.to_owned();
    let reason = error.to_string();
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        return StoreError::Damaged { path, reason };
    };
    match (failure.code, failure.extended_code) {
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_WRITE) => {
            StoreError::Full(path)
        }
        (ErrorCode::ConstraintViolation, _) => StoreError::Contradiction(reason),
        (ErrorCode::NotADatabase, _) => StoreError::Foreign(path),
        (ErrorCode::DatabaseCorrupt, _) => StoreError::Damaged { path, reason },
        _ => StoreError::Io { path, reason },
    }
}
