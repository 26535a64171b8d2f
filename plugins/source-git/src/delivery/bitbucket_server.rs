//! Payloads of Bitbucket Server and Data Center. They name no files, and often
//! no address.
//!
//! <https://confluence.atlassian.com/bitbucketserver/event-payload-938025882.html>

use super::told::{Base, Identity, Named, News, Origin, Told, commit, named, origin, request};
use crate::reference::BRANCHES;
use crate::report;
use crate::trouble::Result;
use lockgate_plugin::{Author, ChangeKind, PullRequest, PullRequestEvent, Revision};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pushed {
    actor: Option<Actor>,
    repository: Repository,
    changes: Vec<Change>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Change {
    #[serde(rename = "ref")]
    reference: Reference,
    from_hash: Option<String>,
    to_hash: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reference {
    id: String,
    latest_commit: Option<String>,
    repository: Repository,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Actor {
    name: Option<String>,
    display_name: Option<String>,
    email_address: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    slug: String,
    project: Project,
    links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Project {
    key: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Links {
    clone: Vec<Link>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Link {
    href: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Requested {
    actor: Option<Actor>,
    pull_request: Request,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Request {
    id: u64,
    title: Option<String>,
    from_ref: Reference,
    to_ref: Reference,
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    merge_commit: Option<MergeCommit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MergeCommit {
    id: Option<String>,
}

impl Repository {
    fn name(&self) -> String {
        format!("{}/{}", self.project.key, self.slug)
    }

    fn identity(self) -> Identity {
        Identity {
            name: Some(self.name()),
            urls: self.links.clone.into_iter().map(|link| link.href).collect(),
        }
    }
}

impl Actor {
    fn author(self) -> Author {
        Author {
            name: self.display_name.or_else(|| self.name.clone()),
            email: self.email_address,
            id: self.name,
        }
    }
}

/// What a delivery of this event tells; nothing where it is of no interest.
pub(crate) fn read(event: &str, body: &[u8]) -> Result<Option<Told>> {
    let (event, merged) = match event {
        "repo:refs_changed" => return push(super::json(body)?).map(Some),
        "pr:opened" => (PullRequestEvent::Open, false),
        "pr:from_ref_updated" => (PullRequestEvent::Updated, false),
        "pr:merged" => (PullRequestEvent::Closed, true),
        "pr:declined" | "pr:deleted" => (PullRequestEvent::Closed, false),
        _ => return Ok(None),
    };
    pull_request(event, merged, super::json(body)?).map(Some)
}

fn push(it: Pushed) -> Result<Told> {
    let author = it.actor.map(Actor::author);
    let mut changes = Vec::new();
    for change in it.changes {
        let Some(to) = commit(change.to_hash.as_deref()) else {
            continue;
        };
        let origin = origin(change.from_hash.as_deref());
        let (kind, origin) = match named(&change.reference.id)? {
            Some(Named::Branch(name)) => {
                let created = matches!(origin, Origin::Created);
                let name = name.to_owned();
                (ChangeKind::Branch { name, created }, origin)
            }
            Some(Named::Tag(name)) => {
                let name = name.to_owned();
                (ChangeKind::Tag { name }, Origin::Tag)
            }
            None => continue,
        };
        changes.push(News {
            kind,
            revision: report::bare(to.to_owned()),
            author: author.clone(),
            origin,
        });
    }
    Ok(Told {
        repository: it.repository.identity(),
        changes,
    })
}

fn pull_request(event: PullRequestEvent, merged: bool, it: Requested) -> Result<Told> {
    let asked = it.pull_request;
    let short = |id: &str| id.strip_prefix(BRANCHES).unwrap_or(id).to_owned();
    let (from, to) = (asked.from_ref, asked.to_ref);
    let kind = request(PullRequest {
        event,
        number: asked.id.to_string(),
        source_branch: short(&from.id),
        destination_branch: short(&to.id),
        merged,
        fork: from.repository.name() != to.repository.name(),
    })?;
    let head = from.latest_commit.unwrap_or_default();
    let made = asked.properties.merge_commit.and_then(|made| made.id);
    let base = match to.latest_commit {
        Some(tip) => Base::Tip {
            head: head.clone(),
            tip,
        },
        None => Base::Destination,
    };
    Ok(Told {
        repository: to.repository.identity(),
        changes: vec![News {
            kind,
            revision: Revision {
                summary: asked.title.as_deref().and_then(report::summary),
                ..report::bare(made.filter(|_| merged).unwrap_or(head))
            },
            author: it.actor.map(Actor::author),
            origin: Origin::Request(base),
        }],
    })
}
