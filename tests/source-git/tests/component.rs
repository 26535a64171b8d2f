//! The component in the real host: against `git http-backend` on loopback, and
//! against repositories of this machine that a grant names.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests stand on fails by panicking"
)]

use lockgate_host::{Directory, Host, HostSettings, LogSink, Plugin, RunRequest, Secrets};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::definition::OutputArtifact;
use lockgate_model::grant::{Grant, GrantLine};
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Job, Outcome, Success};
use lockgate_model::plugin::Manifest;
use lockgate_model::time::Timestamp;
use lockgate_test_source_git::{Answer, Entry, Repository, Server, snapshot};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const ID: &str = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33";
const TENANT: &str = "111122223333";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Builds into the target directory that this test itself was built into.
fn component() -> &'static [u8] {
    static BUILT: OnceLock<Vec<u8>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let target = test
            .ancestors()
            .find(|path| path.join("CACHEDIR.TAG").is_file())
            .unwrap();
        let status = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--profile",
                "plugin",
                "-p",
                "source-git",
            ])
            .args(["--target", "wasm32-wasip2", "--target-dir"])
            .arg(target)
            .current_dir(root())
            .status()
            .unwrap();
        assert!(status.success(), "the component cannot be built");
        fs::read(target.join("wasm32-wasip2/plugin/source_git.wasm")).unwrap()
    })
}

fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        Host::new(HostSettings {
            instances: 16,
            sandbox: lockgate_sandbox::Sandbox::detect().ok(),
            ..HostSettings::default()
        })
        .unwrap()
    })
}

fn action_type() -> ActionTypeId {
    ActionTypeId {
        category: Category::Source,
        owner: "Custom".into(),
        provider: "Git".into(),
        version: "1".into(),
    }
}

fn configuration(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn job(pairs: &[(&str, &str)]) -> Job {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp(i64::try_from(since.as_millis()).unwrap());
    Job {
        id: ID.parse().unwrap(),
        action_execution: ID.parse().unwrap(),
        attempt: 1,
        tenant: TENANT.parse().unwrap(),
        pipeline: "Demo".into(),
        execution: ID.parse().unwrap(),
        stage: "Source".into(),
        action: "Fetch".into(),
        action_type: action_type(),
        configuration: configuration(pairs),
        input_artifacts: Vec::new(),
        output_artifacts: vec![OutputArtifact {
            name: "Source".into(),
            files: Vec::new(),
        }],
        environment_variables: Vec::new(),
        commands: Vec::new(),
        output_variables: Vec::new(),
        revision: None,
        continuation: None,
        deadline: now.plus_seconds(300),
    }
}

/// The component with these grants, and a job's directories.
struct Bench {
    prepared: std::sync::Arc<lockgate_host::Prepared>,
    directories: TempDir,
    secrets: Secrets,
}

impl Bench {
    fn new(grants: &[String]) -> Self {
        let text = fs::read_to_string(root().join("plugins/source-git/plugin.toml")).unwrap();
        let manifest = Manifest::parse(&text).unwrap();
        let mut grant = Grant::default();
        for line in grants {
            let line: GrantLine = format!("source-git {line}").parse().unwrap();
            grant.add(line.capability);
        }
        let plugin = Plugin {
            name: &manifest.name,
            world: manifest.world,
            grant: &grant,
            optional: &manifest.asks.optional,
            limits: manifest.limits,
        };
        let directories = TempDir::new().unwrap();
        for name in ["out", "work"] {
            fs::create_dir(directories.path().join(name)).unwrap();
        }
        Self {
            prepared: host().prepare(component(), plugin).unwrap(),
            directories,
            secrets: Secrets::none(),
        }
    }

    fn output(&self) -> PathBuf {
        self.directories.path().join("out")
    }

    async fn run(&self, pairs: &[(&str, &str)]) -> Result<(Success, String), Failure> {
        let (sink, mut lines) = LogSink::queue();
        let mut request = RunRequest::new(job(pairs), sink);
        request.directories = vec![
            Directory::write("/out/Source", self.output()),
            Directory::write("/work", self.directories.path().join("work")),
        ];
        request.secrets = self.secrets.clone();
        let outcome = host().run(&self.prepared, request).await;
        let mut log = String::new();
        while let Ok(line) = lines.try_recv() {
            log += &line.text;
            log.push('\n');
        }
        match outcome {
            Outcome::Succeeded(success) => Ok((success, log)),
            Outcome::Pending(_) => panic!("a source is never pending"),
            Outcome::Failed(failure) => Err(failure),
        }
    }

    async fn detect(&self, pairs: &[(&str, &str)]) -> Result<Detection, Failure> {
        let request = DetectRequest {
            tenant: TENANT.parse().unwrap(),
            action_type: action_type(),
            configuration: configuration(pairs),
            cursor: None,
        };
        let (sink, _lines) = LogSink::queue();
        host()
            .detect(&self.prepared, request, sink, self.secrets.clone())
            .await
    }
}

fn assert_denied<T: std::fmt::Debug>(result: Result<T, Failure>, part: &str) {
    let failure = result.unwrap_err();
    assert_eq!(
        failure.kind,
        FailureType::PermissionError,
        "{}",
        failure.message
    );
    assert!(failure.message.contains(part), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_over_http_is_what_git_archive_says() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let bench = Bench::new(&[format!("http={}", server.authority())]);
    let url = server.url("clone.git");
    let id = repository.git(&["rev-parse", "main"]);
    let detection = bench.detect(&[("RepositoryUrl", &url)]).await.unwrap();
    assert_eq!(detection.cursor, id);
    let (success, log) = bench.run(&[("RepositoryUrl", &url)]).await.unwrap();
    assert_eq!(success.revision.unwrap().id, id);
    assert_eq!(success.variables.get("CommitId"), Some(&id));
    assert_eq!(
        success.variables.get("BranchName").map(String::as_str),
        Some("main")
    );
    assert!(log.contains("fetched "), "{log}");
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    let taken = snapshot(&bench.output());
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
    let bench = Bench::new(&[format!("http={}", server.authority())]);
    let url = server.url("clone.git");
    let pairs = [
        ("RepositoryUrl", &*url),
        ("OutputArtifactFormat", "FullHistory"),
    ];
    bench.run(&pairs).await.unwrap();
    let output = bench.output();
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .arg("-C")
            .arg(&output)
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    };
    assert_eq!(
        git(&["log", "--format=%H"]),
        repository.git(&["log", "--format=%H"])
    );
    assert_eq!(git(&["describe", "--dirty"]), repository.git(&["describe"]));
    assert_eq!(git(&["status", "--porcelain"]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_granted_is_named_with_its_grant() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::new(directory.path());
    let url = server.url("clone.git");
    let expected = format!("http={}", server.authority());
    for grants in [&[][..], &["http=git.example.com".to_owned()]] {
        let bench = Bench::new(grants);
        assert_denied(bench.run(&[("RepositoryUrl", &url)]).await, &expected);
        assert_denied(bench.detect(&[("RepositoryUrl", &url)]).await, &expected);
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_the_server_and_not_the_log() {
    let repository = Repository::rich();
    let (directory, _) = repository.bare_clone();
    let server = Server::with(directory.path(), |seen| {
        if seen.authorization == Some("Basic dXNlcjpodW50ZXIy") {
            Answer::Git
        } else {
            Answer::Raw(401, "www-authenticate: Basic\r\n".into(), Vec::new())
        }
    });
    let http = format!("http={}", server.authority());
    let mut bench = Bench::new(&[http.clone(), "secret=GIT".into()]);
    bench.secrets = Secrets::new(|name| (name == "GIT").then(|| "dXNlcjpodW50ZXIy".to_owned()));
    let url = server.url("clone.git");
    let pairs = [("RepositoryUrl", &*url), ("SecretName", "GIT")];
    let (_, log) = bench.run(&pairs).await.unwrap();
    assert!(!log.contains("dXNlcjpodW50ZXIy"), "{log}");
    assert_denied(bench.run(&pairs[..1]).await, "set SecretName");
    let bench = Bench::new(&[http]);
    assert_denied(bench.run(&pairs).await, "secret=GIT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_repository_needs_a_grant_of_its_path_and_nothing_else() {
    let repository = Repository::rich();
    repository.git(&["gc", "-q"]);
    let url = repository.path().to_string_lossy().into_owned();
    let bench = Bench::new(&[format!("read={url}")]);
    let id = repository.git(&["rev-parse", "main"]);
    let detection = bench.detect(&[("RepositoryUrl", &url)]).await.unwrap();
    assert_eq!(detection.cursor, id);
    assert_eq!(
        detection.newest.unwrap().summary.as_deref(),
        Some("Merge a feature")
    );
    let (success, _) = bench.run(&[("RepositoryUrl", &url)]).await.unwrap();
    assert_eq!(success.variables.get("CommitId"), Some(&id));
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(snapshot(&bench.output()) == expected, "contents differ");

    let bench = Bench::new(&[format!("read={url}")]);
    let pairs = [
        ("RepositoryUrl", &*url),
        ("OutputArtifactFormat", "FullHistory"),
    ];
    bench.run(&pairs).await.unwrap();
    let log = Command::new("git")
        .arg("-C")
        .arg(bench.output())
        .args(["describe", "--dirty"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(log.stdout).unwrap().trim_end(),
        repository.git(&["describe"])
    );
    let other = Bench::new(&[]);
    let expected = format!("'source-git read={url}'");
    assert_denied(other.run(&[("RepositoryUrl", &url)]).await, &expected);
    assert_denied(other.detect(&[("RepositoryUrl", &url)]).await, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_without_its_grants_names_them() {
    let bench = Bench::new(&[]);
    let pairs = [("RepositoryUrl", "git@host.example:a/b.git")];
    assert_denied(bench.run(&pairs).await, "'source-git exec'");
    assert_denied(bench.detect(&pairs).await, "'source-git exec'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_tree_is_refused_in_the_sandbox_too() {
    let repository = Repository::new();
    let blob = repository.object("blob", b"harm");
    let url = repository.path().to_string_lossy().into_owned();
    for name in [&b".."[..], b".git", b"../../harm"] {
        repository.commit_tree(&[("100644", name, &blob)]);
        let bench = Bench::new(&[format!("read={url}")]);
        let failure = bench.run(&[("RepositoryUrl", &url)]).await.unwrap_err();
        assert_eq!(failure.kind, FailureType::JobFailed);
        assert!(
            failure.message.contains("is refused"),
            "{}",
            failure.message
        );
        assert!(snapshot(&bench.output()).is_empty());
    }
}

/// Without a network `ssh` cannot connect; that `git` says so shows that it
/// runs.
#[tokio::test(flavor = "multi_thread")]
async fn git_really_runs_in_the_sandbox_for_ssh() {
    let bench = Bench::new(&["exec".into()]);
    let pairs = [("RepositoryUrl", "ssh://git@127.0.0.1:9/a/b.git")];
    for failure in [
        bench.detect(&pairs).await.unwrap_err(),
        bench.run(&pairs).await.unwrap_err(),
    ] {
        let message = &failure.message;
        assert_eq!(failure.kind, FailureType::SystemUnavailable, "{message}");
        assert!(message.contains("'git ls-remote' for"), "{message}");
        assert!(message.contains("ended with code 128"), "{message}");
    }
}
