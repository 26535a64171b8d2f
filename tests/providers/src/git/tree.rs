//! A directory as a value, to compare.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// One thing in a directory.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file: whether it can be executed, and its bytes.
    File(bool, Vec<u8>),
    /// A link and its target.
    Link(String),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory => f.write_str("directory"),
            Self::File(executable, bytes) => {
                write!(f, "file of {} bytes, executable: {executable}", bytes.len())
            }
            Self::Link(target) => write!(f, "link to {target}"),
        }
    }
}

/// Everything below `root` except its `.git`, by relative path.
#[must_use]
pub fn snapshot(root: &Path) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the directory is readable") {
            let path = entry.expect("the entry is readable").path();
            let name = path.strip_prefix(root).expect("it is below the root");
            let name = name.to_string_lossy().into_owned();
            if name == ".git" {
                continue;
            }
            let metadata = fs::symlink_metadata(&path).expect("it exists");
            let entry = if metadata.is_symlink() {
                let target = fs::read_link(&path).expect("it is a link");
                Entry::Link(target.to_string_lossy().into_owned())
            } else if metadata.is_dir() {
                directories.push(path);
                Entry::Directory
            } else {
                let executable = metadata.permissions().mode() & 0o111 != 0;
                Entry::File(executable, fs::read(&path).expect("it is readable"))
            };
            entries.insert(name, entry);
        }
    }
    entries
}
