//! Writes the files of a tree into an empty directory. Files are only created
//! and never overwritten, and links are made last, so nothing is ever written
//! through one. `listing` has refused what no directory may hold.

use crate::limits::{PATH_BYTES, TREE_BYTES};
use crate::listing::{Listed, list};
use crate::object::EntryKind;
use crate::objects::Objects;
use crate::trouble::{Result, broken, disk};
use gix_hash::ObjectId;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

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

impl Written {
    fn of(entry: &Listed, size: u64) -> Self {
        Self {
            path: entry.path.clone(),
            kind: entry.kind,
            id: entry.id,
            size,
        }
    }
}

const LFS: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

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
    let listed = list(objects, tree)?;
    let mut checkout = Checkout::default();
    let mut files = Vec::new();
    for entry in &listed {
        match entry.kind {
            EntryKind::Tree | EntryKind::Commit => {
                let place = root.join(&entry.path);
                fs::create_dir(&place).map_err(disk("create the directory", &place))?;
            }
            EntryKind::Blob | EntryKind::BlobExecutable => {
                files.push((objects.order(&entry.id)?, entry));
            }
            EntryKind::Link => {}
        }
        if matches!(entry.kind, EntryKind::Commit | EntryKind::Link) {
            checkout.entries.push(Written::of(entry, 0));
        }
    }
    // As they are stored, so that a pack is read from front to back.
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (_, entry) in files {
        let place = root.join(&entry.path);
        let size = write_file(objects, &entry.id, &place, &entry.path, &mut checkout)?;
        if entry.kind == EntryKind::BlobExecutable {
            (marks.executable)(&place)?;
        }
        checkout.entries.push(Written::of(entry, size));
    }
    for entry in listed.iter().filter(|entry| entry.kind == EntryKind::Link) {
        let place = root.join(&entry.path);
        let target = link_target(objects, &entry.id, &place)?;
        (marks.link)(&target, &place)?;
    }
    Ok(checkout)
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
        file.write_all(chunk).map_err(disk("write", place))
    })?;
    checkout.bytes += size;
    if start == LFS && size < 1024 {
        checkout.pointers.push(path.to_owned());
    }
    Ok(size)
}

fn link_target(objects: &mut Objects, id: &ObjectId, place: &Path) -> Result<String> {
    let mut target = Vec::new();
    objects.blob(id, TREE_BYTES, &mut |chunk| {
        target.extend_from_slice(chunk);
        if target.len() <= PATH_BYTES {
            return Ok(());
        }
        Err(broken(format!(
            "the link {} has a target of more than {PATH_BYTES} bytes, and cannot be made",
            place.display()
        )))
    })?;
    match String::from_utf8(target) {
        Ok(target) if !target.is_empty() && !target.contains('\0') => Ok(target),
        _ => Err(broken(format!(
            "the link {} has a target that is empty or not UTF-8, and cannot be made",
            place.display()
        ))),
    }
}
