//! Translation between interface `source` and the kit's own words, both ways.

use super::words::{from_pairs, revision};
use crate::bindings::source::exports::lockgate::action::source as wit;
use crate::{
    Announcement, Author, Change, ChangeKind, Delivery, Detection, PullRequestEvent, Watch,
};

pub(super) fn watch(watch: wit::Watch) -> Watch {
    Watch {
        all_branches: watch.all_branches,
        tags: watch.tags,
        files: watch.files,
    }
}

pub(super) fn detection(detection: Detection) -> wit::Detection {
    wit::Detection {
        newest: detection.newest.map(revision),
        changes: detection.changes.into_iter().map(change).collect(),
        cursor: detection.cursor,
    }
}

/// The request without its configuration.
pub(super) fn delivery(request: wit::WebhookRequest) -> Delivery {
    Delivery {
        method: request.method,
        path: request.path,
        headers: from_pairs(request.headers).collect(),
        body: request.body,
        wants_files: request.wants_files,
    }
}

pub(super) fn announcement(announcement: Announcement) -> wit::Announcement {
    wit::Announcement {
        changes: announcement.changes.into_iter().map(change).collect(),
        summary: announcement.summary,
    }
}

fn change(change: Change) -> wit::Change {
    wit::Change {
        kind: kind(change.kind),
        revision: revision(change.revision),
        files: change.files,
        repository: change.repository,
        author: change.author.map(author),
    }
}

fn kind(kind: ChangeKind) -> wit::ChangeKind {
    match kind {
        ChangeKind::Branch { name, created } => {
            wit::ChangeKind::Branch(wit::BranchChange { name, created })
        }
        ChangeKind::Tag { name } => wit::ChangeKind::Tag(wit::TagChange { name }),
        ChangeKind::PullRequest(request) => wit::ChangeKind::PullRequest(wit::PullRequestChange {
            event: match request.event {
                PullRequestEvent::Open => wit::PullRequestEvent::Open,
                PullRequestEvent::Updated => wit::PullRequestEvent::Updated,
                PullRequestEvent::Closed => wit::PullRequestEvent::Closed,
            },
            number: request.number,
            source_branch: request.source_branch,
            destination_branch: request.destination_branch,
            merged: request.merged,
            fork: request.fork,
        }),
    }
}

fn author(author: Author) -> wit::Author {
    wit::Author {
        name: author.name,
        email: author.email,
        id: author.id,
    }
}
