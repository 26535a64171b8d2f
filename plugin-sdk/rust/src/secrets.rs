//! What can go wrong with secrets that a provider uses and never sees.

use crate::{Failure, FailureType};

/// There is no placeholder for this secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not granted to this plugin; the text says which grant would allow it.
    #[error("{0}")]
    Denied(String),
    /// Granted, but the server holds no secret of this name.
    #[error("{0}")]
    NotFound(String),
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        let kind = match error {
            SecretError::Denied(_) => FailureType::PermissionError,
            SecretError::NotFound(_) => FailureType::ConfigurationError,
        };
        Self::new(kind, error.to_string())
    }
}
