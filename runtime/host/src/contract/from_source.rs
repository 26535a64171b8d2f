//! What a source answered into our words: its newest revision, what changed,
//! what a delivery announces. Measured against the limit on answers first.
//! Pure; called by the host right after a call.

use super::exports::source as wit;
use super::from_guest::{Size, TooLarge, revision};
use lockgate_model::change::{Author, ChangeKind, SourceChange};
use lockgate_model::definition::PullRequestEvent;
use lockgate_model::job::Detection;
use lockgate_model::webhook::Announcement;

/// Bytes that a change without any text takes here, about.
const CHANGE_BYTES: u64 = 256;

/// What a source says of its newest revision, and of what changed.
pub(crate) fn detection(detection: wit::Detection, limit: u64) -> Result<Detection, TooLarge> {
    let mut size = Size::default();
    size.add(&detection.cursor);
    let detection = Detection {
        newest: detection.newest.map(|it| revision(it, &mut size)),
        changes: changes(detection.changes, &mut size),
        cursor: detection.cursor,
    };
    size.within(limit).map(|()| detection)
}

/// What a source says that a delivery announces.
pub(crate) fn announcement(said: wit::Announcement, limit: u64) -> Result<Announcement, TooLarge> {
    let mut size = Size::default();
    size.add(&said.summary);
    let announcement = Announcement {
        changes: changes(said.changes, &mut size),
        summary: said.summary,
    };
    size.within(limit).map(|()| announcement)
}

fn changes(changes: Vec<wit::Change>, size: &mut Size) -> Vec<SourceChange> {
    changes
        .into_iter()
        .map(|it| {
            size.count(CHANGE_BYTES);
            for text in it.files.iter().flatten().chain(&it.repository) {
                size.add(text);
            }
            SourceChange {
                kind: kind(it.kind, size),
                revision: revision(it.revision, size),
                files: it.files,
                repository: it.repository,
                author: it.author.map(|who| author(who, size)),
            }
        })
        .collect()
}

fn kind(kind: wit::ChangeKind, size: &mut Size) -> ChangeKind {
    match kind {
        wit::ChangeKind::Branch(branch) => {
            size.add(&branch.name);
            ChangeKind::Branch {
                name: branch.name,
                created: branch.created,
            }
        }
        wit::ChangeKind::Tag(tag) => {
            size.add(&tag.name);
            ChangeKind::Tag { name: tag.name }
        }
        wit::ChangeKind::PullRequest(request) => {
            for text in [
                &request.number,
                &request.source_branch,
                &request.destination_branch,
            ] {
                size.add(text);
            }
            ChangeKind::PullRequest {
                event: match request.event {
                    wit::PullRequestEvent::Open => PullRequestEvent::Open,
                    wit::PullRequestEvent::Updated => PullRequestEvent::Updated,
                    wit::PullRequestEvent::Closed => PullRequestEvent::Closed,
                },
                number: request.number,
                source_branch: request.source_branch,
                destination_branch: request.destination_branch,
                merged: request.merged,
                fork: request.fork,
            }
        }
    }
}

fn author(who: wit::Author, size: &mut Size) -> Author {
    for text in [&who.name, &who.email, &who.id].into_iter().flatten() {
        size.add(text);
    }
    Author {
        name: who.name,
        email: who.email,
        id: who.id,
    }
}
