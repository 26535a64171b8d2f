//! What can go wrong with a repository, named for what the reader can do about
//! it. Every text is one whole sentence; knows nothing of the contract, which
//! `glue` translates it to.

use std::io;
use std::path::Path;

/// Why a repository could not be read. The text is for people and complete.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The action's configuration must change.
    #[error("{0}")]
    Configuration(String),
    /// An operator must grant something, or a server wants other credentials.
    #[error("{0}")]
    Denied(String),
    /// The branch, tag or commit cannot be had.
    #[error("{0}")]
    Missing(String),
    /// A network, a disk or a server; trying again may help.
    #[error("{0}")]
    Unavailable(String),
    /// The repository's content is broken, hostile or past a limit.
    #[error("{0}")]
    Content(String),
}

/// What every fallible function of this crate returns.
pub type Result<T, E = Trouble> = std::result::Result<T, E>;

/// The content is not what Git writes; `what` says where and how.
pub(crate) fn broken(what: impl Into<String>) -> Trouble {
    Trouble::Content(what.into())
}

/// A file operation of ours failed: `doing` is "write", "read" and so on.
pub(crate) fn disk<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> Trouble + 'a {
    move |error| Trouble::Unavailable(format!("cannot {doing} {}: {error}", path.display()))
}
