//! Payloads of GitHub, and of Gitea and Forgejo, which say nearly the same.
//!
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>,
//! <https://docs.gitea.com/usage/webhooks>

use super::forge::Forge;
use super::told::{
    Base, Commit, Identity, Named, News, Origin, Person, Told, commit, files, millis, named,
    origin, request,
};
use crate::report;
use crate::trouble::Result;
use lockgate_plugin::{ChangeKind, PullRequest, PullRequestEvent, Revision};
use serde::Deserialize;

/// GitHub lists no more commits of one push than these.
const COMMITS: usize = 2_048;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    before: Option<String>,
    after: Option<String>,
    forced: Option<bool>,
    commits: Option<Vec<Commit>>,
    /// Gitea's alone, which lists a few.
    total_commits: Option<usize>,
    head_commit: Option<Commit>,
    repository: Repository,
    pusher: Option<Person>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    full_name: Option<String>,
    clone_url: Option<String>,
    ssh_url: Option<String>,
    html_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Requested {
    action: String,
    pull_request: Request,
    repository: Repository,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    number: u64,
    title: Option<String>,
    html_url: Option<String>,
    updated_at: Option<String>,
    merged: Option<bool>,
    merge_commit_sha: Option<String>,
    /// Gitea's alone.
    merge_base: Option<String>,
    head: End,
    base: End,
    user: Option<Person>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct End {
    #[serde(rename = "ref")]
    reference: String,
    sha: String,
    /// Absent where it was deleted.
    repo: Option<Repository>,
}

impl Repository {
    fn identity(self) -> Identity {
        let urls = [self.clone_url, self.ssh_url, self.html_url];
        Identity {
            name: self.full_name,
            urls: urls.into_iter().flatten().collect(),
        }
    }
}

/// What a delivery of this event tells; nothing where it is of no interest.
/// `create` is none: a push says the same.
pub(crate) fn read(forge: Forge, event: &str, body: &[u8]) -> Result<Option<Told>> {
    match event {
        "push" => push(forge, super::json(body)?),
        "pull_request" | "pull_request_sync" => pull_request(super::json(body)?),
        _ => Ok(None),
    }
}

fn push(forge: Forge, push: Push) -> Result<Option<Told>> {
    let Some(after) = commit(push.after.as_deref()) else {
        // It was deleted.
        return Ok(None);
    };
    let mut commits = push.commits.unwrap_or_default();
    let total = match forge {
        Forge::GitHub => (commits.len() < COMMITS).then_some(commits.len()),
        _ => push.total_commits,
    };
    let told = files(&commits, total).filter(|_| push.forced != Some(true));
    let own = commits
        .iter()
        .position(|it| it.id.as_deref() == Some(after));
    let head = match (push.head_commit, own) {
        (Some(head), _) => head,
        (None, Some(own)) => commits.swap_remove(own),
        (None, None) => Commit::default(),
    };
    let (kind, id, origin) = match named(&push.reference)? {
        Some(Named::Branch(name)) => {
            let origin = match (origin(push.before.as_deref()), told) {
                (Origin::Before(_), Some(files)) => Origin::Files(files),
                (origin, _) => origin,
            };
            let kind = ChangeKind::Branch {
                name: name.to_owned(),
                created: matches!(origin, Origin::Created),
            };
            (kind, after, origin)
        }
        Some(Named::Tag(name)) => {
            let kind = ChangeKind::Tag {
                name: name.to_owned(),
            };
            // An annotated tag is an object of its own; this is its commit.
            (kind, head.id.as_deref().unwrap_or(after), Origin::Tag)
        }
        None => return Ok(None),
    };
    let revision = head.revision(id);
    let author = head.author.or(push.pusher).map(Person::author);
    Ok(Some(Told {
        repository: push.repository.identity(),
        changes: vec![News {
            kind,
            revision,
            author,
            origin,
        }],
    }))
}

fn pull_request(it: Requested) -> Result<Option<Told>> {
    let event = match it.action.as_str() {
        "opened" | "reopened" => PullRequestEvent::Open,
        "synchronize" | "synchronized" => PullRequestEvent::Updated,
        "closed" => PullRequestEvent::Closed,
        _ => return Ok(None),
    };
    let asked = it.pull_request;
    let (head, base) = (asked.head, asked.base);
    let merged = asked.merged == Some(true) && event == PullRequestEvent::Closed;
    let name = |repository: &Option<Repository>| {
        let repository = repository.as_ref()?;
        Some(repository.full_name.as_deref()?.to_ascii_lowercase())
    };
    let here = it
        .repository
        .full_name
        .as_deref()
        .map(str::to_ascii_lowercase);
    let fork = name(&head.repo) != here;
    let kind = request(PullRequest {
        event,
        number: asked.number.to_string(),
        source_branch: head.reference,
        destination_branch: base.reference,
        merged,
        fork,
    })?;
    // What the destination now is says more than what was merged into it.
    let merge = asked.merge_commit_sha.filter(|_| merged);
    let revision = Revision {
        id: merge.unwrap_or_else(|| head.sha.clone()),
        summary: asked.title.as_deref().and_then(report::summary),
        url: asked.html_url,
        created: asked.updated_at.as_deref().and_then(millis),
    };
    let origin = match asked.merge_base {
        Some(at) if !at.is_empty() => Base::Parted { head: head.sha, at },
        _ => Base::Tip {
            head: head.sha,
            tip: base.sha,
        },
    };
    Ok(Some(Told {
        repository: it.repository.identity(),
        changes: vec![News {
            kind,
            revision,
            author: asked.user.map(Person::author),
            origin: Origin::Request(origin),
        }],
    }))
}
