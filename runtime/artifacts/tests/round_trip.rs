//! What is stored comes back, and nothing else does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod trees;

use lockgate_artifacts::{ArtifactError, Artifacts, TreeLimits, remove_tree};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use trees::{ROOMY, Stands, Tree, get, other_tenant, put, store, tenant};

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A tree with every kind of thing, and enough content for several blobs.
fn sample(root: &Path) -> Tree {
    let large: Vec<u8> = (0..5_000_000u32).flat_map(u32::to_le_bytes).collect();
    let tree = Tree::from([
        (b"bin".to_vec(), Stands::Directory(0o755)),
        (
            b"bin/tool".to_vec(),
            Stands::File(0o755, b"#!/bin/sh\n".to_vec()),
        ),
        (b"bin-2".to_vec(), Stands::File(0o600, vec![])),
        (
            b"bin/read only".to_vec(),
            Stands::File(0o444, b"x".to_vec()),
        ),
        (b"closed".to_vec(), Stands::Directory(0o700)),
        (b"closed/empty".to_vec(), Stands::Directory(0o755)),
        (b"large".to_vec(), Stands::File(0o644, large)),
        (b"latest".to_vec(), Stands::Link(b"bin/tool".to_vec())),
        (
            b"dangling".to_vec(),
            Stands::Link(b"../../nowhere".to_vec()),
        ),
        (b"absolute".to_vec(), Stands::Link(b"/etc/passwd".to_vec())),
        (
            b"\xff\xfe %\n".to_vec(),
            Stands::File(0o644, b"bytes".to_vec()),
        ),
        ("größe €".into(), Stands::File(0o640, b"text".to_vec())),
        (b"README".to_vec(), Stands::File(0o644, b"upper".to_vec())),
        (b"readme".to_vec(), Stands::File(0o644, b"lower".to_vec())),
    ]);
    put(root, &tree);
    tree
}

#[tokio::test]
async fn a_tree_comes_back_as_it_was() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    let tree = sample(source.path());
    let stored = artifacts
        .store_tree(&tenant(), "out", source.path(), ROOMY)
        .await
        .unwrap();
    assert_eq!(stored.name, "out");
    assert_eq!(stored.files, 11);
    assert_eq!(stored.bytes, 20_000_000 + 10 + 1 + 5 + 4 + 5 + 5);
    let into = place.path().join("into");
    artifacts
        .materialise(&tenant(), stored.digest, &into)
        .await
        .unwrap();
    assert_eq!(get(&into), tree);
    // Again from the copy, into memory: the same digest.
    let memory = Artifacts::over(Arc::new(object_store::memory::InMemory::new()));
    let again = memory
        .store_tree(&tenant(), "x", &into, ROOMY)
        .await
        .unwrap();
    assert_eq!(again.digest, stored.digest);
    let back = place.path().join("back");
    memory
        .materialise(&tenant(), stored.digest, &back)
        .await
        .unwrap();
    assert_eq!(get(&back), tree);
}

fn node() -> impl Strategy<Value = Stands> {
    prop_oneof![
        (0u32..0o1000).prop_map(|mode| Stands::Directory(mode | 0o700)),
        (
            (0u32..0o1000),
            proptest::collection::vec(any::<u8>(), 0..200)
        )
            .prop_map(|(mode, content)| Stands::File(mode | 0o400, content)),
        "[a-z./]{1,20}".prop_map(|target| Stands::Link(target.into_bytes())),
    ]
}

fn any_tree() -> impl Strategy<Value = Tree> {
    // Few names, so that many of them meet inside one another.
    let name = prop_oneof![
        Just(b"a".to_vec()),
        Just(b"a-".to_vec()),
        Just(b"b".to_vec()),
        Just(b"%41".to_vec()),
        Just(vec![0x80, b' ']),
        proptest::collection::vec(1u8..=255, 1..6),
    ];
    let path = proptest::collection::vec(name, 1..5);
    proptest::collection::vec((path, node()), 0..25).prop_map(|wanted| {
        let mut tree = Tree::new();
        for (names, stands) in wanted {
            let names: Vec<Vec<u8>> = names
                .into_iter()
                .map(|name| {
                    name.into_iter()
                        .filter(|byte| *byte != b'/')
                        .collect::<Vec<u8>>()
                })
                .filter(|name| !name.is_empty() && name != b"." && name != b"..")
                .collect();
            let parents = (1..names.len()).map(|end| names[..end].join(&b'/'));
            let fits = parents
                .clone()
                .all(|parent| matches!(tree.get(&parent), None | Some(Stands::Directory(_))));
            if names.is_empty() || !fits || tree.contains_key(&names.join(&b'/')) {
                continue;
            }
            for parent in parents {
                tree.entry(parent).or_insert(Stands::Directory(0o755));
            }
            tree.insert(names.join(&b'/'), stands);
        }
        tree
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_tree_comes_back_as_it_was(tree in any_tree()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let place = tempfile::tempdir().unwrap();
            let artifacts = Artifacts::over(Arc::new(object_store::memory::InMemory::new()));
            let (source, into) = (place.path().join("source"), place.path().join("into"));
            fs::create_dir(&source).unwrap();
            put(&source, &tree);
            let stored = artifacts.store_tree(&tenant(), "t", &source, ROOMY).await.unwrap();
            artifacts.materialise(&tenant(), stored.digest, &into).await.unwrap();
            assert_eq!(get(&into), tree);
            remove_tree(&into).unwrap();
            assert!(!into.exists());
        });
    }
}

#[tokio::test]
async fn an_empty_tree_is_one_small_object() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    let stored = artifacts
        .store_tree(&tenant(), "none", source.path(), ROOMY)
        .await
        .unwrap();
    assert_eq!((stored.files, stored.bytes), (0, 0));
    assert_eq!(files_below(place.path()).len(), 1);
    let into = place.path().join("into");
    artifacts
        .materialise(&tenant(), stored.digest, &into)
        .await
        .unwrap();
    assert!(get(&into).is_empty());
}

#[tokio::test]
async fn the_same_content_is_kept_once() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    sample(source.path());
    let first = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    let objects = files_below(place.path());
    let second = artifacts
        .store_tree(&tenant(), "b", source.path(), ROOMY)
        .await
        .unwrap();
    assert_eq!(first.digest, second.digest);
    assert_eq!(files_below(place.path()), objects);
    // A large file is the same blob in another tree.
    fs::write(source.path().join("aaa"), "new").unwrap();
    artifacts
        .store_tree(&tenant(), "c", source.path(), ROOMY)
        .await
        .unwrap();
    let large = |files: &[PathBuf]| {
        files
            .iter()
            .filter(|file| file.metadata().unwrap().len() > 16_000_000)
            .count()
    };
    assert_eq!(large(&files_below(place.path())), large(&objects));
}

#[tokio::test]
async fn another_tenants_artifact_is_one_that_does_not_exist() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    fs::write(source.path().join("secret"), "theirs").unwrap();
    let stored = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    let nowhere = lockgate_model::artifact::Digest([7; 32]);
    for digest in [stored.digest, nowhere] {
        let into = place.path().join("into");
        let errors = [
            artifacts
                .materialise(&other_tenant(), digest, &into)
                .await
                .unwrap_err(),
            artifacts
                .zip(&other_tenant(), digest, Vec::new())
                .await
                .unwrap_err(),
            artifacts.remove(&other_tenant(), digest).await.unwrap_err(),
        ];
        for error in errors {
            assert!(
                matches!(error, ArtifactError::NotFound(found) if found == digest),
                "{error}"
            );
        }
        assert!(!artifacts.contains(&other_tenant(), digest).await.unwrap());
        assert!(!into.exists());
    }
    // What a neighbour collects is not ours.
    artifacts
        .collect(&other_tenant(), &BTreeSet::new(), Duration::ZERO)
        .await
        .unwrap();
    assert!(artifacts.contains(&tenant(), stored.digest).await.unwrap());
}

#[tokio::test]
async fn bits_that_give_rights_are_not_kept() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    for (name, mode) in [("setuid", 0o4755), ("setgid", 0o2755), ("none", 0o000)] {
        fs::write(source.path().join(name), "x").unwrap();
        fs::set_permissions(source.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::create_dir(source.path().join("sticky")).unwrap();
    fs::set_permissions(
        source.path().join("sticky"),
        fs::Permissions::from_mode(0o3777),
    )
    .unwrap();
    if !rustix::process::geteuid().is_root() {
        fs::remove_file(source.path().join("none")).unwrap();
        fs::write(source.path().join("none"), "x").unwrap();
        fs::set_permissions(
            source.path().join("none"),
            fs::Permissions::from_mode(0o400),
        )
        .unwrap();
    }
    let stored = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    let into = place.path().join("into");
    artifacts
        .materialise(&tenant(), stored.digest, &into)
        .await
        .unwrap();
    let mode = |name: &str| fs::metadata(into.join(name)).unwrap().mode() & 0o7777;
    assert_eq!(
        [mode("setuid"), mode("setgid"), mode("none"), mode("sticky")],
        [0o755, 0o755, 0o400, 0o777]
    );
}

#[tokio::test]
async fn a_link_is_stored_and_never_followed() {
    let (place, artifacts) = store();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "of the machine").unwrap();
    let source = tempfile::tempdir().unwrap();
    symlink(outside.path(), source.path().join("directory")).unwrap();
    symlink(outside.path().join("secret"), source.path().join("file")).unwrap();
    symlink("loop", source.path().join("loop")).unwrap();
    symlink(".", source.path().join("self")).unwrap();
    let stored = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    assert_eq!((stored.files, stored.bytes), (4, 0));
    for object in files_below(place.path()) {
        let held = fs::read(object).unwrap();
        assert!(!held.windows(14).any(|window| window == b"of the machine"));
    }
    // Not for the tree itself either.
    let link = place.path().join("link");
    symlink(outside.path(), &link).unwrap();
    artifacts
        .store_tree(&tenant(), "a", &link, ROOMY)
        .await
        .unwrap_err();
    artifacts
        .materialise(&tenant(), stored.digest, &link)
        .await
        .unwrap_err();
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_special_file_is_refused_by_name() {
    let (_place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    fs::create_dir(source.path().join("run")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(source.path().join("run/agent")).unwrap();
    let error = artifacts
        .store_tree(&tenant(), "out", source.path(), ROOMY)
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "artifact 'out': 'run/agent': it is a socket, and artifacts hold files, directories and links only; remove it"
    );
    fs::remove_file(source.path().join("run/agent")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        source.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let error = artifacts
        .store_tree(&tenant(), "out", source.path(), ROOMY)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("a named pipe"), "{error}");
}

#[tokio::test]
async fn a_tree_beyond_its_limits_is_refused_and_leaves_nothing() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    for number in 0..20 {
        fs::write(source.path().join(number.to_string()), "0123456789").unwrap();
    }
    let limits = |bytes, entries| TreeLimits { bytes, entries };
    let mut refused = Vec::new();
    for limits in [limits(199, 100), limits(1000, 19)] {
        let stored = artifacts
            .store_tree(&tenant(), "out", source.path(), limits)
            .await;
        refused.push(stored.unwrap_err().to_string());
    }
    assert_eq!(
        refused,
        [
            "artifact 'out': its files have more than 199 bytes; store less, or raise the plugin's limit artifact-bytes",
            "artifact 'out': it has more than 19 files and directories; store less, or raise the plugin's limit artifact-files",
        ]
    );
    assert_eq!(files_below(place.path()), Vec::<PathBuf>::new());
    artifacts
        .store_tree(&tenant(), "out", source.path(), limits(200, 20))
        .await
        .unwrap();

    // A hole of a terabyte costs nothing to refuse.
    let sparse = fs::File::create(source.path().join("sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    artifacts
        .store_tree(&tenant(), "out", source.path(), ROOMY)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_tree_that_is_too_deep_is_refused_and_can_be_removed() {
    let (_place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    let root = source.path().join("deep");
    fs::create_dir(&root).unwrap();
    let mut directory = rustix::fs::openat(
        rustix::fs::CWD,
        &root,
        rustix::fs::OFlags::DIRECTORY,
        rustix::fs::Mode::empty(),
    )
    .unwrap();
    for _ in 0..3000 {
        rustix::fs::mkdirat(&directory, "deeper", rustix::fs::Mode::RWXU).unwrap();
        directory = rustix::fs::openat(
            &directory,
            "deeper",
            rustix::fs::OFlags::DIRECTORY,
            rustix::fs::Mode::empty(),
        )
        .unwrap();
    }
    rustix::fs::mkdirat(&directory, "locked", rustix::fs::Mode::empty()).unwrap();
    let error = artifacts
        .store_tree(&tenant(), "out", &root, ROOMY)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("deeper than 200"), "{error}");
    remove_tree(&root).unwrap();
    assert!(!root.exists());
}

#[tokio::test]
async fn a_directory_with_something_in_it_is_left_alone() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    let stored = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    fs::write(source.path().join("mine"), "x").unwrap();
    let error = artifacts
        .materialise(&tenant(), stored.digest, source.path())
        .await
        .unwrap_err();
    assert!(matches!(error, ArtifactError::NotEmpty(_)), "{error}");
    let file = place.path().join("file");
    fs::write(&file, "x").unwrap();
    artifacts
        .materialise(&tenant(), stored.digest, &file)
        .await
        .unwrap_err();
    assert!(source.path().join("mine").exists() && file.exists());
}

#[tokio::test]
async fn damage_in_the_store_is_noticed() {
    let (place, artifacts) = store();
    let source = tempfile::tempdir().unwrap();
    sample(source.path());
    let stored = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    let objects = files_below(place.path());
    assert!(objects.len() >= 3, "{objects:?}");
    for object in objects {
        let good = fs::read(&object).unwrap();
        let mut flipped = good.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        for bad in [&flipped[..], &good[..good.len() - 1], &[]] {
            fs::write(&object, bad).unwrap();
            let into = place.path().join("into");
            let error = artifacts
                .materialise(&tenant(), stored.digest, &into)
                .await
                .unwrap_err();
            assert!(
                matches!(error, ArtifactError::Damaged { .. }),
                "{error} {object:?}"
            );
            assert!(!into.exists());
        }
        fs::write(&object, good).unwrap();
    }
    let into = place.path().join("into");
    artifacts
        .materialise(&tenant(), stored.digest, &into)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_nobody_refers_to_is_collected_and_the_rest_stays() {
    let (place, artifacts) = store();
    let (kept_source, lost_source) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sample(kept_source.path());
    sample(lost_source.path());
    fs::write(lost_source.path().join("more"), vec![7; 5 << 20]).unwrap();
    let kept = artifacts
        .store_tree(&tenant(), "a", kept_source.path(), ROOMY)
        .await
        .unwrap();
    let before = files_below(place.path());
    let lost = artifacts
        .store_tree(&tenant(), "b", lost_source.path(), ROOMY)
        .await
        .unwrap();
    let keep = BTreeSet::from([kept.digest]);
    let nothing = artifacts
        .collect(&tenant(), &keep, Duration::from_secs(3600))
        .await
        .unwrap();
    assert_eq!(nothing, lockgate_artifacts::Collected::default());
    let collected = artifacts
        .collect(&tenant(), &keep, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(collected.trees, 1);
    assert!(
        collected.blobs >= 1 && collected.bytes > 5 << 20,
        "{collected:?}"
    );
    assert_eq!(files_below(place.path()), before);
    assert!(!artifacts.contains(&tenant(), lost.digest).await.unwrap());
    let into = place.path().join("into");
    artifacts
        .materialise(&tenant(), kept.digest, &into)
        .await
        .unwrap();
    artifacts.remove(&tenant(), kept.digest).await.unwrap();
    assert!(!artifacts.contains(&tenant(), kept.digest).await.unwrap());
}
