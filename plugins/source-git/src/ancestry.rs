//! Where two branches parted. Knows that a part of the history may be missing,
//! and that it may be longer than anybody wants to walk.

use crate::limits::COMMITS;
use crate::object::Commit;
use crate::objects::Objects;
use crate::trouble::Result;
use gix_hash::ObjectId;
use std::collections::{BinaryHeap, HashMap};

const FIRST: u8 = 1;
const SECOND: u8 = 2;
const BOTH: u8 = FIRST | SECOND;

/// The newest commit that both commits have in their history; none where there
/// is none in the part that is here and that is walked.
///
/// # Errors
/// A commit is damaged, or one of the two is not here.
pub(crate) fn merge_base(
    objects: &mut Objects,
    first: &ObjectId,
    second: &ObjectId,
) -> Result<Option<ObjectId>> {
    let mut reached: HashMap<ObjectId, u8> = HashMap::new();
    let mut commits: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    // The newest first, so that a commit is seldom met before its followers.
    let mut next = BinaryHeap::new();
    for (id, side) in [(first, FIRST), (second, SECOND)] {
        let commit = objects.commit(id)?;
        *reached.entry(commit.id).or_default() |= side;
        next.push((commit.committed, commit.id));
        commits.insert(commit.id, commit.parents);
    }
    while let Some((_, id)) = next.pop() {
        let sides = reached.get(&id).copied().unwrap_or_default();
        if sides == BOTH {
            return Ok(Some(id));
        }
        let parents = commits.get(&id).cloned().unwrap_or_default();
        for parent in parents {
            let known = reached.entry(parent).or_default();
            let news = *known | sides != *known;
            *known |= sides;
            if !news {
                continue;
            }
            if commits.len() >= COMMITS {
                return Ok(None);
            }
            // Where the history was cut off, there is nothing to follow.
            if let Some(commit) = present(objects, &parent)? {
                next.push((commit.committed, parent));
                commits.insert(parent, commit.parents);
            }
        }
    }
    Ok(None)
}

fn present(objects: &mut Objects, id: &ObjectId) -> Result<Option<Commit>> {
    if objects.contains(id)? {
        objects.commit(id).map(Some)
    } else {
        Ok(None)
    }
}
