//! The component in the real host, with `git` and `ssh` in the real sandbox for
//! commands, against a real `sshd` on loopback.
use lockgate_host::Prepared;
use lockgate_model::job::{FailureType, Watch};
use lockgate_test_providers::git::{Repository, SshServer, snapshot};
use lockgate_test_providers::{Bench, prepare};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

fn provider(server: &SshServer) -> Arc<Prepared> {
    let keys = server.client("");
    let read = format!("read={}", keys.display());
    prepare("source-git", &["exec", "exec-network", &read]).unwrap()
}

/// An action that takes this repository into the artifact `Source`, with this
/// key and the hosts of this file.
fn source(
    server: &SshServer,
    repository: &Repository,
    (key, hosts): (&str, &str),
    more: &[(&str, &str)],
) -> Bench {
    let (url, key, hosts) = (
        server.url(repository.path()),
        server.client(key).to_string_lossy().into_owned(),
        server.client(hosts).to_string_lossy().into_owned(),
    );
    let own = [
        ("RepositoryUrl", &*url),
        ("SshKeyFile", &*key),
        ("SshKnownHostsFile", &*hosts),
    ];
    Bench::new("Source/Custom/Git/1", &[&own, more].concat()).makes("Source")
}

/// Whether any file below this directory holds the text.
fn holds(directory: &Path, text: &str) -> bool {
    fs::read_dir(directory).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match fs::symlink_metadata(&path).unwrap() {
            kind if kind.is_dir() => holds(&path, text),
            kind if kind.is_file() => {
                String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text)
            }
            _ => false,
        }
    })
}

/// A secret line of the private key.
fn secret(server: &SshServer) -> String {
    let key = fs::read_to_string(server.client("key")).unwrap();
    key.lines().nth(1).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_over_ssh_is_what_git_archive_says() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::rich();
    let provider = provider(&server);
    let id = repository.git(&["rev-parse", "main"]);
    let bench = source(&server, &repository, ("key", "known_hosts"), &[]);
    let detection = bench.detect(&provider).await.unwrap();
    assert_eq!(detection.cursor, id);
    let ran = bench.run(&provider).await;
    assert_eq!(ran.success().variables.get("CommitId"), Some(&id));
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(
        snapshot(&bench.output("Source")) == expected,
        "contents differ"
    );
    let log = server.log();
    assert!(log.contains("Accepted publickey"), "{log}");
    let secret = secret(&server);
    assert!(holds(&server.client(""), &secret));
    assert!(!holds(bench.root(), &secret));
    assert!(!ran.log_text().contains(&secret), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_and_an_older_commit_come_over_ssh() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::rich();
    let provider = provider(&server);
    let history = [("OutputArtifactFormat", "FullHistory")];
    let mut bench = source(&server, &repository, ("key", "known_hosts"), &history);
    let old = repository.git(&["rev-parse", "main~2"]);
    bench.job.revision = Some(old.clone());
    bench.run(&provider).await.success();
    let mut git = Command::new("git");
    git.arg("-C").arg(bench.output("Source"));
    let log = git.args(["log", "--format=%H"]).output().unwrap();
    assert_eq!(
        String::from_utf8(log.stdout).unwrap().trim_end(),
        repository.git(&["log", "--format=%H", &old])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_told_over_ssh_too() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::rich();
    let provider = provider(&server);
    let watch = Watch {
        all_branches: true,
        tags: true,
        files: true,
    };
    for filter in ["true", "false"] {
        repository.git(&["config", "uploadpack.allowFilter", filter]);
        let bench = source(&server, &repository, ("key", "known_hosts"), &[]);
        let first = bench.watch(&provider, None, watch).await.unwrap();
        assert_eq!(first.changes, []);
        repository.write("ünï/new ☃", filter.as_bytes());
        repository.commit("one");
        repository.git(&["tag", "-a", "-m", "one", &format!("v2-{filter}")]);
        let branch = format!("topic-{filter}");
        repository.git(&["checkout", "-q", "-b", &branch, "main~1"]);
        repository.write("topic", filter.as_bytes());
        let topic = repository.commit("two");
        repository.git(&["checkout", "-q", "main"]);
        let next = bench.watch(&provider, Some(&first.cursor), watch).await;
        let changes = next.unwrap().changes;
        let files: Vec<Option<Vec<String>>> = changes.iter().map(|c| c.files.clone()).collect();
        assert_eq!(
            files,
            [
                Some(vec!["ünï/new ☃".to_owned()]),
                Some(vec!["topic".to_owned()]),
                None
            ]
        );
        assert_eq!(changes[1].revision.id, topic);
        assert_eq!(
            changes[2].revision.id,
            repository.git(&["rev-parse", "main"])
        );
    }
    // A commit that is gone is no reason to fail.
    let bench = source(&server, &repository, ("key", "known_hosts"), &[]);
    let gone = "1234567890123456789012345678901234567890";
    let found = bench.watch(&provider, Some(gone), watch).await.unwrap();
    assert_eq!(found.changes.len(), 1);
    assert_eq!(found.changes[0].files, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commit_of_a_pull_request_comes_over_ssh() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::rich();
    let provider = provider(&server);
    repository.git(&["checkout", "-q", "--detach"]);
    repository.write("cards", b"cards");
    let id = repository.commit("on no branch");
    repository.git(&["update-ref", "refs/pull/7/head", &id]);
    repository.git(&["checkout", "-q", "main"]);
    let mut bench = source(&server, &repository, ("key", "known_hosts"), &[]);
    bench.job.revision = Some(id.clone());
    let ran = bench.run(&provider).await;
    assert_eq!(ran.success().variables.get("CommitId"), Some(&id));
    assert!(bench.output("Source").join("cards").is_file());
}

/// As secrets come from many a machine's manager: `ssh` itself refuses each of
/// these files, whoever runs it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_ssh_would_not_take_from_a_file_is_taken_from_us() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::new();
    let id = repository.commit("first");
    let provider = provider(&server);
    let key = fs::read_to_string(server.client("key")).unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        fs::write(server.client(name), text).unwrap();
        fs::set_permissions(server.client(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    file("open", &key, 0o644);
    file("group", &key, 0o440);
    file("unended", key.trim_end(), 0o600);
    file("another's", &key, 0o600);
    // Only root can give a file away; else it is one more of the user's own.
    let _ = std::os::unix::fs::chown(server.client("another's"), Some(33), Some(33));
    for key in ["open", "group", "unended", "another's"] {
        let bench = source(&server, &repository, (key, "known_hosts"), &[]);
        let ran = bench.run(&provider).await;
        assert_eq!(ran.success().variables.get("CommitId"), Some(&id), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_known_is_refused_and_so_is_one_that_has_changed() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::new();
    repository.commit("first");
    let provider = provider(&server);
    fs::write(server.client("none"), "").unwrap();
    let stranger = fs::read_to_string(server.client("stranger.pub")).unwrap();
    let other = format!("[127.0.0.1]:{} {stranger}", server.port());
    fs::write(server.client("other"), other).unwrap();
    for (hosts, parts) in [
        (
            "none",
            [
                format!("ssh-keyscan -p {} 127.0.0.1 >> ", server.port()),
                "(SshKnownHostsFile)".into(),
            ],
        ),
        (
            "other",
            [
                "the server shows another key than".into(),
                "replace the old one".into(),
            ],
        ),
    ] {
        let bench = source(&server, &repository, ("key", hosts), &[]);
        for failure in [
            &bench.detect(&provider).await.unwrap_err(),
            bench.run(&provider).await.failure(),
        ] {
            let message = &failure.message;
            assert_eq!(failure.kind, FailureType::PermissionError, "{message}");
            let file = server.client(hosts).to_string_lossy().into_owned();
            assert!(message.contains(&file), "{message}");
            for part in &parts {
                assert!(message.contains(part), "{part} in: {message}");
            }
        }
    }
    let log = server.log();
    assert!(!log.contains("Accepted"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_server_or_ssh_does_not_take_is_named() {
    let Some(server) = SshServer::start() else {
        return;
    };
    let repository = Repository::new();
    repository.commit("first");
    let provider = provider(&server);
    let locked = server.client("locked");
    fs::copy(server.client("key"), &locked).unwrap();
    let mut keygen = Command::new("ssh-keygen");
    keygen
        .args(["-q", "-p", "-N", "hunter2", "-f"])
        .arg(&locked);
    assert!(keygen.output().unwrap().status.success());
    let text = "-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n";
    fs::write(server.client("broken"), text).unwrap();
    for (key, kind, part) in [
        (
            "stranger",
            FailureType::PermissionError,
            "does not let the key",
        ),
        (
            "locked",
            FailureType::ConfigurationError,
            "needs a passphrase",
        ),
        (
            "broken",
            FailureType::ConfigurationError,
            "cannot read the private key",
        ),
        (
            "key.pub",
            FailureType::ConfigurationError,
            "holds no private key",
        ),
        ("absent", FailureType::PermissionError, "cannot be read"),
    ] {
        let bench = source(&server, &repository, (key, "known_hosts"), &[]);
        let ran = bench.run(&provider).await;
        let message = &ran.failure().message;
        assert!(message.contains(part), "{key}: {message}");
        let file = server.client(key).to_string_lossy().into_owned();
        assert!(message.contains(&file), "{key}: {message}");
        assert_eq!(ran.failure().kind, kind, "{key}: {message}");
    }
}

/// That `ssh` says it cannot connect shows that it runs. Needs no server.
#[tokio::test(flavor = "multi_thread")]
async fn every_grant_that_ssh_needs_is_named_where_it_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let path = |file: &str| directory.path().join(file).to_string_lossy().into_owned();
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    fs::write(directory.path().join("key"), key).unwrap();
    fs::write(directory.path().join("hosts"), "").unwrap();
    let (key, hosts) = (path("key"), path("hosts"));
    let configuration = [
        ("RepositoryUrl", "ssh://git@127.0.0.1:9/a/b.git"),
        ("SshKeyFile", &key),
        ("SshKnownHostsFile", &hosts),
    ];
    let bench = Bench::new("Source/Custom/Git/1", &configuration).makes("Source");
    let read = format!("read={}", directory.path().display());
    let denied = FailureType::PermissionError;
    for (grants, kind, part) in [
        (&[][..], denied, format!("'source-git {read}'")),
        (&[&*read], denied, "'source-git exec'".into()),
        (
            &[&*read, "exec"],
            FailureType::SystemUnavailable,
            "cannot be reached over ssh: ssh: connect to host 127.0.0.1 port 9".into(),
        ),
    ] {
        let provider = prepare("source-git", grants).unwrap();
        for failure in [
            &bench.detect(&provider).await.unwrap_err(),
            bench.run(&provider).await.failure(),
        ] {
            let message = &failure.message;
            assert_eq!(failure.kind, kind, "{message}");
            assert!(message.contains(&part), "{part} in: {message}");
        }
    }
}
