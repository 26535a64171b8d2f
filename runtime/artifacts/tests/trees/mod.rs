//! Trees on disk for the tests: a description of what stands below a directory,
//! and stores to put it in.
#![allow(dead_code, reason = "each test program uses its own part")]

use lockgate_artifacts::{Artifacts, TreeLimits};
use lockgate_model::id::TenantId;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

pub const ROOMY: TreeLimits = TreeLimits {
    bytes: 1 << 30,
    entries: 100_000,
};

pub fn tenant() -> TenantId {
    "111122223333".parse().unwrap()
}

pub fn other_tenant() -> TenantId {
    "999988887777".parse().unwrap()
}

/// A store in a directory that goes with the test.
pub fn store() -> (tempfile::TempDir, Artifacts) {
    let directory = tempfile::tempdir().unwrap();
    let artifacts = Artifacts::open(&directory.path().join("artifacts")).unwrap();
    (directory, artifacts)
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stands {
    Directory(u32),
    File(u32, Vec<u8>),
    Link(Vec<u8>),
}

pub type Tree = BTreeMap<Vec<u8>, Stands>;

pub fn put(root: &Path, tree: &Tree) {
    let at = |path: &[u8]| root.join(OsStr::from_bytes(path));
    for (path, stands) in tree {
        match stands {
            Stands::Directory(_) => fs::create_dir(at(path)).unwrap(),
            Stands::File(_, content) => fs::write(at(path), content).unwrap(),
            Stands::Link(target) => symlink(OsStr::from_bytes(target), at(path)).unwrap(),
        }
    }
    for (path, stands) in tree.iter().rev() {
        if let Stands::Directory(mode) | Stands::File(mode, _) = stands {
            fs::set_permissions(at(path), fs::Permissions::from_mode(*mode)).unwrap();
        }
    }
}

pub fn get(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let mode = metadata.permissions().mode() & 0o7777;
            let stands = if metadata.is_dir() {
                open.push(path.clone());
                Stands::Directory(mode)
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                Stands::Link(target.as_os_str().as_bytes().to_vec())
            } else {
                Stands::File(mode, fs::read(&path).unwrap())
            };
            let name = path
                .strip_prefix(root)
                .unwrap()
                .as_os_str()
                .as_bytes()
                .to_vec();
            tree.insert(name, stands);
        }
    }
    tree
}
