//! What can go wrong with what WASI's file functions cannot say of a tree:
//! modes, links, copies and exchanges.

use crate::{Failure, FailureType};

/// A file function refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// The path is in no directory of this job, or in a read-only one.
    #[error("{0}")]
    Denied(String),
    /// Nothing is there.
    #[error("{0}")]
    NotFound(String),
    /// The job's limit on files or bytes.
    #[error("{0}")]
    Limit(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl From<ArtifactError> for Failure {
    fn from(error: ArtifactError) -> Self {
        let kind = match error {
            ArtifactError::Denied(_) => FailureType::PermissionError,
            ArtifactError::NotFound(_) => FailureType::JobFailed,
            ArtifactError::Limit(_) | ArtifactError::Failed(_) => FailureType::SystemUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}
