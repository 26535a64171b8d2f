//! Git's objects in our words: ids, hashes, commits, tags and trees. The one
//! module that knows the gix crates' parsers.

use crate::trouble::{Result, broken};
use gix_hash::{Kind as HashKind, ObjectId};
use gix_object::{CommitRef, Kind, TagRef, TreeRefIter};

pub use gix_object::tree::EntryKind;

/// SHA-1 with collision detection, as Git does it.
pub(crate) struct Hash(gix_hash::Hasher);

impl Hash {
    pub(crate) fn new() -> Self {
        Self(gix_hash::hasher(HashKind::Sha1))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Result<[u8; 20]> {
        match self.0.try_finalize() {
            Ok(ObjectId::Sha1(id)) => Ok(id),
            Ok(_) => Err(broken("the repository uses ids that are not SHA-1")),
            Err(error) => Err(broken(format!(
                "an object was made to attack SHA-1 and is refused: {error}"
            ))),
        }
    }
}

/// A hash that has taken the header of an object of this kind and size.
pub(crate) fn hash_object(kind: Kind, size: u64) -> Hash {
    let mut hash = Hash::new();
    hash.update(kind.as_bytes());
    hash.update(format!(" {size}\0").as_bytes());
    hash
}

/// The 20 bytes of an id.
pub(crate) fn bytes(id: &ObjectId) -> [u8; 20] {
    match id {
        ObjectId::Sha1(id) => *id,
        _ => [0; 20],
    }
}

/// Reads 40 hex digits.
#[must_use]
pub fn parse_id(text: &str) -> Option<ObjectId> {
    if text.len() == 40 {
        ObjectId::from_hex(text.as_bytes()).ok()
    } else {
        None
    }
}

/// What a source says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: ObjectId,
    /// What its files are.
    pub tree: ObjectId,
    /// The commits that it follows; more than one where it is a merge.
    pub parents: Vec<ObjectId>,
    /// Who wrote it; what is not UTF-8 is replaced.
    pub author: String,
    /// Their address.
    pub email: String,
    /// Seconds since the Unix epoch.
    pub authored: i64,
    /// Seconds since the Unix epoch.
    pub committed: i64,
    /// The whole message, without trailing line breaks. What is not UTF-8 is
    /// replaced.
    pub message: String,
}

impl Commit {
    /// Reads the data of a commit object.
    ///
    /// # Errors
    /// It is not a commit.
    pub fn parse(id: ObjectId, data: &[u8]) -> Result<Self> {
        let damaged =
            |why: &dyn std::fmt::Display| broken(format!("commit {id} is damaged: {why}"));
        let commit = CommitRef::from_bytes(data, HashKind::Sha1).map_err(|e| damaged(&e))?;
        let tree = ObjectId::from_hex(commit.tree).map_err(|e| damaged(&e))?;
        // Git itself shows an unreadable date as the epoch.
        let author = commit.author().ok();
        let authored = author.as_ref().map_or(0, |who| who.seconds());
        let named = |text: Option<&[u8]>| {
            String::from_utf8_lossy(text.unwrap_or_default())
                .trim()
                .to_owned()
        };
        let committed = commit.committer().map_or(0, |who| who.seconds());
        Ok(Self {
            id,
            tree,
            parents: commit.parents().collect(),
            author: named(author.as_ref().map(|who| who.name.as_ref())),
            email: named(author.as_ref().map(|who| who.email.as_ref())),
            authored,
            committed,
            message: String::from_utf8_lossy(commit.message)
                .trim_end()
                .to_owned(),
        })
    }

    /// The first line of the message.
    #[must_use]
    pub fn summary(&self) -> &str {
        self.message.trim_start().lines().next().unwrap_or_default()
    }
}

/// What an annotated tag points at.
pub(crate) fn tag_target(id: &ObjectId, data: &[u8]) -> Result<ObjectId> {
    TagRef::from_bytes(data, HashKind::Sha1)
        .ok()
        .and_then(|tag| ObjectId::from_hex(tag.target).ok())
        .ok_or_else(|| broken(format!("tag {id} is damaged")))
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: EntryKind,
    pub(crate) id: ObjectId,
}

/// The entries of a tree object, as they stand in it.
pub(crate) fn tree_entries(id: &ObjectId, data: &[u8]) -> Result<Vec<TreeEntry>> {
    TreeRefIter::from_bytes(data, HashKind::Sha1)
        .map(|entry| {
            let entry = entry.map_err(|e| broken(format!("tree {id} is damaged: {e}")))?;
            Ok(TreeEntry {
                name: entry.filename.to_vec(),
                kind: entry.mode.kind(),
                id: entry.oid.to_owned(),
            })
        })
        .collect()
}
