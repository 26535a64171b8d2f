//! What the tests of providers that run commands stand on: a provider's
//! component, a real host with a real sandbox, and a job with its directories.
//! Knows cargo and the host, and no provider; the tests beside this crate and
//! those of `deploy-files` call it.
#![expect(
    clippy::expect_used,
    reason = "what the tests stand on fails by panicking"
)]

use lockgate_host::{Directory, Host, HostSettings, LogSink, Plugin, Prepared, RunRequest};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::definition::OutputArtifact;
use lockgate_model::grant::{Grant, GrantLine};
use lockgate_model::id::ExecutionId;
use lockgate_model::job::{Job, LogLine, Outcome};
use lockgate_model::plugin::Manifest;
use lockgate_model::time::Timestamp;
use lockgate_sandbox::Sandbox;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// A host that runs commands, one for all tests of a process.
fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        let sandbox = Sandbox::detect().expect("this machine has bubblewrap");
        Host::new(HostSettings {
            instances: 16,
            sandbox: Some(sandbox),
            ..HostSettings::default()
        })
        .expect("a host starts")
    })
}

/// Builds the component of `plugins/<name>` into the target directory that this
/// test itself was built into.
fn component(name: &str) -> Vec<u8> {
    let test = std::env::current_exe().expect("the test knows where it is");
    let target = test
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").is_file())
        .expect("the test lies in a target directory");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", "plugin"])
        .args(["--target", "wasm32-wasip2", "-p", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("cargo starts");
    assert!(status.success(), "{name} cannot be built: {status}");
    let file = format!("wasm32-wasip2/plugin/{}.wasm", name.replace('-', "_"));
    fs::read(target.join(file)).expect("cargo left the component")
}

/// A provider of this workspace, prepared with these grants (without the
/// plugin's name).
///
/// # Errors
/// The sentence with which the host refuses it.
///
/// # Panics
/// It cannot be built, or a grant or `plugin.toml` cannot be read.
pub fn prepare(name: &str, grants: &[String]) -> Result<Arc<Prepared>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let text = fs::read_to_string(folder.join(name).join("plugin.toml"))
        .expect("the provider has a plugin.toml");
    let manifest = Manifest::parse(&text).expect("plugin.toml is right");
    let mut grant = Grant::default();
    for line in grants {
        let line: GrantLine = format!("{name} {line}").parse().expect("a grant is right");
        grant.add(line.capability);
    }
    let plugin = Plugin {
        name: &manifest.name,
        world: manifest.world,
        grant: &grant,
        optional: &manifest.asks.optional,
        limits: manifest.limits,
    };
    host()
        .prepare(&component(name), plugin)
        .map_err(|error| error.to_string())
}

/// One job and its directories.
pub struct Bench {
    root: TempDir,
    /// What is handed to the provider.
    pub job: Job,
    inputs: Vec<String>,
}

/// What came of a job, and its log.
#[derive(Debug)]
pub struct Ran {
    /// The outcome.
    pub outcome: Outcome,
    /// Every line.
    pub log: Vec<LogLine>,
}

impl Ran {
    /// The texts of the log, one a line.
    #[must_use]
    pub fn log_text(&self) -> String {
        let texts: Vec<&str> = self.log.iter().map(|line| line.text.as_str()).collect();
        texts.join("\n")
    }
}

impl Bench {
    /// A job of this action type with this configuration, in an execution of its
    /// own.
    ///
    /// # Panics
    /// There is no room for its directories.
    #[must_use]
    pub fn new(category: Category, provider: &str, configuration: &[(&str, &str)]) -> Self {
        let root = TempDir::new().expect("a temporary directory is made");
        fs::create_dir(root.path().join("work")).expect("a directory is made");
        let id = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33";
        let read = "the id is a UUID";
        let job = Job {
            id: id.parse().expect(read),
            action_execution: id.parse().expect(read),
            attempt: 1,
            tenant: "111122223333".parse().expect("a tenant has twelve digits"),
            pipeline: "Demo".into(),
            execution: id.parse().expect(read),
            stage: "Stage".into(),
            action: "Action".into(),
            action_type: ActionTypeId {
                category,
                owner: "Custom".into(),
                provider: provider.into(),
                version: "1".into(),
            },
            configuration: configuration
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            input_artifacts: vec![],
            output_artifacts: vec![],
            environment_variables: vec![],
            commands: vec![],
            output_variables: vec![],
            revision: None,
            continuation: None,
            deadline: now().plus_seconds(120),
        };
        Self {
            root,
            job,
            inputs: vec![],
        }
    }

    /// Of this execution instead of the usual one.
    #[must_use]
    pub fn of(mut self, execution: ExecutionId) -> Self {
        self.job.execution = execution;
        self
    }

    /// Takes an artifact that holds these files (path, content).
    ///
    /// # Panics
    /// They cannot be written.
    #[must_use]
    pub fn takes(mut self, name: &str, files: &[(&str, &str)]) -> Self {
        for (file, content) in files {
            let path = self.root.path().join("in").join(name).join(file);
            let parent = path.parent().expect("a file lies in a directory");
            fs::create_dir_all(parent).expect("a directory is made");
            fs::write(path, content).expect("an input file is written");
        }
        self.job
            .input_artifacts
            .push(lockgate_model::artifact::Artifact {
                name: name.into(),
                digest: lockgate_model::artifact::Digest([0; 32]),
                bytes: 0,
                files: 0,
                revision: Some("abc123".into()),
            });
        self.inputs.push(name.into());
        self
    }

    /// Makes an artifact.
    ///
    /// # Panics
    /// Its directory cannot be made.
    #[must_use]
    pub fn makes(mut self, name: &str) -> Self {
        fs::create_dir_all(self.output(name)).expect("a directory is made");
        self.job.output_artifacts.push(OutputArtifact {
            name: name.into(),
            files: vec![],
        });
        self
    }

    /// Where an output artifact lies on the machine.
    #[must_use]
    pub fn output(&self, name: &str) -> PathBuf {
        self.root.path().join("out").join(name)
    }

    /// Runs the job.
    pub async fn run(&self, prepared: &Prepared) -> Ran {
        let (sink, mut lines) = LogSink::queue();
        let mut request = RunRequest::new(self.job.clone(), sink);
        let mut directories = vec![Directory::write("/work", self.root.path().join("work"))];
        for name in &self.inputs {
            let path = self.root.path().join("in").join(name);
            directories.push(Directory::read(format!("/in/{name}"), path));
        }
        for output in &self.job.output_artifacts {
            let path = format!("/out/{}", output.name);
            directories.push(Directory::write(path, self.output(&output.name)));
        }
        request.directories = directories;
        let outcome = host().run(prepared, request).await;
        let mut log = Vec::new();
        while let Ok(line) = lines.try_recv() {
            log.push(line);
        }
        Ran { outcome, log }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.expect("the clock is past 1970").as_millis();
    Timestamp(i64::try_from(millis).expect("the clock is not at the end of time"))
}
