//! Writes the files of a tree into an empty directory. The tree comes from a
//! stranger: names are checked one by one, files are only created and never
//! overwritten, and links are made last, so nothing is ever written through
//! one.

use crate::limits::{PATH_BYTES, TREE_BYTES, TREE_DEPTH, TREE_ENTRIES};
use crate::object::{EntryKind, TreeEntry, tree_entries};
use crate::objects::Objects;
use crate::trouble::{Result, Trouble, broken, disk};
use gix_hash::ObjectId;
use gix_object::Kind;
use gix_validate::path::component;
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path};

/// What WASI's file functions cannot do.
pub struct Marks<'a> {
    /// Sets the executable bits of a file.
    pub executable: &'a dyn Fn(&Path) -> Result<()>,
    /// Makes a symbolic link with this target at this path.
    pub link: &'a dyn Fn(&str, &Path) -> Result<()>,
}

/// One file, link or submodule that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Relative, with `/`.
    pub path: String,
    /// Never a tree.
    pub kind: EntryKind,
    /// Of the blob, or of the submodule's commit.
    pub id: ObjectId,
    /// Bytes.
    pub size: u64,
}

/// What a tree held.
#[derive(Debug, Default)]
pub struct Checkout {
    /// Everything but directories, in no particular order.
    pub entries: Vec<Written>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Files that are pointers of Git LFS.
    pub pointers: Vec<String>,
}

impl Checkout {
    /// Paths of submodules, which are empty directories.
    pub fn submodules(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Commit)
            .map(|entry| entry.path.as_str())
    }
}

const LFS: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";
const NAMES: component::Options = component::Options {
    protect_windows: false,
    protect_hfs: true,
    protect_ntfs: true,
};

/// Writes `tree` below `root`, which exists and is empty.
///
/// # Errors
/// The tree is damaged, hostile or past a limit, or a file cannot be written.
pub fn checkout(
    objects: &mut Objects,
    tree: &ObjectId,
    root: &Path,
    marks: &Marks<'_>,
) -> Result<Checkout> {
    let mut checkout = Checkout::default();
    let mut links = Vec::new();
    let mut count = 0;
    let mut trees = vec![(*tree, String::new(), 0)];
    while let Some((id, folder, depth)) = trees.pop() {
        if depth > TREE_DEPTH {
            return Err(Trouble::Content(format!(
                "the tree has more than {TREE_DEPTH} directories inside each other, at {}",
                shown(folder.as_bytes())
            )));
        }
        let (kind, data) = objects.read(&id)?;
        if kind != Kind::Tree {
            return Err(broken(format!("{id} is a {kind} where a directory is expected")));
        }
        let entries = tree_entries(&id, &data)?;
        count += entries.len();
        if count > TREE_ENTRIES {
            return Err(Trouble::Content(format!(
                "the tree has more than {TREE_ENTRIES} files and directories, which is the limit of an artifact"
            )));
        }
        let mut names = HashSet::new();
        for entry in entries {
            let path = named(&folder, &entry)?;
            if !names.insert(entry.name.clone()) {
                return Err(broken(format!(
                    "the tree holds {} twice, which Git never writes; the repository is damaged or hostile",
                    shown(path.as_bytes())
                )));
            }
            let place = root.join(&path);
            match entry.kind {
                EntryKind::Tree => {
                    create_directory(&place)?;
                    trees.push((entry.id, path, depth + 1));
                    continue;
                }
                EntryKind::Commit => create_directory(&place)?,
                EntryKind::Link => links.push((entry.id, place.clone())),
                EntryKind::Blob | EntryKind::BlobExecutable => {}
            }
            let size = match entry.kind {
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    let size = write_file(objects, &entry.id, &place, &path, &mut checkout)?;
                    if entry.kind == EntryKind::BlobExecutable {
                        (marks.executable)(&place)?;
                    }
                    size
                }
                _ => 0,
            };
            checkout.entries.push(Written {
                path,
                kind: entry.kind,
                id: entry.id,
                size,
            });
        }
    }
    for (id, place) in links {
        let target = link_target(objects, &id, &place)?;
        (marks.link)(&target, &place)?;
    }
    Ok(checkout)
}

/// The entry's path, if its name can be one.
fn named(folder: &str, entry: &TreeEntry) -> Result<String> {
    let mode = (entry.kind == EntryKind::Link).then_some(component::Mode::Symlink);
    let full = || {
        let mut full = folder.as_bytes().to_vec();
        if !full.is_empty() {
            full.push(b'/');
        }
        full.extend_from_slice(&entry.name);
        full
    };
    if let Err(error) = gix_validate::path::component(entry.name.as_slice().into(), mode, NAMES) {
        return Err(broken(format!(
            "the tree holds {}, which is refused: {error}; the repository is damaged or hostile",
            shown(&full())
        )));
    }
    if entry.name.contains(&0) {
        return Err(broken("the tree holds a name with a NUL"));
    }
    let full = full();
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

fn create_directory(place: &Path) -> Result<()> {
    fs::create_dir(place).map_err(disk("create the directory", place))
}

fn write_file(
    objects: &mut Objects,
    id: &ObjectId,
    place: &Path,
    path: &str,
    checkout: &mut Checkout,
) -> Result<u64> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(place)
        .map_err(disk("create", place))?;
    let mut start: Vec<u8> = Vec::new();
    let left = TREE_BYTES.saturating_sub(checkout.bytes);
    let size = objects.blob(id, left, &mut |chunk| {
        if start.len() < LFS.len() {
            start.extend(chunk.iter().take(LFS.len() - start.len()));
        }
        file.write_all(chunk).map_err(write_error(place))
    })?;
    checkout.bytes += size;
    if start == LFS && size < 1024 {
        checkout.pointers.push(path.to_owned());
    }
    Ok(size)
}

fn write_error(place: &Path) -> impl FnOnce(io::Error) -> Trouble + '_ {
    disk("write", place)
}

fn link_target(objects: &mut Objects, id: &ObjectId, place: &Path) -> Result<String> {
    let mut target = Vec::new();
    objects.blob(id, PATH_BYTES as u64, &mut |chunk| {
        target.extend_from_slice(chunk);
        Ok(())
    })?;
    match String::from_utf8(target) {
        Ok(target) if !target.is_empty() && !target.contains('\0') => Ok(target),
        _ => Err(broken(format!(
            "the link {} has a target that is empty or not UTF-8, and cannot be made",
            place.display()
        ))),
    }
}

/// A name from a stranger, fit for a message.
pub(crate) fn shown(name: &[u8]) -> String {
    format!("'{}'", name.escape_ascii())
}
