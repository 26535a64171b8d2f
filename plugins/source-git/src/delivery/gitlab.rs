//! Payloads of GitLab.
//!
//! <https://docs.gitlab.com/user/project/integrations/webhook_events/>

use super::told::{
    Base, Commit, Identity, Named, News, Origin, Person, Told, commit, files, millis, named,
    origin, request,
};
use crate::report;
use crate::trouble::Result;
use lockgate_plugin::{Author, ChangeKind, PullRequest, PullRequestEvent, Revision};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    #[serde(rename = "ref")]
    reference: String,
    before: Option<String>,
    after: Option<String>,
    /// The commit, where `after` is an annotated tag.
    checkout_sha: Option<String>,
    user_name: Option<String>,
    user_username: Option<String>,
    user_email: Option<String>,
    commits: Option<Vec<Commit>>,
    /// It lists 20 at most.
    total_commits_count: Option<usize>,
    project: Project,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Project {
    path_with_namespace: Option<String>,
    git_http_url: Option<String>,
    git_ssh_url: Option<String>,
    web_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Merge {
    project: Project,
    user: Option<Person>,
    object_attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attributes {
    iid: u64,
    action: Option<String>,
    /// There where commits came to it.
    oldrev: Option<String>,
    title: Option<String>,
    url: Option<String>,
    updated_at: Option<String>,
    source_branch: String,
    target_branch: String,
    source_project_id: Option<u64>,
    target_project_id: Option<u64>,
    last_commit: Option<Commit>,
    merge_commit_sha: Option<String>,
    squash_commit_sha: Option<String>,
}

impl Project {
    fn identity(self) -> Identity {
        let urls = [self.git_http_url, self.git_ssh_url, self.web_url];
        Identity {
            name: self.path_with_namespace,
            urls: urls.into_iter().flatten().collect(),
        }
    }
}

/// What a delivery of this event tells; nothing where it is of no interest.
pub(crate) fn read(event: &str, body: &[u8]) -> Result<Option<Told>> {
    match event {
        "Push Hook" | "Tag Push Hook" => push(super::json(body)?),
        "Merge Request Hook" => merge(super::json(body)?),
        _ => Ok(None),
    }
}

fn push(push: Push) -> Result<Option<Told>> {
    let Some(after) = commit(push.after.as_deref()) else {
        return Ok(None);
    };
    let mut commits = push.commits.unwrap_or_default();
    let told = files(&commits, push.total_commits_count);
    let checkout = commit(push.checkout_sha.as_deref());
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
            (kind, checkout.unwrap_or(after), Origin::Tag)
        }
        None => return Ok(None),
    };
    let own = commits.iter().position(|it| it.id.as_deref() == Some(id));
    let head = own.map(|own| commits.swap_remove(own)).unwrap_or_default();
    let revision = head.revision(id);
    Ok(Some(Told {
        repository: push.project.identity(),
        changes: vec![News {
            kind,
            revision,
            author: Some(Author {
                name: push.user_name,
                email: push.user_email.filter(|email| !email.is_empty()),
                id: push.user_username,
            }),
            origin,
        }],
    }))
}

fn merge(it: Merge) -> Result<Option<Told>> {
    let asked = it.object_attributes;
    let (event, merged) = match asked.action.as_deref() {
        Some("open" | "reopen") => (PullRequestEvent::Open, false),
        // Without it, labels or words changed.
        Some("update") if commit(asked.oldrev.as_deref()).is_some() => {
            (PullRequestEvent::Updated, false)
        }
        Some("close") => (PullRequestEvent::Closed, false),
        Some("merge") => (PullRequestEvent::Closed, true),
        _ => return Ok(None),
    };
    let kind = request(PullRequest {
        event,
        number: asked.iid.to_string(),
        source_branch: asked.source_branch,
        destination_branch: asked.target_branch,
        merged,
        fork: asked.source_project_id != asked.target_project_id,
    })?;
    let made = asked.merge_commit_sha.or(asked.squash_commit_sha);
    let made = made.filter(|id| merged && commit(Some(id)).is_some());
    let base = if made.is_some() {
        Base::Merge
    } else {
        Base::Destination
    };
    let last = asked.last_commit.unwrap_or_default();
    Ok(Some(Told {
        repository: it.project.identity(),
        changes: vec![News {
            kind,
            revision: Revision {
                id: made.or(last.id).unwrap_or_default(),
                summary: asked.title.as_deref().and_then(report::summary),
                url: asked.url,
                created: last
                    .timestamp
                    .or(asked.updated_at)
                    .as_deref()
                    .and_then(millis),
            },
            author: it.user.map(Person::author),
            origin: Origin::Request(base),
        }],
    }))
}
