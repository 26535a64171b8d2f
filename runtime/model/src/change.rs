//! A change of a source: what a webhook delivery or a poll reports. Made by
//! source providers, judged by the trigger filters of a definition, kept in the
//! log as the reason why an execution started, or did not.

use crate::definition::PullRequestEvent;
use crate::job::Revision;
use serde::{Deserialize, Serialize};

/// One change, as one source action sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceChange {
    /// What was changed.
    pub kind: ChangeKind,
    /// The new revision; the commit of a branch, tag or pull request.
    pub revision: Revision,
    /// The files that changed; absent: the source cannot say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<String>>,
    /// What the repository is called where it lives, such as `acme/webshop`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Author>,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ChangeKind {
    /// Commits came to a branch.
    Branch {
        /// Its name, without `refs/heads/`.
        name: String,
        /// It did not exist before.
        #[serde(default)]
        created: bool,
    },
    /// A tag was set.
    Tag {
        /// Its name, without `refs/tags/`.
        name: String,
    },
    /// Something happened to a pull request.
    PullRequest {
        /// What.
        event: PullRequestEvent,
        /// Its number or id, where it lives.
        number: String,
        /// The branch that it comes from.
        source_branch: String,
        /// The branch that it is to be merged into.
        destination_branch: String,
        /// Closed by merging it.
        #[serde(default)]
        merged: bool,
        /// It comes from another repository than it goes to.
        #[serde(default)]
        fork: bool,
    },
}

/// Who made a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Their id where the repository lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}
