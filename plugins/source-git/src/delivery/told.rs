//! What a payload says, in words that all forges share. Everything in it was
//! written by the forge, and vouched for by the signature; it is checked all the
//! same before anything is done with it.

use crate::object::parse_id;
use crate::reference::{BRANCHES, TAGS, is_name};
use crate::report;
use crate::trouble::{Result, broken};
use jiff::Timestamp;
use lockgate_plugin::{Author, ChangeKind, PullRequest, Revision};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A payload of interest.
#[derive(Debug)]
pub(crate) struct Told {
    /// The repository that it is of.
    pub(crate) repository: Identity,
    /// In its order.
    pub(crate) changes: Vec<News>,
}

/// What a forge calls a repository.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// Such as `acme/webshop`.
    pub(crate) name: Option<String>,
    /// Where it can be cloned or looked at.
    pub(crate) urls: Vec<String>,
}

/// One change, so far as the payload tells it.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) kind: ChangeKind,
    /// Its id may be the beginning of one.
    pub(crate) revision: Revision,
    pub(crate) author: Option<Author>,
    pub(crate) origin: Origin,
}

/// Where the files that a change changed can be learnt.
#[derive(Debug)]
pub(crate) enum Origin {
    /// The payload names all of them.
    Files(BTreeSet<String>),
    /// The branch was at this commit before.
    Before(String),
    /// The branch is new.
    Created,
    /// From a pull request.
    Request(Base),
    /// Nobody asks: it is a tag.
    Tag,
}

/// What the commits of a pull request are compared with.
#[derive(Debug)]
pub(crate) enum Base {
    /// `head` with the commit where it parted.
    Parted {
        /// The last commit of the request.
        head: String,
        /// Where it parted.
        at: String,
    },
    /// `head` with the place where it parted from the branch that ends here.
    Tip {
        /// The last commit of the request.
        head: String,
        /// The branch's commit, before it took in the request.
        tip: String,
    },
    /// The change's own commit with the place where it parted from its
    /// destination.
    Destination,
    /// The commit that merged it with its first parent.
    Merge,
}

/// A commit as GitHub, Gitea and GitLab tell it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Commit {
    pub(crate) id: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) author: Option<Person>,
    added: Option<Vec<String>>,
    modified: Option<Vec<String>>,
    removed: Option<Vec<String>>,
}

/// Somebody, by any of the names that forges give people.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) login: Option<String>,
}

/// Files of one commit, from which on a forge may have left some out.
const FILES_OF_COMMIT: usize = 1_000;

impl Person {
    pub(crate) fn author(self) -> Author {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let id = some(self.username).or(some(self.login));
        Author {
            name: some(self.full_name).or(some(self.name)).or(id.clone()),
            email: some(self.email),
            id,
        }
    }
}

impl Commit {
    pub(crate) fn revision(&self, id: &str) -> Revision {
        Revision {
            id: id.to_owned(),
            summary: self.message.as_deref().and_then(report::summary),
            url: self.url.clone(),
            created: self.timestamp.as_deref().and_then(millis),
        }
    }
}

/// The files of these commits, where the payload has all commits and all of
/// their files. `total` is how many commits there are, where that is known.
pub(crate) fn files(commits: &[Commit], total: Option<usize>) -> Option<BTreeSet<String>> {
    if commits.is_empty() || total != Some(commits.len()) {
        return None;
    }
    let mut files = BTreeSet::new();
    for commit in commits {
        let lists = [&commit.added, &commit.modified, &commit.removed];
        if lists.iter().all(|list| list.is_none()) {
            return None;
        }
        let names = || lists.into_iter().flatten().flatten();
        if names().count() >= FILES_OF_COMMIT {
            return None;
        }
        files.extend(names().cloned());
    }
    Some(files)
}

/// A branch's or tag's name, as a full reference names it.
pub(crate) enum Named<'a> {
    Branch(&'a str),
    Tag(&'a str),
}

/// Reads `refs/heads/…` or `refs/tags/…`; none for any other reference.
pub(crate) fn named(reference: &str) -> Result<Option<Named<'_>>> {
    if !is_name(reference) {
        return Err(broken(format!(
            "the delivery names the reference '{}', which Git does not allow",
            reference.escape_debug()
        )));
    }
    Ok(match reference.strip_prefix(BRANCHES) {
        Some(branch) => Some(Named::Branch(branch)),
        None => reference.strip_prefix(TAGS).map(Named::Tag),
    })
}

/// Whether a branch or tag of this name can be.
pub(crate) fn check_branch(name: &str) -> Result<()> {
    named(&format!("{BRANCHES}{name}")).map(|_| ())
}

/// A pull request whose branches can be.
pub(crate) fn request(request: PullRequest) -> Result<ChangeKind> {
    check_branch(&request.source_branch)?;
    check_branch(&request.destination_branch)?;
    Ok(ChangeKind::PullRequest(request))
}

/// An id, or the beginning of one of at least seven digits.
pub(crate) fn check_id(id: &str) -> Result<()> {
    let digits = id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && (7..=40).contains(&id.len()) {
        return Ok(());
    }
    Err(broken(format!(
        "the delivery names the commit '{}', which is not the id of one",
        id.chars().take(64).collect::<String>().escape_debug()
    )))
}

/// The id, where it is one that stands for something: branches that were not
/// there, or are no more, are at commit zero.
pub(crate) fn commit(id: Option<&str>) -> Option<&str> {
    id.filter(|id| !id.is_empty() && id.bytes().any(|byte| byte != b'0'))
}

/// Where a branch came from.
pub(crate) fn origin(before: Option<&str>) -> Origin {
    match commit(before) {
        Some(before) if parse_id(before).is_some() => Origin::Before(before.to_owned()),
        _ => Origin::Created,
    }
}

/// Milliseconds since the epoch, of a time as RFC 3339 writes it.
pub(crate) fn millis(text: &str) -> Option<u64> {
    let time: Timestamp = text.parse().ok()?;
    u64::try_from(time.as_millisecond()).ok()
}
