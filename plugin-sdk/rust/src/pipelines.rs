//! Starts of other pipelines, in words.

use crate::{Failure, FailureType};

/// Which pipeline to start, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PipelineStart {
    /// Its name; it belongs to the same tenant.
    pub pipeline: String,
    /// Values of its variables.
    pub variables: Vec<(String, String)>,
    /// What its source actions take instead of the newest.
    pub source_revisions: Vec<SourceRevision>,
}

/// The revision that one source action takes instead of the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRevision {
    /// The source action's name.
    pub action: String,
    /// What kind of revision it is; absent: the source knows.
    pub kind: Option<RevisionType>,
    /// In the source's own terms.
    pub id: String,
}

/// CodePipeline's `SourceRevisionType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevisionType {
    /// Of a repository.
    CommitId,
    /// Of a container image.
    ImageDigest,
    /// Of an object in a bucket.
    S3ObjectVersionId,
    /// Another object of the same bucket.
    S3ObjectKey,
}

/// A pipeline was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PipelineError {
    /// Not granted; the text says which grant would allow it.
    #[error("{0}")]
    Denied(String),
    /// There is no pipeline of this name.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be started so.
    #[error("{0}")]
    Invalid(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        let kind = match error {
            PipelineError::Denied(_) => FailureType::PermissionError,
            PipelineError::NotFound(_) | PipelineError::Invalid(_) => {
                FailureType::ConfigurationError
            }
            PipelineError::Failed(_) => FailureType::SystemUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}
