//! What can go wrong with an artifact, named for what the caller can do.

use lockgate_model::artifact::Digest;
use std::io;

/// An artifact could not be stored or given out.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// This tenant has no such artifact.
    #[error(
        "there is no artifact {0}: it was never stored, or removed since; run the action that makes it again"
    )]
    NotFound(Digest),
    /// The tree is larger than the job may store.
    #[error("artifact '{name}': {what}; store less, or raise the plugin's limit {setting}")]
    Limit {
        /// The artifact's name.
        name: String,
        /// What was exceeded, with the number.
        what: String,
        /// The limit's name.
        setting: &'static str,
    },
    /// Something in the tree cannot be kept.
    #[error("artifact '{name}': {path}: {reason}")]
    Unsuitable {
        /// The artifact's name.
        name: String,
        /// The path in the tree, or the tree itself.
        path: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// A file of this machine could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// The system's words.
        source: io::Error,
    },
    /// What the store holds is not what was stored.
    #[error(
        "artifact {digest} is damaged in the store ({reason}); run the action that makes it again"
    )]
    Damaged {
        /// Which artifact.
        digest: Digest,
        /// How it shows.
        reason: String,
    },
    /// The directory to write the tree to has something in it.
    #[error("{0}: the directory is not empty; name a new or an empty one")]
    NotEmpty(String),
    /// Not a zip file that can be unpacked.
    #[error("artifact '{name}': not a usable zip file: {reason}")]
    Zip {
        /// The artifact's name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The store does not answer, or has no room.
    #[error("the artifact store failed: {0}")]
    Store(#[from] object_store::Error),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Stopping,
}

impl ArtifactError {
    pub(crate) fn file(path: impl std::fmt::Display, source: impl Into<io::Error>) -> Self {
        Self::File {
            path: path.to_string(),
            source: source.into(),
        }
    }
}
