//! What the tests stand on: the guests, built once, and a host with one of them
//! prepared.

use lockgate_host::{Directory, Functions, Host, HostSettings, LogSink, Plugin, Prepared};
use lockgate_host::{Need, PrepareError, RunRequest, Secrets};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::grant::{Grant, GrantLine};
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId};
use lockgate_model::job::{FailureType, Job, LogLevel, LogLine, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use lockgate_model::time::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use uuid::Uuid;

/// Everything that can be granted without naming a machine's particulars.
pub const ALL: [&str; 4] = ["exec", "invoke", "http=granted.invalid", "secret=TOKEN"];

/// Imports that a plugin can do without.
pub static NONE: BTreeSet<Need> = BTreeSet::new();

/// The provider that does what its configuration says.
pub fn misbehaving() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| read("lockgate_test_guests.wasm"))
}

/// One of the other guests.
pub fn guest(name: &str) -> Vec<u8> {
    read(&format!("examples/{name}.wasm"))
}

/// A source that finds the revision that its configuration names.
pub fn source() -> Vec<u8> {
    read("lockgate_test_noop.wasm")
}

fn read(file: &str) -> Vec<u8> {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(build);
    let path = BUILT.join(file);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Builds the guests into the target directory that this test lies in. Cargo's
/// lock on the Wasm target is another than the one on this test's own target.
fn build() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").is_file())
        .unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--profile", "plugin"])
        .args(["--target", "wasm32-wasip2"])
        .args(["-p", "lockgate-test-guests", "-p", "lockgate-test-noop"])
        .args(["--lib", "--examples", "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the guests cannot be built: {status}");
    target.join("wasm32-wasip2/plugin")
}

/// One host for all tests, as there is one in a server.
pub fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| {
        Host::new(HostSettings {
            instances: 64,
            sandbox: lockgate_sandbox::Sandbox::detect().ok(),
            ..HostSettings::default()
        })
        .unwrap()
    });
    &HOST
}

/// Limits small enough to be met quickly.
pub fn small() -> Limits {
    Limits {
        seconds: 20,
        memory_bytes: 64 << 20,
        log_bytes: 1 << 20,
        output_bytes: 1 << 16,
        handles: 64,
        ..Limits::default()
    }
}

pub fn grant(lines: &[&str]) -> Grant {
    let mut grant = Grant::default();
    for line in lines {
        let line: GrantLine = format!("misbehave {line}").parse().unwrap();
        grant.add(line.capability);
    }
    grant
}

pub fn prepare(lines: &[&str], limits: Limits) -> Result<Arc<Prepared>, PrepareError> {
    host().prepare(
        misbehaving(),
        Plugin {
            name: "misbehave",
            world: World::ActionProvider,
            grant: &grant(lines),
            optional: &NONE,
            limits,
        },
    )
}

/// A job in the making.
#[derive(Clone)]
pub struct Deed {
    grants: Vec<String>,
    limits: Limits,
    settings: Vec<(String, String)>,
    directories: Vec<Directory>,
    secrets: Secrets,
    functions: Functions,
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    pub outcome: Outcome,
    pub log: Vec<(LogLevel, String)>,
}

/// The provider that misbehaves, doing `deed`, with everything granted that it
/// imports.
pub fn deed(deed: &str) -> Deed {
    Deed {
        grants: ALL.iter().map(|line| (*line).to_owned()).collect(),
        limits: small(),
        settings: vec![("do".into(), deed.into())],
        directories: vec![],
        secrets: Secrets::new(|name| (name == "TOKEN").then(|| "s3cr3t-v4lue".to_owned())),
        functions: Functions::none(),
    }
}

impl Deed {
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.settings.push((key.into(), value.to_string()));
        self
    }

    pub fn granted(mut self, line: impl ToString) -> Self {
        self.grants.push(line.to_string());
        self
    }

    pub fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    pub fn read(mut self, guest: &str, path: &Path) -> Self {
        self.directories.push(Directory::read(guest, path));
        self
    }

    pub fn write(mut self, guest: &str, path: &Path) -> Self {
        self.directories.push(Directory::write(guest, path));
        self
    }

    pub fn functions(mut self, functions: Functions) -> Self {
        self.functions = functions;
        self
    }

    pub fn prepare(&self) -> Arc<Prepared> {
        let lines: Vec<&str> = self.grants.iter().map(String::as_str).collect();
        prepare(&lines, self.limits).unwrap()
    }

    pub fn request(&self, log: LogSink) -> RunRequest {
        RunRequest {
            directories: self.directories.clone(),
            secrets: self.secrets.clone(),
            functions: self.functions.clone(),
            ..RunRequest::new(job(self.settings.clone()), log)
        }
    }

    pub async fn run(self) -> Done {
        let prepared = self.prepare();
        let (log, lines) = collect();
        let outcome = host().run(&prepared, self.request(log)).await;
        let lines = std::mem::take(&mut *lines.lock().unwrap());
        Done {
            outcome,
            log: lines
                .into_iter()
                .map(|line| (line.level, line.text))
                .collect(),
        }
    }
}

impl Done {
    /// The variable `result` of a success.
    #[track_caller]
    pub fn result(&self) -> &str {
        match &self.outcome {
            Outcome::Succeeded(success) => &success.variables["result"],
            other => panic!("{other:?} {:?}", self.log),
        }
    }

    /// The message of a failure that the guest reported itself.
    #[track_caller]
    pub fn refusal(&self) -> &str {
        self.failure(FailureType::JobFailed)
    }

    /// The message of a fault.
    #[track_caller]
    pub fn fault(&self) -> &str {
        self.failure(FailureType::SystemUnavailable)
    }

    #[track_caller]
    pub fn failure(&self, kind: FailureType) -> &str {
        match &self.outcome {
            Outcome::Failed(failure) if failure.kind == kind => &failure.message,
            other => panic!("{other:?} {:?}", self.log),
        }
    }

    /// What the host said of the job.
    pub fn host_lines(&self) -> String {
        let lines = self
            .log
            .iter()
            .filter(|(level, _)| *level == LogLevel::Host);
        lines
            .map(|(_, text)| text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub fn log_bytes(&self) -> usize {
        self.log.iter().map(|(_, text)| text.len() + 1).sum()
    }
}

pub fn collect() -> (LogSink, Arc<Mutex<Vec<LogLine>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let into = lines.clone();
    (
        LogSink::new(move |line| into.lock().unwrap().push(line)),
        lines,
    )
}

pub fn job(settings: Vec<(String, String)>) -> Job {
    let id = Uuid::from_u128(7);
    Job {
        id: JobId(id),
        action_execution: ActionExecutionId(id),
        attempt: 1,
        tenant: "111122223333".parse().unwrap(),
        pipeline: "tests".into(),
        execution: ExecutionId(id),
        stage: "Stage".into(),
        action: "Action".into(),
        condition: None,
        action_type: ActionTypeId {
            category: Category::Build,
            owner: "Custom".into(),
            provider: "Misbehave".into(),
            version: "1".into(),
        },
        configuration: settings.into_iter().collect(),
        input_artifacts: vec![],
        output_artifacts: vec![],
        environment_variables: vec![],
        commands: vec![],
        output_variables: vec![],
        revision: None,
        continuation: None,
        deadline: Timestamp(i64::MAX),
    }
}
