//! Which files differ between two trees. Reads only the directories that
//! differ, and no file. The trees come from a stranger: what is past a limit is
//! not told at all, rather than in part.

use crate::limits::{CHANGED_BYTES, CHANGED_FILES, PATH_BYTES, TREE_DEPTH, TREE_ENTRIES};
use crate::object::{EntryKind, TreeEntry, tree_entries};
use crate::objects::Objects;
use crate::trouble::{Result, broken};
use gix_hash::ObjectId;
use gix_object::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// How many names of files one answer still has room for.
#[derive(Debug)]
pub(crate) struct Room {
    files: usize,
    bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            files: CHANGED_FILES,
            bytes: CHANGED_BYTES,
        }
    }
}

impl Room {
    /// The names, each once and in order, where there is room for all of them.
    pub(crate) fn hold(&mut self, names: BTreeSet<String>) -> Option<Vec<String>> {
        let bytes = names.iter().map(|name| name.len() + 8).sum::<usize>();
        self.files = self.files.checked_sub(names.len())?;
        self.bytes = self.bytes.checked_sub(bytes)?;
        Some(names.into_iter().collect())
    }

    fn is_past(&self, names: &BTreeSet<String>, bytes: usize) -> bool {
        names.len() > self.files || bytes > self.bytes
    }
}

/// Two directories of the same path; one that is not there is empty.
struct Pair {
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    folder: String,
    depth: usize,
}

/// The files, links and submodules that are only in one of the trees or not the
/// same in both; none where there are too many to be told.
///
/// # Errors
/// A directory is missing or damaged.
pub(crate) fn differences(
    objects: &mut Objects,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
    room: &mut Room,
) -> Result<Option<Vec<String>>> {
    let mut names = BTreeSet::new();
    let mut bytes = 0;
    let mut seen = 0;
    let mut pairs = vec![Pair {
        old,
        new,
        folder: String::new(),
        depth: 0,
    }];
    while let Some(pair) = pairs.pop() {
        if pair.old == pair.new {
            continue;
        }
        let old = entries(objects, pair.old)?;
        let mut new = entries(objects, pair.new)?;
        seen += old.len() + new.len();
        if pair.depth > TREE_DEPTH || seen > 2 * TREE_ENTRIES {
            return Ok(None);
        }
        let mut differ = |name: &[u8], old: Option<&TreeEntry>, new: Option<&TreeEntry>| {
            let path = path(&pair.folder, name);
            if path.len() > PATH_BYTES {
                return;
            }
            let directory = |entry: Option<&TreeEntry>| {
                entry
                    .filter(|entry| entry.kind == EntryKind::Tree)
                    .map(|entry| entry.id)
            };
            let both = (directory(old), directory(new));
            let [is_file, was_file] =
                [new, old].map(|entry| entry.is_some_and(|e| e.kind != EntryKind::Tree));
            if is_file || was_file {
                bytes += path.len() + 8;
                names.insert(path.clone());
            }
            if both != (None, None) {
                pairs.push(Pair {
                    old: both.0,
                    new: both.1,
                    folder: path,
                    depth: pair.depth + 1,
                });
            }
        };
        for (name, was) in &old {
            let is = new.remove(name);
            if is.as_ref() != Some(was) {
                differ(name, Some(was), is.as_ref());
            }
        }
        for (name, is) in &new {
            differ(name, None, Some(is));
        }
        if room.is_past(&names, bytes) {
            return Ok(None);
        }
    }
    Ok(room.hold(names))
}

fn path(folder: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    if folder.is_empty() {
        name.into_owned()
    } else {
        format!("{folder}/{name}")
    }
}

fn entries(objects: &mut Objects, tree: Option<ObjectId>) -> Result<BTreeMap<Vec<u8>, TreeEntry>> {
    let Some(id) = tree else {
        return Ok(BTreeMap::new());
    };
    let (kind, data) = objects.read(&id)?;
    if kind != Kind::Tree {
        return Err(broken(format!(
            "{id} is a {kind} where a directory is expected"
        )));
    }
    let entries = tree_entries(&id, &data)?.into_iter();
    Ok(entries.map(|entry| (entry.name.clone(), entry)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::parse_id;
    use lockgate_test_providers::git::Repository;

    fn tree(repository: &Repository, name: &str) -> ObjectId {
        let tree = format!("{name}^{{tree}}");
        parse_id(&repository.git(&["rev-parse", &tree])).unwrap()
    }

    fn changed(
        repository: &Repository,
        old: &str,
        new: &str,
        room: &mut Room,
    ) -> Option<Vec<String>> {
        let mut objects = Objects::open(&repository.path().join(".git/objects")).unwrap();
        let (old, new) = (tree(repository, old), tree(repository, new));
        differences(&mut objects, Some(old), Some(new), room).unwrap()
    }

    fn by_git(repository: &Repository, old: &str, new: &str) -> Vec<String> {
        let diff = [
            "diff-tree",
            "-r",
            "-z",
            "--no-renames",
            "--name-only",
            old,
            new,
            "--",
        ];
        let text = repository.git(&diff);
        let mut names: Vec<String> = text
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }

    #[test]
    fn trees_differ_in_the_files_that_git_names() {
        let repository = Repository::rich();
        repository.git(&["rm", "-r", "-q", "--cached", "a"]);
        std::fs::remove_dir_all(repository.path().join("a")).unwrap();
        repository.write("a", b"a file where a directory was");
        repository.git(&["update-index", "--chmod=-x", "tool.sh"]);
        repository.git(&["add", "a"]);
        repository.git(&["commit", "-q", "-m", "swap"]);
        for (old, new) in [
            ("main~1", "main"),
            ("main", "main~1"),
            ("main~10", "main"),
            ("main", "feature"),
            ("main", "main"),
        ] {
            let found = changed(&repository, old, new, &mut Room::default());
            assert_eq!(found, Some(by_git(&repository, old, new)), "{old} {new}");
        }
        let mut objects = Objects::open(&repository.path().join(".git/objects")).unwrap();
        let whole = Some(tree(&repository, "main"));
        let all = differences(&mut objects, None, whole, &mut Room::default()).unwrap();
        let listed = repository.git(&["ls-tree", "-r", "-z", "--name-only", "main"]);
        assert_eq!(all.unwrap().len(), listed.matches('\0').count());
    }

    #[test]
    fn more_files_than_there_is_room_for_are_not_told_in_part() {
        let repository = Repository::new();
        repository.commit("empty");
        for n in 0..5 {
            repository.write(&format!("folder/{n}"), b"x");
        }
        repository.commit("five");
        let mut room = Room {
            files: 9,
            bytes: 1000,
        };
        let five = changed(&repository, "main~1", "main", &mut room);
        assert_eq!(five.unwrap().len(), 5);
        assert_eq!(changed(&repository, "main~1", "main", &mut room), None);
        let mut room = Room {
            files: 9,
            bytes: 70,
        };
        assert_eq!(changed(&repository, "main~1", "main", &mut room), None);
    }
}
