//! What a change changed: the files that differ between a commit and where it
//! came from.

use crate::FirstPush;
use crate::ancestry::merge_base;
use crate::object::Commit;
use crate::place::Place;
use crate::reference::{References, Wanted};
use crate::ssh::Range;
use crate::tree_diff::{Room, differences};
use crate::trouble::{Result, Trouble};
use gix_hash::ObjectId;

/// What a commit is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// This commit.
    Commit(ObjectId),
    /// The commit where it parted from the history of `tip`.
    Parting {
        /// Of another branch.
        tip: ObjectId,
        /// Where they share no history that is near, `tip` itself will do.
        or_tip: bool,
    },
    /// Its first parent: what a merge brought.
    Parent,
    /// Nothing: all that is in it is new.
    Nothing,
}

/// What was learnt of a change.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Where it was read.
    pub(crate) commit: Option<Commit>,
    /// Absent: they cannot be told.
    pub(crate) files: Option<Vec<String>>,
}

impl Since {
    /// What the first push of this branch is compared with, by what `HEAD` is;
    /// none where its files are not to be told.
    pub(crate) fn first_push(
        how: FirstPush,
        branch: &str,
        references: &References,
    ) -> Option<Self> {
        match (how, Wanted::Head.choose(references)) {
            (FirstPush::None, _) => None,
            (FirstPush::Compare, Some(default)) if default.name != branch => Some(Self::Parting {
                tip: default.id,
                or_tip: true,
            }),
            // It is the default branch, or there is none.
            (FirstPush::Compare, _) => Some(Self::Nothing),
        }
    }
}

impl Place<'_> {
    /// Reads the commit and compares it.
    ///
    /// # Errors
    /// A network or a disk: asking again may help. What cannot be told at all
    /// is not an error.
    pub(crate) fn changed(
        &self,
        since: Since,
        to: ObjectId,
        room: &mut Room,
        warn: &dyn Fn(&str),
    ) -> Result<Seen> {
        match self.compare(since, to, room) {
            Ok(seen) => {
                if seen.files.is_none() {
                    warn(&format!("which files {to} changes cannot be told"));
                }
                Ok(seen)
            }
            Err(Trouble::Unavailable(text)) => Err(Trouble::Unavailable(text)),
            Err(trouble) => {
                warn(&format!(
                    "which files {to} changes cannot be told: {trouble}"
                ));
                Ok(Seen::default())
            }
        }
    }

    fn compare(&self, since: Since, to: ObjectId, room: &mut Room) -> Result<Seen> {
        if let Self::Ssh(ssh) = self {
            let range = match since {
                Since::Commit(from) => Range::From(from),
                Since::Parting { tip, or_tip } => Range::Parting { tip, or_tip },
                Since::Parent => Range::Parent,
                Since::Nothing => Range::All,
            };
            let files = ssh.changed(range, to)?.and_then(|names| room.hold(names));
            return Ok(Seen {
                commit: None,
                files,
            });
        }
        let from = match since {
            Since::Commit(from) => Some(from),
            Since::Nothing => None,
            Since::Parent => {
                let objects = self.parents(&[to])?;
                let commit = objects.map(|mut objects| objects.commit(&to)).transpose()?;
                commit.and_then(|commit| commit.parents.first().copied())
            }
            Since::Parting { tip, or_tip } => {
                let base = match self.history(&[tip, to])? {
                    Some(mut objects) => merge_base(&mut objects, &tip, &to)?,
                    None => None,
                };
                match base {
                    // Merged by now: what it brought cannot be seen any more.
                    Some(base) if base == to && !or_tip => return Ok(Seen::default()),
                    Some(base) => Some(base),
                    None if or_tip => Some(tip),
                    None => return Ok(Seen::default()),
                }
            }
        };
        let wants: Vec<ObjectId> = from.into_iter().chain([to]).collect();
        let Some(mut objects) = self.directories(&wants)? else {
            return Ok(Seen::default());
        };
        let commit = objects.commit(&to)?;
        let old = match from {
            Some(from) => Some(objects.commit(&from)?.tree),
            None => None,
        };
        let files = differences(&mut objects, old, Some(commit.tree), room)?;
        Ok(Seen {
            commit: Some(commit),
            files,
        })
    }
}
