//! Calls of function components, in words.

use crate::{Failure, FailureType};
use std::path::PathBuf;

/// Which function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A component file in one of the job's directories, by absolute path.
    File(PathBuf),
    /// An installed plugin of world `function`, by name.
    Plugin(String),
}

/// A function gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// Not granted.
    #[error("{0}")]
    Denied(String),
    /// No such file or plugin.
    #[error("{0}")]
    NotFound(String),
    /// Not a component of world `function`, or it asks for a capability that
    /// functions do not have.
    #[error("{0}")]
    Invalid(String),
    /// The function itself returned an error.
    #[error("{0}")]
    Failed(String),
    /// It trapped, ran too long or used too much.
    #[error("{0}")]
    Faulted(String),
}

impl From<InvokeError> for Failure {
    fn from(error: InvokeError) -> Self {
        let kind = match error {
            InvokeError::Denied(_) => FailureType::PermissionError,
            InvokeError::NotFound(_) | InvokeError::Invalid(_) => FailureType::ConfigurationError,
            InvokeError::Failed(_) | InvokeError::Faulted(_) => FailureType::JobFailed,
        };
        Self::new(kind, error.to_string())
    }
}
