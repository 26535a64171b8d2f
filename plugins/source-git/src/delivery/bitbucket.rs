//! Payloads of Bitbucket Cloud. They name no files, and pull requests name only
//! the beginnings of their commits' ids.
//!
//! <https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/>

use super::told::{Base, Identity, News, Origin, Told, check_branch, millis, origin, request};
use crate::report;
use crate::trouble::Result;
use lockgate_plugin::{Author, ChangeKind, PullRequest, PullRequestEvent, Revision};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pushed {
    push: Push,
    repository: Repository,
    actor: Option<Actor>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    changes: Vec<Change>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Change {
    old: Option<Reference>,
    new: Option<Reference>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    target: Commit,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Commit {
    hash: String,
    message: Option<String>,
    date: Option<String>,
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Links {
    html: Option<Link>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link {
    href: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    full_name: Option<String>,
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Actor {
    display_name: Option<String>,
    nickname: Option<String>,
    account_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Requested {
    pullrequest: Request,
    repository: Repository,
    actor: Option<Actor>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    id: u64,
    title: Option<String>,
    updated_on: Option<String>,
    source: End,
    destination: End,
    merge_commit: Option<Commit>,
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct End {
    branch: Branch,
    commit: Option<Commit>,
    repository: Option<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Branch {
    name: String,
}

impl Links {
    fn page(self) -> Option<String> {
        self.html?.href
    }
}

impl Repository {
    fn identity(self) -> Identity {
        Identity {
            name: self.full_name,
            urls: self.links.page().into_iter().collect(),
        }
    }
}

impl Actor {
    fn author(self) -> Author {
        Author {
            name: self.display_name.or(self.nickname),
            email: None,
            id: self.account_id,
        }
    }
}

/// What a delivery of this event tells; nothing where it is of no interest.
pub(crate) fn read(event: &str, body: &[u8]) -> Result<Option<Told>> {
    let (event, merged) = match event {
        "repo:push" => return push(super::json(body)?).map(Some),
        "pullrequest:created" => (PullRequestEvent::Open, false),
        "pullrequest:updated" => (PullRequestEvent::Updated, false),
        "pullrequest:fulfilled" => (PullRequestEvent::Closed, true),
        "pullrequest:rejected" => (PullRequestEvent::Closed, false),
        _ => return Ok(None),
    };
    pull_request(event, merged, super::json(body)?).map(Some)
}

fn push(it: Pushed) -> Result<Told> {
    let author = it.actor.map(Actor::author);
    let mut changes = Vec::new();
    for change in it.push.changes {
        // Without, it was deleted.
        let Some(new) = change.new else { continue };
        check_branch(&new.name)?;
        let before = change.old.map(|old| old.target.hash);
        let origin = origin(before.as_deref());
        let (kind, origin) = match new.kind.as_str() {
            "branch" | "named_branch" => {
                let created = matches!(origin, Origin::Created);
                let name = new.name;
                (ChangeKind::Branch { name, created }, origin)
            }
            "tag" | "annotated_tag" => (ChangeKind::Tag { name: new.name }, Origin::Tag),
            _ => continue,
        };
        changes.push(News {
            kind,
            revision: new.target.revision(),
            author: author.clone(),
            origin,
        });
    }
    Ok(Told {
        repository: it.repository.identity(),
        changes,
    })
}

impl Commit {
    fn revision(self) -> Revision {
        Revision {
            id: self.hash,
            summary: self.message.as_deref().and_then(report::summary),
            url: self.links.page(),
            created: self.date.as_deref().and_then(millis),
        }
    }
}

fn pull_request(event: PullRequestEvent, merged: bool, it: Requested) -> Result<Told> {
    let asked = it.pullrequest;
    let from = asked.source.repository.and_then(|from| from.full_name);
    let kind = request(PullRequest {
        event,
        number: asked.id.to_string(),
        source_branch: asked.source.branch.name,
        destination_branch: asked.destination.branch.name,
        merged,
        // Absent where it was deleted, which only forks can be.
        fork: from != it.repository.full_name,
    })?;
    let made = asked.merge_commit.filter(|_| merged);
    let base = if made.is_some() {
        Base::Merge
    } else {
        Base::Destination
    };
    let commit = made.or(asked.source.commit).unwrap_or_default();
    Ok(Told {
        repository: it.repository.identity(),
        changes: vec![News {
            kind,
            revision: Revision {
                id: commit.hash,
                summary: asked.title.as_deref().and_then(report::summary),
                url: asked.links.page(),
                created: asked.updated_on.as_deref().and_then(millis),
            },
            author: it.actor.map(Actor::author),
            origin: Origin::Request(base),
        }],
    })
}
