//! Deliveries and what they come to, in few words.

use crate::forge::{Forge, Header};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::PullRequestEvent;
use lockgate_model::job::{Failure, FailureType};

/// The commit of a branch that is not there.
pub(crate) const ZERO: &str = "0000000000000000000000000000000000000000";

/// The headers of GitHub.
pub(crate) fn github<'a>(event: &'a str, signature: &'a str) -> [Header<'a>; 4] {
    [
        ("Content-Type", "application/json"),
        ("User-Agent", "GitHub-Hookshot/044aadd"),
        ("X-GitHub-Event", event),
        ("X-Hub-Signature-256", signature),
    ]
}

/// The files of a change that tells them.
pub(crate) fn files(change: &SourceChange) -> Vec<&str> {
    let files = change.files.as_ref().unwrap();
    files.iter().map(String::as_str).collect()
}

/// A push.
pub(crate) fn branch(name: &str, created: bool) -> ChangeKind {
    ChangeKind::Branch {
        name: name.into(),
        created,
    }
}

/// A tag.
pub(crate) fn tag(name: &str) -> ChangeKind {
    ChangeKind::Tag { name: name.into() }
}

/// The pull request of all payloads.
pub(crate) fn request(event: PullRequestEvent, merged: bool, fork: bool) -> ChangeKind {
    ChangeKind::PullRequest {
        event,
        number: "7".into(),
        source_branch: "cards".into(),
        destination_branch: "main".into(),
        merged,
        fork,
    }
}

/// Checks why a delivery was refused.
pub(crate) fn refused(failure: &Failure, kind: FailureType, part: &str) {
    assert_eq!(failure.kind, kind, "{}", failure.message);
    assert!(failure.message.contains(part), "{}", failure.message);
}

/// A push as GitHub tells it; the words of `more` come first.
pub(crate) fn github_push(
    forge: &Forge,
    before: &str,
    after: &str,
    more: &[(&str, &str)],
) -> Vec<u8> {
    let words = [
        ("REF", "refs/heads/main"),
        ("COMMITS", "[]"),
        ("CREATED", "false"),
        ("DELETED", "false"),
        ("FORCED", "false"),
        ("BEFORE", before),
        ("AFTER", after),
    ];
    forge.payload("github_push", &[more, &words].concat())
}

/// The words of GitHub's and Gitea's pull requests.
pub(crate) fn pull_request<'a>(
    action: &'a str,
    head: &'a str,
    base: &'a str,
) -> [(&'a str, &'a str); 7] {
    [
        ("ACTION", action),
        ("HEAD_SHA", head),
        ("BASE_SHA", base),
        ("HEAD_REPOSITORY", "acme/webshop"),
        ("STATE", "open"),
        ("MERGED", "false"),
        ("MERGE", "null"),
    ]
}

/// A branch `cards` whose base went on after it had left.
pub(crate) fn cards(forge: &Forge) -> (String, String) {
    forge.branch("cards");
    let (_, head) = forge.push(&[("src/cards.rs", Some("fn cards() {}\n"))]);
    forge.repository.git(&["checkout", "-q", "main"]);
    let (_, base) = forge.push(&[("README.md", Some("# Shop\n"))]);
    (head, base)
}
