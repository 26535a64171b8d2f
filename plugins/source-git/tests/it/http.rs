//! Repositories behind `git http-backend`, and servers that are not what they
//! should be.

use crate::{assert_failure, detect, output, send, take, variable};
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{FailureType, Watch};
use lockgate_test_providers::git::{Answer, Repository, Seen, Server, snapshot};
use source_git::SourceGit;
use std::path::PathBuf;
use tempfile::TempDir;

/// A bare repository `clone.git` in a directory to be served.
struct Served {
    repository: Repository,
    _directory: TempDir,
    bare: PathBuf,
}

fn served() -> Served {
    let repository = Repository::rich();
    let (directory, bare) = repository.bare_clone();
    Served {
        repository,
        _directory: directory,
        bare,
    }
}

impl Served {
    fn server(&self) -> Server {
        Server::new(self.bare.parent().unwrap())
    }

    fn with(&self, rule: impl Fn(&Seen<'_>) -> Answer + Send + Sync + 'static) -> Server {
        Server::with(self.bare.parent().unwrap(), rule)
    }
}

#[test]
fn a_fetched_tree_is_written_as_git_writes_it() {
    let served = served();
    let server = served.server();
    let host = FakeHost::new().on_http(send);
    let success = take(&host, &[("RepositoryUrl", &server.url("clone.git"))], None).unwrap();
    let archive = served.repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(snapshot(&output(&host)) == expected, "the trees differ");
    let id = served.repository.git(&["rev-parse", "main"]);
    assert_eq!(variable(&success, "CommitId"), id);
    assert_eq!(variable(&success, "BranchName"), "main");
    assert_eq!(variable(&success, "RepositoryName"), "clone");
    assert!(host.log_text().contains("fetched "), "{}", host.log_text());
    assert_eq!(server.requests(), 3, "capabilities, names, pack");
}

#[test]
fn detecting_asks_for_names_only() {
    let served = served();
    let server = served.server();
    let url = server.url("clone.git");
    let host = FakeHost::new().on_http(send);
    for (configuration, name) in [
        (vec![("RepositoryUrl", &*url)], "main"),
        (
            vec![("RepositoryUrl", &*url), ("BranchName", "feature")],
            "feature",
        ),
        (
            vec![("RepositoryUrl", &*url), ("TagName", "v*")],
            "v1.10^{commit}",
        ),
    ] {
        let before = server.requests();
        let detection = detect(&host, &configuration).unwrap();
        let id = served.repository.git(&["rev-parse", name]);
        assert_eq!(detection.cursor, id);
        assert_eq!(detection.newest.unwrap().id, id);
        assert_eq!(server.requests() - before, 2);
    }
    let bodies: Vec<_> = host.requests().into_iter().map(|r| r.body).collect();
    assert!(
        bodies
            .iter()
            .all(|body| !body.windows(4).any(|w| w == b"want"))
    );
}

#[test]
fn a_given_revision_is_fetched_and_an_unknown_one_is_refused() {
    let served = served();
    let server = served.server();
    let url = server.url("clone.git");
    let old = served.repository.git(&["rev-parse", "main~3"]);
    let host = FakeHost::new().on_http(send);
    let success = take(&host, &[("RepositoryUrl", &url)], Some(&old)).unwrap();
    assert_eq!(variable(&success, "CommitId"), old);
    let host = FakeHost::new().on_http(send);
    let unknown = "0123456789012345678901234567890123456789";
    assert_failure(
        take(&host, &[("RepositoryUrl", &url)], Some(unknown)),
        FailureType::RevisionUnavailable,
        &["does not give out this commit", unknown],
    );
}

#[test]
fn an_unknown_branch_or_tag_is_answered_with_the_near_ones() {
    let served = served();
    let server = served.server();
    let url = server.url("clone.git");
    let host = FakeHost::new().on_http(send);
    for (key, value, part) in [
        ("BranchName", "mian", "nearest to that are main, feature"),
        ("TagName", "w*", "nearest to that are v1.9, v1.10"),
    ] {
        let configuration = [("RepositoryUrl", &*url), (key, value)];
        let kind = FailureType::RevisionUnavailable;
        assert_failure(
            take(&host, &configuration, None),
            kind,
            &[&url, value, part],
        );
        assert_failure(detect(&host, &configuration), kind, &[&url, value, part]);
    }
}

#[test]
fn a_secret_is_sent_by_its_placeholder_and_only_to_its_server() {
    let served = served();
    let wanted = format!("Bearer {}", FakeHost::placeholder("TOKEN"));
    let server = served.with(move |seen| {
        if seen.authorization == Some(&wanted) {
            Answer::Git
        } else {
            let headers = "www-authenticate: Basic\r\n".into();
            Answer::Raw(401, headers, b"who are you?".to_vec())
        }
    });
    let url = server.url("clone.git");
    let private = |host: &FakeHost<'_>, more: &[(&str, &str)]| {
        let mut configuration = vec![("RepositoryUrl", &*url)];
        configuration.extend(more);
        take(host, &configuration, None)
    };
    let bearer = [("SecretName", "TOKEN"), ("AuthorizationScheme", "Bearer")];
    let host = FakeHost::new().with_secret("TOKEN").on_http(send);
    private(&host, &bearer).unwrap();
    let denied = FailureType::PermissionError;
    let host = FakeHost::new().with_secret("TOKEN").on_http(send);
    assert_failure(
        private(&host, &bearer[..1]),
        denied,
        &["'TOKEN'", "AuthorizationScheme"],
    );
    assert_failure(private(&host, &[]), denied, &["(401)", "set SecretName"]);
    let host = FakeHost::new().on_http(send);
    assert_failure(private(&host, &bearer), denied, &["secret=TOKEN"]);

    let elsewhere = server.url("clone.git/info/refs?service=git-upload-pack");
    let first =
        served.with(move |_| Answer::Raw(301, format!("location: {elsewhere}\r\n"), Vec::new()));
    let host = FakeHost::new().with_secret("TOKEN").on_http(send);
    let configuration = [
        ("RepositoryUrl", &*first.url("clone.git")),
        bearer[0],
        bearer[1],
    ];
    assert_failure(take(&host, &configuration, None), denied, &["(401)"]);
}

#[test]
fn redirects_of_the_first_request_are_followed_within_reason() {
    let served = served();
    let server = served.with(|seen| {
        let to = |location: &str| Answer::Raw(302, format!("location: {location}\r\n"), Vec::new());
        match seen.path.split('/').nth(1) {
            Some("old") => to("/clone.git/info/refs?service=git-upload-pack"),
            Some("round") => to("/round/info/refs?service=git-upload-pack"),
            Some("login") => to("/sign-in"),
            Some("file") => to("file:///etc/info/refs?service=git-upload-pack"),
            _ => Answer::Git,
        }
    });
    let host = FakeHost::new().on_http(send);
    take(&host, &[("RepositoryUrl", &server.url("old"))], None).unwrap();
    for (path, part) in [
        ("round", "redirects more than 5 times"),
        ("login", "sign-in', which is not a repository"),
        ("file", "which is not a web address"),
    ] {
        let host = FakeHost::new().on_http(send);
        assert_failure(
            take(&host, &[("RepositoryUrl", &server.url(path))], None),
            FailureType::ConfigurationError,
            &[part],
        );
    }
}

#[test]
fn every_wrong_answer_has_its_sentence() {
    let served = served();
    let server = served.with(|seen| {
        let raw = |status, text: &str| {
            let headers = "content-type: text/html\r\n".to_owned();
            Answer::Raw(status, headers, text.into())
        };
        let (_, inner) = seen.path[1..].split_once('/').unwrap();
        let inner = format!("/{inner}");
        match seen.path.split('/').nth(1) {
            Some("busy") => raw(503, "<html>"),
            Some("teapot") => raw(418, "<html>"),
            Some("forbidden") => raw(403, "<html>"),
            Some("page") => raw(200, "<html>"),
            Some("cut") if !seen.body.is_empty() => Answer::Cut(inner),
            Some("half") if seen.body.windows(4).any(|w| w == b"want") => raw(200, "<html>"),
            Some("late") if seen.body.windows(4).any(|w| w == b"want") => raw(500, "<html>"),
            _ => Answer::As(inner),
        }
    });
    for (path, kind, part) in [
        (
            "x/nothing.git",
            FailureType::ConfigurationError,
            "no repository at",
        ),
        (
            "busy/clone.git",
            FailureType::SystemUnavailable,
            "(status 503)",
        ),
        (
            "teapot/clone.git",
            FailureType::ConfigurationError,
            "status 418",
        ),
        ("forbidden/clone.git", FailureType::PermissionError, "(403)"),
        (
            "page/clone.git",
            FailureType::ConfigurationError,
            "not as a Git server does",
        ),
        ("cut/clone.git", FailureType::SystemUnavailable, "cut"),
        (
            "half/clone.git",
            FailureType::JobFailed,
            "not Git's protocol",
        ),
        (
            "late/clone.git",
            FailureType::SystemUnavailable,
            "(status 500)",
        ),
    ] {
        let host = FakeHost::new().on_http(send);
        let url = server.url(path);
        assert_failure(take(&host, &[("RepositoryUrl", &url)], None), kind, &[part]);
    }
    let server = served.with(|_| Answer::OldProtocol);
    let host = FakeHost::new().on_http(send);
    assert_failure(
        take(&host, &[("RepositoryUrl", &server.url("clone.git"))], None),
        FailureType::JobFailed,
        &["does not speak version 2", "Git-Protocol"],
    );
    assert_failure(
        take(
            &FakeHost::new(),
            &[("RepositoryUrl", "https://h.example/r")],
            None,
        ),
        FailureType::PermissionError,
        &["https://h.example/r"],
    );
}

#[test]
fn a_sha_256_repository_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new.git");
    let repository = Repository::new();
    let arguments = ["init", "-q", "--bare", "--object-format=sha256"];
    repository.git(&[&arguments[..], &[&path.to_string_lossy()]].concat());
    let server = Server::new(directory.path());
    let host = FakeHost::new().on_http(send);
    assert_failure(
        take(&host, &[("RepositoryUrl", &server.url("new.git"))], None),
        FailureType::JobFailed,
        &["SHA-256"],
    );
}

#[test]
fn what_changed_is_learnt_from_directories_alone() {
    let served = served();
    let bare = served.bare.to_string_lossy().into_owned();
    let config = [
        "--git-dir",
        &bare,
        "config",
        "uploadpack.allowFilter",
        "true",
    ];
    served.repository.git(&config);
    let server = served.server();
    let host = FakeHost::new().on_http(send);
    let url = server.url("clone.git");
    let configuration = [("RepositoryUrl".to_owned(), url)].into();
    let watch = Watch {
        files: true,
        ..Watch::default()
    };
    let before = served.repository.git(&["rev-parse", "main~1"]);
    let cursor = Some(before.as_str());
    let found = lockgate_plugin::detect::<SourceGit>(&configuration, cursor, watch, &host);
    let changes = found.unwrap().changes;
    assert_eq!(
        changes[0].files.as_deref(),
        Some(&["feature".to_owned()][..])
    );
    let fetched = host.requests().pop().unwrap();
    let asked = String::from_utf8_lossy(&fetched.body).into_owned();
    assert!(
        asked.contains("filter blob:none") && asked.contains("deepen 1"),
        "{asked}"
    );
    assert_eq!(server.requests(), 3, "capabilities, names, directories");
}
