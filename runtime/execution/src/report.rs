//! Under which name a source's report is remembered, so that one that comes
//! twice, by a webhook and by a poll for example, starts one execution.

use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::PullRequestEvent;

/// The reference of revisions that job workers report of custom sources.
pub const REPORTED_BY_WORKER: &str = "worker";

/// Changes of different references never stand for each other; two of one
/// reference with the same revision are the same change.
#[must_use]
pub fn reference(change: &SourceChange) -> String {
    match &change.kind {
        ChangeKind::Branch { name, .. } => of_branch(name),
        ChangeKind::Tag { name } => format!("tag {name}"),
        // Opened and closed at the same commit are two changes.
        ChangeKind::PullRequest { event, number, .. } => {
            let event = match event {
                PullRequestEvent::Open => "open",
                PullRequestEvent::Updated => "updated",
                PullRequestEvent::Closed => "closed",
            };
            format!("pull request {number} {event}")
        }
    }
}

/// The reference of a branch.
pub(crate) fn of_branch(name: &str) -> String {
    format!("branch {name}")
}
