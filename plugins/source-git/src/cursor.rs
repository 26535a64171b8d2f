//! What is kept from one look at a repository to the next: the newest commit,
//! and, where they are watched, every branch with its commit and every tag. A
//! text that a person can read; where only the newest commit is of interest, it
//! is that commit's id and nothing else.

use crate::limits::CURSOR_BYTES;
use crate::object::{Hash, parse_id};
use crate::reference::Reference;
use crate::trouble::{Result, Trouble};
use gix_hash::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const BRANCHES: &str = "branches";
const TAGS: &str = "tags";

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Of what is configured; absent: there was none.
    pub(crate) newest: Option<ObjectId>,
    /// By short name; absent: they were not watched.
    pub(crate) branches: Option<BTreeMap<String, ObjectId>>,
    /// Marks of tags; absent: they were not watched.
    pub(crate) tags: Option<BTreeSet<String>>,
}

/// Stands for a tag of this name at this object: tags are many and their
/// objects long, and all there is to know is whether one was seen.
pub(crate) fn mark(tag: &Reference) -> Result<String> {
    let mut hash = Hash::new();
    hash.update(tag.name.as_bytes());
    hash.update(b"\0");
    hash.update(tag.id.as_slice());
    let digest = hash.finish()?;
    Ok(digest.iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

impl Cursor {
    /// Reads what `write` wrote; none where it is something else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let newest = match lines.next() {
            None | Some("") => None,
            Some(id) => Some(parse_id(id)?),
        };
        let mut cursor = Self {
            newest,
            ..Self::default()
        };
        let mut section = "";
        for line in lines {
            match (line, section) {
                (BRANCHES, _) => {
                    section = BRANCHES;
                    cursor.branches.get_or_insert_default();
                }
                (TAGS, _) => {
                    section = TAGS;
                    cursor.tags.get_or_insert_default();
                }
                (_, TAGS) => {
                    cursor.tags.get_or_insert_default().insert(line.to_owned());
                }
                (_, BRANCHES) => {
                    if let Some((id, name)) = line.split_once(' ')
                        && let Some(id) = parse_id(id)
                    {
                        let branches = cursor.branches.get_or_insert_default();
                        branches.insert(name.to_owned(), id);
                    }
                }
                _ => {}
            }
        }
        Some(cursor)
    }

    /// As a text.
    ///
    /// # Errors
    /// There are too many branches or tags.
    pub(crate) fn write(&self) -> Result<String> {
        let mut text = self.newest.map(|id| id.to_string()).unwrap_or_default();
        if let Some(branches) = &self.branches {
            text.push_str("\nbranches");
            for (name, id) in branches {
                // Writing to a string cannot fail.
                let _ = write!(text, "\n{id} {name}");
            }
        }
        if let Some(tags) = &self.tags {
            text.push_str("\ntags");
            for mark in tags {
                let _ = write!(text, "\n{mark}");
            }
        }
        if text.len() <= CURSOR_BYTES {
            return Ok(text);
        }
        Err(Trouble::Content(format!(
            "the repository has {} branches and {} tags, more than can be watched by polling: set PollForSourceChanges = \"false\" and use a webhook",
            self.branches.as_ref().map_or(0, BTreeMap::len),
            self.tags.as_ref().map_or(0, BTreeSet::len)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ObjectId {
        ObjectId::Sha1([n; 20])
    }

    #[test]
    fn what_was_seen_is_read_as_it_was_written() {
        let tag = Reference {
            name: "refs/tags/v1".into(),
            id: id(3),
            peeled: None,
        };
        let mut cursor = Cursor::default();
        assert_eq!(
            Cursor::read(&cursor.write().unwrap()).as_ref(),
            Some(&cursor)
        );
        cursor.newest = Some(id(1));
        assert_eq!(cursor.write().unwrap(), id(1).to_string());
        assert_eq!(
            Cursor::read(&cursor.write().unwrap()).as_ref(),
            Some(&cursor)
        );
        cursor.branches = Some(BTreeMap::new());
        assert_eq!(
            Cursor::read(&cursor.write().unwrap()).as_ref(),
            Some(&cursor)
        );
        cursor.tags = Some(BTreeSet::from([mark(&tag).unwrap()]));
        cursor.branches = Some(BTreeMap::from([("a/b ☃".into(), id(2))]));
        assert_eq!(
            Cursor::read(&cursor.write().unwrap()).as_ref(),
            Some(&cursor)
        );
    }

    #[test]
    fn a_tag_that_was_moved_has_another_mark() {
        let tag = |name: &str, n: u8| Reference {
            name: name.into(),
            id: id(n),
            peeled: None,
        };
        let marks: BTreeSet<String> = [
            tag("refs/tags/a", 1),
            tag("refs/tags/a", 2),
            tag("refs/tags/b", 1),
        ]
        .iter()
        .map(|tag| mark(tag).unwrap())
        .collect();
        assert_eq!(marks.len(), 3);
    }

    #[test]
    fn a_repository_with_too_many_tags_is_told_so() {
        let mut cursor = Cursor::default();
        let marks = (0..30_000).map(|n| format!("{n:016x}"));
        cursor.tags = Some(marks.collect());
        let error = cursor.write().unwrap_err().to_string();
        assert!(
            error.contains("30000 tags") && error.contains("webhook"),
            "{error}"
        );
    }
}
