//! Repositories on this machine, in every way in which Git stores them.

use crate::{assert_failure, detect, output, take, variable};
use lockgate_plugin::FailureType;
use lockgate_plugin::testing::FakeHost;
use lockgate_test_providers::git::{Repository, snapshot};
use std::fs;
use std::path::Path;

fn url(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Takes `main` from `path` and compares it with what `git archive` says.
fn assert_same(repository: &Repository, path: &Path) {
    let host = FakeHost::new();
    let success = take(&host, &[("RepositoryUrl", &url(path))], None).unwrap();
    let archive = repository.archive("main");
    let (taken, expected) = (
        snapshot(&output(&host)),
        snapshot(&archive.path().join("files")),
    );
    assert_eq!(
        taken.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    assert!(taken == expected, "contents differ");
    assert_eq!(
        variable(&success, "CommitId"),
        repository.git(&["rev-parse", "main"])
    );
    let log = host.log_text();
    assert!(
        log.contains("the submodule vendor/sub is left empty"),
        "{log}"
    );
    assert!(log.contains("1 files are pointers of Git LFS"), "{log}");
    assert!(log.contains("video.mp4"), "{log}");
}

#[test]
fn a_tree_of_loose_objects_is_written_as_git_writes_it() {
    let repository = Repository::rich();
    assert_same(&repository, repository.path());
    assert_same(&repository, &repository.path().join(".git"));
}

#[test]
fn a_tree_of_packed_delta_chains_is_written_as_git_writes_it() {
    let repository = Repository::rich();
    repository.git(&["repack", "-q", "-adf", "--depth=50", "--window=50"]);
    repository.git(&["pack-refs", "--all"]);
    let chains = repository.git(&["verify-pack", "-v", &pack(&repository)]);
    assert!(
        chains.contains("chain length = 2"),
        "there are chains to follow"
    );
    assert_same(&repository, repository.path());
    let (_directory, bare) = repository.bare_clone();
    assert_same(&repository, &bare);
}

fn pack(repository: &Repository) -> String {
    let packs = fs::read_dir(repository.path().join(".git/objects/pack")).unwrap();
    packs
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "idx"))
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

#[test]
fn differences_that_name_their_base_by_id_are_followed() {
    let repository = Repository::rich();
    repository.git(&[
        "-c",
        "repack.useDeltaBaseOffset=false",
        "repack",
        "-q",
        "-adf",
    ]);
    assert_same(&repository, repository.path());
}

#[test]
fn objects_in_several_packs_and_loose_ones_are_found_together() {
    let repository = Repository::rich();
    repository.git(&["repack", "-q", "-d"]);
    repository.write("later", b"later");
    repository.commit("later");
    repository.git(&["repack", "-q", "-d"]);
    repository.write("last", b"last");
    repository.commit("last");
    assert_same(&repository, repository.path());
}

#[test]
fn borrowed_objects_are_found_where_they_are() {
    let repository = Repository::rich();
    let borrower = tempfile::tempdir().unwrap();
    let path = borrower.path().join("borrower");
    repository.git(&["clone", "-q", "--shared", "--no-checkout", ".", &url(&path)]);
    assert_same(&repository, &path);
    let alternates = path.join(".git/objects/info/alternates");
    fs::write(&alternates, "/nowhere/objects\n").unwrap();
    assert_failure(
        take(&FakeHost::new(), &[("RepositoryUrl", &url(&path))], None),
        FailureType::PermissionError,
        &["/nowhere/objects", "source-git read="],
    );
}

#[test]
fn a_linked_working_tree_has_a_head_of_its_own() {
    let repository = Repository::rich();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("linked");
    repository.git(&["worktree", "add", "-q", &url(&path), "feature"]);
    let host = FakeHost::new();
    let success = take(&host, &[("RepositoryUrl", &url(&path))], None).unwrap();
    assert_eq!(variable(&success, "BranchName"), "feature");
    assert_eq!(fs::read(output(&host).join("feature")).unwrap(), b"x");
}

#[test]
fn output_variables_and_revision_are_those_of_the_commit() {
    let repository = Repository::rich();
    let id = repository.commit("The subject\n\nThe body,\nin two lines.");
    let configuration = [
        ("RepositoryUrl", &*url(repository.path())),
        ("BranchName", "main"),
    ];
    let host = FakeHost::new();
    let success = take(&host, &configuration, None).unwrap();
    let name = repository.path().file_name().unwrap().to_string_lossy();
    assert_eq!(
        success.variables,
        [
            ("AuthorDate", "2026-01-02T01:04:05Z"),
            ("BranchName", "main"),
            ("CommitId", &*id),
            ("CommitMessage", "The subject\n\nThe body,\nin two lines."),
            ("CommitterDate", "2026-02-03T04:05:06Z"),
            ("RepositoryName", &*name),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    let revision = success.revision.unwrap();
    assert_eq!(revision.id, id);
    assert_eq!(revision.summary.as_deref(), Some("The subject"));
    assert_eq!(revision.created, Some(1_770_091_506_000));
    let detection = detect(&host, &configuration).unwrap();
    assert_eq!(detection.cursor, id);
    assert_eq!(detection.newest, Some(revision));
}

#[test]
fn the_newest_tag_is_taken_whether_annotated_or_not() {
    let repository = Repository::rich();
    let url = url(repository.path());
    for packed in [false, true] {
        if packed {
            repository.git(&["pack-refs", "--all"]);
        }
        for (glob, name) in [("v*", "v1.10"), ("v1.9", "v1.9")] {
            let host = FakeHost::new();
            let configuration = [("RepositoryUrl", &*url), ("TagName", glob)];
            let success = take(&host, &configuration, None).unwrap();
            let commit = repository.git(&["rev-parse", &format!("{name}^{{commit}}")]);
            assert_eq!(variable(&success, "BranchName"), name);
            assert_eq!(variable(&success, "CommitId"), commit);
            assert_eq!(detect(&host, &configuration).unwrap().cursor, commit);
        }
    }
}

#[test]
fn a_given_revision_is_taken_instead_of_the_newest() {
    let repository = Repository::rich();
    let url = url(repository.path());
    let old = repository.git(&["rev-parse", "v1.9"]);
    let host = FakeHost::new();
    let success = take(&host, &[("RepositoryUrl", &url)], Some(&old)).unwrap();
    assert_eq!(variable(&success, "CommitId"), old);
    assert_eq!(variable(&success, "BranchName"), "main");
    assert!(!output(&host).join("tool.sh").exists());
    for (revision, part) in [
        ("main", "give all 40 hex digits"),
        (
            "0123456789012345678901234567890123456789",
            "does not hold the commit",
        ),
        (
            &*repository.git(&["rev-parse", "main^{tree}"]),
            "is a tree and not a commit",
        ),
    ] {
        assert_failure(
            take(&FakeHost::new(), &[("RepositoryUrl", &url)], Some(revision)),
            FailureType::RevisionUnavailable,
            &[part],
        );
    }
}

#[test]
fn an_unknown_branch_is_answered_with_the_near_ones() {
    let repository = Repository::rich();
    let configuration = [
        ("RepositoryUrl", &*url(repository.path())),
        ("BranchName", "featrue"),
    ];
    for packed in [false, true] {
        if packed {
            repository.git(&["pack-refs", "--all"]);
        }
        let expected = [
            "has no branch 'featrue'",
            "nearest to that are feature, main",
        ];
        let kind = FailureType::RevisionUnavailable;
        assert_failure(
            take(&FakeHost::new(), &configuration, None),
            kind,
            &expected,
        );
        assert_failure(detect(&FakeHost::new(), &configuration), kind, &expected);
    }
}

#[test]
fn a_repository_without_commits_has_no_newest_revision_yet() {
    let repository = Repository::new();
    let configuration = [("RepositoryUrl", &*url(repository.path()))];
    let host = FakeHost::new();
    let detection = detect(&host, &configuration).unwrap();
    assert_eq!((detection.newest, &*detection.cursor), (None, "before"));
    assert_failure(
        take(&host, &configuration, None),
        FailureType::RevisionUnavailable,
        &["has no HEAD, and no branches at all; push one first"],
    );
}

#[test]
fn a_path_that_is_no_repository_says_what_to_write_or_grant() {
    let empty = tempfile::tempdir().unwrap();
    assert_failure(
        take(
            &FakeHost::new(),
            &[("RepositoryUrl", &url(empty.path()))],
            None,
        ),
        FailureType::ConfigurationError,
        &["RepositoryUrl: ", "is not a Git repository"],
    );
    assert_failure(
        take(
            &FakeHost::new(),
            &[("RepositoryUrl", "/no/such/place")],
            None,
        ),
        FailureType::PermissionError,
        &[
            "/no/such/place cannot be read",
            "'source-git read=/no/such/place'",
        ],
    );
    assert_failure(
        take(&FakeHost::new(), &[("RepositoryUrl", "../here")], None),
        FailureType::ConfigurationError,
        &["'../here' is a relative path"],
    );
}

#[test]
fn other_formats_of_repositories_are_refused_clearly() {
    let directory = tempfile::tempdir().unwrap();
    let repository = Repository::new();
    let path = directory.path().join("sha256");
    repository.git(&["init", "-q", "--object-format=sha256", &url(&path)]);
    assert_failure(
        take(&FakeHost::new(), &[("RepositoryUrl", &url(&path))], None),
        FailureType::JobFailed,
        &["sha256 object ids", "only SHA-1"],
    );
    repository.git(&["config", "extensions.refStorage", "reftable"]);
    assert_failure(
        take(
            &FakeHost::new(),
            &[("RepositoryUrl", &url(repository.path()))],
            None,
        ),
        FailureType::JobFailed,
        &["keeps its branches as reftable", "git refs migrate"],
    );
}

#[test]
fn a_damaged_object_is_noticed() {
    let repository = Repository::new();
    repository.write("file", b"what it was");
    repository.commit("one");
    let id = repository.git(&["rev-parse", "main:file"]);
    let other = repository.object("blob", b"what it is");
    let loose = |id: &str| {
        let (first, rest) = id.split_at(2);
        repository
            .path()
            .join(".git/objects")
            .join(first)
            .join(rest)
    };
    fs::remove_file(loose(&id)).unwrap();
    fs::copy(loose(&other), loose(&id)).unwrap();
    assert_failure(
        take(
            &FakeHost::new(),
            &[("RepositoryUrl", &url(repository.path()))],
            None,
        ),
        FailureType::JobFailed,
        &[&id, "content does not fit its id"],
    );
    fs::remove_file(loose(&id)).unwrap();
    assert_failure(
        take(
            &FakeHost::new(),
            &[("RepositoryUrl", &url(repository.path()))],
            None,
        ),
        FailureType::RevisionUnavailable,
        &[&id, "does not hold the object"],
    );
}
