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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::parse_id;
    use lockgate_test_providers::git::Repository;

    fn objects(repository: &Repository) -> Objects {
        Objects::open(&repository.path().join(".git/objects")).unwrap()
    }

    fn base(repository: &Repository, a: &str, b: &str) -> Option<String> {
        let id = |name: &str| parse_id(&repository.git(&["rev-parse", name])).unwrap();
        let found = merge_base(&mut objects(repository), &id(a), &id(b)).unwrap();
        found.map(|id| id.to_string())
    }

    #[test]
    fn two_branches_parted_where_git_says() {
        let repository = Repository::rich();
        repository.git(&["checkout", "-q", "-b", "other", "main~3"]);
        repository.commit("elsewhere");
        repository.git(&["merge", "-q", "-s", "ours", "-m", "back", "feature"]);
        for (a, b) in [
            ("main", "feature"),
            ("main", "other"),
            ("other", "feature"),
            ("main", "main"),
            ("main~5", "main"),
            ("other~1", "feature~1"),
        ] {
            let expected = repository.git(&["merge-base", a, b]);
            assert_eq!(base(&repository, a, b), Some(expected.clone()), "{a} {b}");
            assert_eq!(base(&repository, b, a), Some(expected), "{b} {a}");
        }
    }

    #[test]
    fn histories_that_share_nothing_have_parted_nowhere() {
        let repository = Repository::new();
        repository.commit("one");
        repository.git(&["checkout", "-q", "--orphan", "other"]);
        repository.commit("two");
        assert_eq!(base(&repository, "main", "other"), None);
    }

    #[test]
    fn where_the_history_is_cut_off_nothing_is_found_and_nothing_fails() {
        let repository = Repository::new();
        let root = repository.commit("root");
        repository.git(&["checkout", "-q", "-b", "other"]);
        repository.commit("other");
        repository.git(&["checkout", "-q", "main"]);
        repository.commit("main");
        assert_eq!(base(&repository, "main", "other"), Some(root.clone()));
        let (first, rest) = root.split_at(2);
        let file = repository
            .path()
            .join(format!(".git/objects/{first}/{rest}"));
        std::fs::remove_file(file).unwrap();
        assert_eq!(base(&repository, "main", "other"), None);
    }
}
