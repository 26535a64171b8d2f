//! What a source says of changes: what it is asked for, what a webhook delivery
//! is, and what either reports.

use crate::Revision;

/// What is wanted besides the newest revision of what is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watch {
    /// Changes of every branch.
    pub all_branches: bool,
    /// Changes of every tag.
    pub tags: bool,
    /// The files of each change.
    pub files: bool,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was changed.
    pub kind: ChangeKind,
    /// What a job is to take for it.
    pub revision: Revision,
    /// The files that changed, relative, with `/`; absent where they were not
    /// asked for or cannot be told.
    pub files: Option<Vec<String>>,
    /// What the repository is called where it lives, such as `acme/webshop`.
    pub repository: Option<String>,
    /// Who made it.
    pub author: Option<Author>,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// Commits came to a branch.
    Branch {
        /// Without `refs/heads/`.
        name: String,
        /// It did not exist before.
        created: bool,
    },
    /// A tag was set.
    Tag {
        /// Without `refs/tags/`.
        name: String,
    },
    /// Something happened to a pull request.
    PullRequest(PullRequest),
}

/// What happened to a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// What.
    pub event: PullRequestEvent,
    /// Its number or id, where it lives.
    pub number: String,
    /// The branch that it comes from.
    pub source_branch: String,
    /// The branch that it is to be merged into.
    pub destination_branch: String,
    /// Closed by merging it.
    pub merged: bool,
    /// It comes from another repository than it goes to.
    pub fork: bool,
}

/// What can happen to a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullRequestEvent {
    /// It was opened.
    Open,
    /// Its commits changed.
    Updated,
    /// It was merged or closed.
    Closed,
}

/// Who made a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// For people.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Their id where the repository lives.
    pub id: Option<String>,
}

/// An HTTP request that somebody sent to announce something. Anybody can: check
/// its signature before believing a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Such as `POST`.
    pub method: String,
    /// Path and query, where the host tells them.
    pub path: Option<String>,
    /// In the order in which they came; names in lower case.
    pub headers: Vec<(String, String)>,
    /// Byte for byte.
    pub body: Vec<u8>,
    /// Whether the files of each change are wanted.
    pub wants_files: bool,
}

impl Delivery {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// What a genuine delivery announces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Announcement {
    /// In the order in which the delivery has them.
    pub changes: Vec<Change>,
    /// One line for people.
    pub summary: String,
}
