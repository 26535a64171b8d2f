//! Everything that a tree holds, as a flat list, before anything is written.
//! The tree comes from a stranger: names are checked one by one, and a tree
//! that is past a limit or holds a name twice is refused whole.

use crate::limits::{PATH_BYTES, TREE_DEPTH, TREE_ENTRIES};
use crate::object::{EntryKind, TreeEntry, tree_entries};
use crate::objects::Objects;
use crate::trouble::{Result, Trouble, broken};
use gix_hash::ObjectId;
use gix_object::Kind;
use gix_validate::path::component;
use std::collections::HashSet;

/// One directory, file, link or submodule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Relative, with `/`.
    pub(crate) path: String,
    pub(crate) kind: EntryKind,
    pub(crate) id: ObjectId,
}

const NAMES: component::Options = component::Options {
    protect_windows: false,
    protect_hfs: true,
    protect_ntfs: true,
};

/// What is in `tree`; each directory comes before what it holds.
pub(crate) fn list(objects: &mut Objects, tree: &ObjectId) -> Result<Vec<Listed>> {
    let mut listed = Vec::new();
    let mut trees = vec![(*tree, String::new(), 0)];
    while let Some((id, folder, depth)) = trees.pop() {
        if depth > TREE_DEPTH {
            return Err(Trouble::Content(format!(
                "the tree has more than {TREE_DEPTH} directories inside each other, at {}…",
                shown(folder.as_bytes().get(..80).unwrap_or_default())
            )));
        }
        let (kind, data) = objects.read(&id)?;
        if kind != Kind::Tree {
            return Err(broken(format!(
                "{id} is a {kind} where a directory is expected"
            )));
        }
        let mut names = HashSet::new();
        for entry in tree_entries(&id, &data)? {
            let path = named(&folder, &entry)?;
            if listed.len() >= TREE_ENTRIES {
                return Err(Trouble::Content(format!(
                    "the tree has more than {TREE_ENTRIES} files and directories, which is the limit of an artifact"
                )));
            }
            if !names.insert(entry.name) {
                return Err(broken(format!(
                    "the tree holds {} twice, which Git never writes; the repository is damaged or hostile",
                    shown(path.as_bytes())
                )));
            }
            if entry.kind == EntryKind::Tree {
                trees.push((entry.id, path.clone(), depth + 1));
            }
            listed.push(Listed {
                path,
                kind: entry.kind,
                id: entry.id,
            });
        }
    }
    Ok(listed)
}

/// The entry's path, if its name can be one.
fn named(folder: &str, entry: &TreeEntry) -> Result<String> {
    let mut full = folder.as_bytes().to_vec();
    if !full.is_empty() {
        full.push(b'/');
    }
    full.extend_from_slice(&entry.name);
    let mode = (entry.kind == EntryKind::Link).then_some(component::Mode::Symlink);
    let name = entry.name.as_slice().into();
    if let Err(error) = gix_validate::path::component(name, mode, NAMES) {
        return Err(broken(format!(
            "the tree holds {}, which is refused: {error}; the repository is damaged or hostile",
            shown(&full)
        )));
    }
    if full.len() > PATH_BYTES {
        return Err(Trouble::Content(format!(
            "the tree holds a path of {} bytes and the limit is {PATH_BYTES}: {}…",
            full.len(),
            shown(full.get(..80).unwrap_or_default())
        )));
    }
    String::from_utf8(full).map_err(|error| {
        Trouble::Content(format!(
            "the tree holds {}, whose name is not UTF-8; rename it in the repository, since an artifact cannot hold it",
            shown(error.as_bytes())
        ))
    })
}

/// A name from a stranger, fit for a message.
fn shown(name: &[u8]) -> String {
    format!("'{}'", name.escape_ascii())
}
