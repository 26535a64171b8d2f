//! The component in the real host: against `git http-backend` on loopback, and
//! against repositories of this machine that a grant names.
use lockgate_host::Prepared;
use lockgate_model::job::{Failure, FailureType};
use lockgate_test_providers::git::{Answer, Entry, Repository, Server, snapshot};
use lockgate_test_providers::{Bench, prepare};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// The base64 of `user:hunter2`.
const SECRET: &str = "dXNlcjpodW50ZXIy";

fn provider(grants: &[&str]) -> Arc<Prepared> {
    prepare("source-git", grants).unwrap()
}

/// An action that takes this repository into the artifact `Source`.
fn source(url: &str, configuration: &[(&str, &str)]) -> Bench {
    let all = [&[("RepositoryUrl", url)], configuration].concat();
    Bench::new("Source/Custom/Git/1", &all).makes("Source")
}

fn denied(failure: &Failure, part: &str) {
    let message = &failure.message;
    assert_eq!(failure.kind, FailureType::PermissionError, "{message}");
    assert!(message.contains(part), "{message}");
}

/// That neither a job nor a look for the newest revision is let through.
async fn refused(bench: &Bench, provider: &Prepared, part: &str) {
    denied(bench.run(provider).await.failure(), part);
    denied(&bench.detect(provider).await.unwrap_err(), part);
}

/// Runs git in a directory that a job left.
fn git(directory: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    let output = git.arg("-C").arg(directory).args(arguments).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    text.trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_over_http_is_what_git_archive_says() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let provider = provider(&[&format!("http={}", server.authority())]);
    let bench = source(&server.url("clone.git"), &[]);
    let id = repository.git(&["rev-parse", "main"]);
    let detection = bench.detect(&provider).await.unwrap();
    assert_eq!(detection.cursor, id);
    let ran = bench.run(&provider).await;
    let success = ran.success();
    assert_eq!(success.revision.as_ref().unwrap().id, id);
    assert_eq!(success.variables.get("CommitId"), Some(&id));
    assert_eq!(
        success.variables.get("BranchName").map(String::as_str),
        Some("main")
    );
    assert!(ran.log_text().contains("fetched "), "{ran:?}");
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    let taken = snapshot(&bench.output("Source"));
    assert_eq!(
        taken.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    assert!(taken == expected, "contents differ");
    assert!(matches!(taken.get("tool.sh"), Some(Entry::File(true, _))));
    assert!(matches!(taken.get("absolute"), Some(Entry::Link(target)) if target == "/etc/passwd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_over_http_is_a_repository() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let provider = provider(&[&format!("http={}", server.authority())]);
    let history = [("OutputArtifactFormat", "FullHistory")];
    let bench = source(&server.url("clone.git"), &history);
    bench.run(&provider).await.success();
    let output = bench.output("Source");
    assert_eq!(
        git(&output, &["log", "--format=%H"]),
        repository.git(&["log", "--format=%H"])
    );
    assert_eq!(
        git(&output, &["describe", "--dirty"]),
        repository.git(&["describe"])
    );
    assert_eq!(git(&output, &["status", "--porcelain"]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_granted_is_named_with_its_grant() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let url = server.url("clone.git");
    let expected = format!("http={}", server.authority());
    for grants in [&[][..], &["http=git.example.com"]] {
        refused(&source(&url, &[]), &provider(grants), &expected).await;
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_the_server_and_not_the_log() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::with(directory.path(), |seen| {
        if seen.authorization == Some(&format!("Basic {SECRET}")) {
            Answer::Git
        } else {
            Answer::Raw(401, "www-authenticate: Basic\r\n".into(), Vec::new())
        }
    });
    let http = format!("http={}", server.authority());
    let knowing = provider(&[&http, "secret=GIT"]);
    let url = server.url("clone.git");
    let named = source(&url, &[("SecretName", "GIT")]).secret("GIT", SECRET);
    let ran = named.run(&knowing).await;
    ran.success();
    assert!(!ran.log_text().contains(SECRET), "{ran:?}");
    let unnamed = source(&url, &[]).secret("GIT", SECRET);
    denied(unnamed.run(&knowing).await.failure(), "set SecretName");
    denied(named.run(&provider(&[&http])).await.failure(), "secret=GIT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_to_no_server_that_no_grant_names() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let port = server.authority().rsplit(':').next().unwrap().to_owned();
    let every = provider(&[&format!("http=*:{port}+private"), "secret=GIT"]);
    let url = server.url("clone.git");
    source(&url, &[]).run(&every).await.success();
    let before = server.requests();
    let named = source(&url, &[("SecretName", "GIT")]).secret("GIT", SECRET);
    let ran = named.run(&every).await;
    let grant = format!("http={}", server.authority());
    denied(ran.failure(), &grant);
    let line = format!("grant it with: source-git {grant}");
    assert!(ran.log_text().contains(&line), "{ran:?}");
    assert_eq!(server.requests(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_repository_needs_a_grant_of_its_path_and_nothing_else() {
    let repository = Repository::rich();
    repository.git(&["gc", "-q"]);
    let url = repository.path().to_string_lossy().into_owned();
    let granted = provider(&[&format!("read={url}")]);
    let bench = source(&url, &[]);
    let id = repository.git(&["rev-parse", "main"]);
    let detection = bench.detect(&granted).await.unwrap();
    assert_eq!(detection.cursor, id);
    assert_eq!(
        detection.newest.unwrap().summary.as_deref(),
        Some("Merge a feature")
    );
    let ran = bench.run(&granted).await;
    assert_eq!(ran.success().variables.get("CommitId"), Some(&id));
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(
        snapshot(&bench.output("Source")) == expected,
        "contents differ"
    );

    let bench = source(&url, &[("OutputArtifactFormat", "FullHistory")]);
    bench.run(&granted).await.success();
    assert_eq!(
        git(&bench.output("Source"), &["describe", "--dirty"]),
        repository.git(&["describe"])
    );
    let expected = format!("'source-git read={url}'");
    refused(&source(&url, &[]), &provider(&[]), &expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_tree_is_refused_in_the_sandbox_too() {
    let repository = Repository::new();
    let blob = repository.object("blob", b"harm");
    let url = repository.path().to_string_lossy().into_owned();
    for name in [&b".."[..], b".git", b"../../harm"] {
        repository.commit_tree(&[("100644", name, &blob)]);
        let bench = source(&url, &[]);
        let ran = bench.run(&provider(&[&format!("read={url}")])).await;
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureType::JobFailed);
        assert!(
            failure.message.contains("is refused"),
            "{}",
            failure.message
        );
        assert!(snapshot(&bench.output("Source")).is_empty());
    }
}
