//! Artifacts with history: the system's `git` must find itself at home there.

use crate::{output, send, take};
use lockgate_plugin::testing::FakeHost;
use lockgate_test_providers::git::{Repository, Server, snapshot};
use std::path::Path;
use std::process::Command;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

fn assert_at_home(repository: &Repository, artifact: &Path) {
    for question in [
        &["log", "--format=%H %s", "main"][..],
        &["describe", "--always", "--dirty", "main"],
        &["rev-parse", "HEAD"],
        &["cat-file", "-p", "v1.10"],
    ] {
        let question: Vec<_> = question
            .iter()
            .copied()
            .filter(|w| *w != "--dirty")
            .collect();
        assert_eq!(git(artifact, &question), repository.git(&question));
    }
    assert_eq!(
        git(artifact, &["describe", "--dirty"]),
        repository.git(&["describe"])
    );
    assert_eq!(git(artifact, &["status", "--porcelain"]), "");
    assert_eq!(git(artifact, &["symbolic-ref", "--short", "HEAD"]), "main");
    git(artifact, &["fsck", "--connectivity-only"]);
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(snapshot(artifact) == expected, "the trees differ");
}

#[test]
fn a_fetched_history_is_a_repository() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let host = FakeHost::new().on_http(send);
    let url = server.url("clone.git");
    let configuration = [
        ("RepositoryUrl", &*url),
        ("OutputArtifactFormat", "FullHistory"),
    ];
    take(&host, &configuration, None).unwrap();
    assert_at_home(&repository, &output(&host));
    assert_eq!(git(&output(&host), &["remote", "get-url", "origin"]), url);
    git(&output(&host), &["fsck", "--strict"]);
}

#[test]
fn a_local_history_is_a_repository_however_it_is_stored() {
    let repository = Repository::rich();
    let url = repository.path().to_string_lossy().into_owned();
    let configuration = [
        ("RepositoryUrl", &*url),
        ("OutputArtifactFormat", "FullHistory"),
    ];
    for packed in [false, true] {
        if packed {
            repository.git(&["gc", "-q"]);
        }
        let host = FakeHost::new().with_directory(repository.path());
        take(&host, &configuration, None).unwrap();
        assert_at_home(&repository, &output(&host));
    }
}

#[test]
fn a_tag_or_an_old_commit_is_a_detached_or_moved_head() {
    let repository = Repository::rich();
    let url = repository.path().to_string_lossy().into_owned();
    let host = FakeHost::new().with_directory(repository.path());
    let history = ("OutputArtifactFormat", "FullHistory");
    let configuration = [("RepositoryUrl", &*url), ("TagName", "v1.10"), history];
    take(&host, &configuration, None).unwrap();
    assert_eq!(git(&output(&host), &["describe"]), "v1.10");
    assert_eq!(
        git(&output(&host), &["rev-parse", "--abbrev-ref", "HEAD"]),
        "HEAD"
    );
    let old = repository.git(&["rev-parse", "main~2"]);
    let host = FakeHost::new().with_directory(repository.path());
    take(&host, &[("RepositoryUrl", &*url), history], Some(&old)).unwrap();
    assert_eq!(git(&output(&host), &["rev-parse", "main"]), old);
    assert_eq!(git(&output(&host), &["status", "--porcelain"]), "");
}
