//! Artifacts as zip files, and zip files from strangers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod trees;

use lockgate_artifacts::{Artifacts, TreeLimits};
use std::fs;
use std::io::{Cursor, Write};
use std::sync::Arc;
use trees::{ROOMY, Stands, Tree, get, put, tenant};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn artifacts() -> Artifacts {
    Artifacts::over(Arc::new(object_store::memory::InMemory::new()))
}

fn sample() -> Tree {
    Tree::from([
        (b"bin".to_vec(), Stands::Directory(0o750)),
        (
            b"bin/tool".to_vec(),
            Stands::File(0o755, b"#!/bin/sh\n".repeat(1000)),
        ),
        (b"empty".to_vec(), Stands::Directory(0o755)),
        (b"latest".to_vec(), Stands::Link(b"../bin/tool".to_vec())),
        ("größe".into(), Stands::File(0o600, vec![])),
    ])
}

#[tokio::test]
async fn an_artifact_goes_through_a_zip_file_unchanged() {
    let artifacts = artifacts();
    let place = tempfile::tempdir().unwrap();
    let source = place.path().join("source");
    fs::create_dir(&source).unwrap();
    put(&source, &sample());
    let stored = artifacts
        .store_tree(&tenant(), "a", &source, ROOMY)
        .await
        .unwrap();
    let archive = artifacts
        .zip(&tenant(), stored.digest, Vec::new())
        .await
        .unwrap();
    assert_eq!(
        archive,
        artifacts
            .zip(&tenant(), stored.digest, Vec::new())
            .await
            .unwrap()
    );
    let again = artifacts
        .store_zip(&tenant(), "b", Cursor::new(archive.clone()), ROOMY)
        .await
        .unwrap();
    assert_eq!(again.digest, stored.digest);

    // An unpacker that is not ours sees the same tree.
    let file = place.path().join("a.zip");
    fs::write(&file, archive).unwrap();
    let into = place.path().join("into");
    fs::create_dir(&into).unwrap();
    let unpacked = std::process::Command::new("python3")
        .args([
            "-c",
            "import sys, zipfile, os, stat
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    for info in archive.infolist():
        mode, path = info.external_attr >> 16, os.path.join(sys.argv[2], info.filename)
        if stat.S_ISLNK(mode): os.symlink(archive.read(info), path)
        else:
            if info.is_dir(): os.mkdir(path)
            else: open(path, 'wb').write(archive.read(info))
            os.chmod(path, stat.S_IMODE(mode))",
        ])
        .args([&file, &into])
        .status()
        .unwrap();
    assert!(unpacked.success());
    assert_eq!(get(&into), sample());
}

#[tokio::test]
async fn a_name_that_is_no_text_is_refused_for_a_zip_file() {
    let artifacts = artifacts();
    let source = tempfile::tempdir().unwrap();
    put(
        source.path(),
        &Tree::from([(b"\xff".to_vec(), Stands::File(0o644, vec![]))]),
    );
    let stored = artifacts
        .store_tree(&tenant(), "a", source.path(), ROOMY)
        .await
        .unwrap();
    let error = artifacts
        .zip(&tenant(), stored.digest, Vec::new())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("'%ff': the name is not UTF-8"),
        "{error}"
    );
}

/// What an entry of a hostile archive is.
enum Kind {
    File(&'static str),
    Link(&'static str),
    Mode(u32),
}

fn archive(entries: &[(&str, Kind)]) -> Cursor<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, kind) in entries {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        match kind {
            Kind::File(content) => {
                zip.start_file(*name, options).unwrap();
                zip.write_all(content.as_bytes()).unwrap();
            }
            Kind::Link(target) => zip.add_symlink(*name, *target, options).unwrap(),
            Kind::Mode(mode) => {
                zip.start_file(*name, options.unix_permissions(0o644))
                    .unwrap();
                assert!(*mode > 0);
            }
        }
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    for (name, kind) in entries {
        if let Kind::Mode(mode) = kind {
            // In the central directory, the mode stands 8 bytes before the name.
            let at = bytes
                .windows(name.len())
                .rposition(|w| w == name.as_bytes())
                .unwrap();
            bytes[at - 8 + 2..at - 4].copy_from_slice(&u16::try_from(*mode).unwrap().to_le_bytes());
        }
    }
    Cursor::new(bytes)
}

#[tokio::test]
async fn an_archive_that_leads_out_of_itself_is_refused() {
    let artifacts = artifacts();
    let cases: [(&str, Vec<(&str, Kind)>); 8] = [
        ("leads out", vec![("../escape", Kind::File("x"))]),
        ("leads out", vec![("a/../../escape", Kind::File("x"))]),
        ("leads out", vec![("/etc/passwd", Kind::File("x"))]),
        ("leads out", vec![("a//b", Kind::File("x"))]),
        ("leads out", vec![("a\0b", Kind::File("x"))]),
        (
            "inside something that is not a directory",
            vec![("a", Kind::Link("/etc")), ("a/passwd", Kind::File("x"))],
        ),
        (
            "inside something that is not a directory",
            vec![("a", Kind::File("x")), ("a/b", Kind::File("x"))],
        ),
        ("neither a file", vec![("device", Kind::Mode(0o020_666))]),
    ];
    for (number, (reason, entries)) in cases.into_iter().enumerate() {
        let error = artifacts
            .store_zip(&tenant(), "up", archive(&entries), ROOMY)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{number}: {error}");
    }
    for garbage in [vec![], b"PK\x05\x06".to_vec(), vec![0x50; 1000]] {
        let error = artifacts
            .store_zip(&tenant(), "up", Cursor::new(garbage), ROOMY)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("not a usable zip file"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn names_that_differ_in_case_are_different_and_the_same_one_twice_is_refused() {
    let artifacts = artifacts();
    let both = archive(&[
        ("README", Kind::File("upper")),
        ("readme", Kind::File("lower")),
    ]);
    let stored = artifacts
        .store_zip(&tenant(), "up", both, ROOMY)
        .await
        .unwrap();
    assert_eq!((stored.files, stored.bytes), (2, 10));

    // The writer makes no duplicates, so one of two names is overwritten.
    let mut bytes =
        archive(&[("aa", Kind::File("first")), ("ab", Kind::File("second"))]).into_inner();
    while let Some(at) = bytes.windows(2).position(|window| window == b"ab") {
        bytes[at + 1] = b'a';
    }
    let twice = artifacts
        .store_zip(&tenant(), "up", Cursor::new(bytes), ROOMY)
        .await;
    let error = twice.unwrap_err().to_string();
    assert!(error.contains("the same name twice"), "{error}");
}

#[tokio::test]
async fn a_zip_bomb_stops_at_the_limits() {
    let artifacts = artifacts();
    let limits = TreeLimits {
        bytes: 1 << 20,
        entries: 100,
    };
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("zeros", options).unwrap();
    for _ in 0..200 {
        zip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let mut bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 20);
    let refused = artifacts
        .store_zip(&tenant(), "up", Cursor::new(bomb.clone()), limits)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("more than 1048576 bytes"),
        "{refused}"
    );
    // The same, lying about its size.
    let size = (200u32 << 20).to_le_bytes();
    while let Some(at) = bomb.windows(4).position(|window| window == size) {
        bomb[at..at + 4].copy_from_slice(&100u32.to_le_bytes());
    }
    artifacts
        .store_zip(&tenant(), "up", Cursor::new(bomb), limits)
        .await
        .unwrap_err();

    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..101 {
        zip.start_file(number.to_string(), options).unwrap();
    }
    let many = zip.finish().unwrap();
    let refused = artifacts
        .store_zip(&tenant(), "up", many, limits)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("more than 100 files"),
        "{refused}"
    );
}

#[tokio::test]
async fn setuid_in_an_archive_is_dropped() {
    let artifacts = artifacts();
    let place = tempfile::tempdir().unwrap();
    let tool = archive(&[("tool", Kind::Mode(0o104_755))]);
    let stored = artifacts
        .store_zip(&tenant(), "up", tool, ROOMY)
        .await
        .unwrap();
    let into = place.path().join("into");
    artifacts
        .materialise(&tenant(), stored.digest, &into)
        .await
        .unwrap();
    assert_eq!(
        get(&into),
        Tree::from([(b"tool".to_vec(), Stands::File(0o755, vec![]))])
    );
}
