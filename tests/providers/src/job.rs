//! Components in a real host, with jobs made up.

use crate::component;
use lockgate_host::{Host, HostSettings, LogSink, Plugin, Prepared, RunRequest};
use lockgate_model::grant::{Grant, GrantLine};
use lockgate_model::job::{Job, LogLine, Outcome};
use lockgate_model::plugin::Manifest;
use lockgate_model::time::Timestamp;
use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

/// One host for all tests of a process.
///
/// # Panics
/// It cannot be made.
pub fn host() -> &'static Host {
    static HOST: OnceLock<Host> = OnceLock::new();
    HOST.get_or_init(|| {
        Host::new(HostSettings {
            instances: 16,
            ..HostSettings::default()
        })
        .expect("a host starts")
    })
}

/// The `plugin.toml` in a folder of this workspace.
///
/// # Panics
/// There is none, or it is wrong.
#[must_use]
pub fn manifest(folder: &str) -> Manifest {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join(folder).join("plugin.toml");
    let text = fs::read_to_string(file).expect("there is a plugin.toml");
    Manifest::parse(&text).expect("plugin.toml is right")
}

/// A package of this workspace, prepared with these grants (without the
/// plugin's name).
///
/// # Panics
/// The host refuses it.
#[must_use]
pub fn prepare(package: &str, folder: &str, grants: &[String]) -> Arc<Prepared> {
    let manifest = manifest(folder);
    let mut grant = Grant::default();
    for line in grants {
        let line: GrantLine = format!("{} {line}", manifest.name)
            .parse()
            .unwrap_or_else(|error| panic!("{error}"));
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
        .prepare(&component(package), plugin)
        .unwrap_or_else(|error| panic!("{package}: {error}"))
}

/// A job of `Category/Owner/Provider/Version` with this configuration.
///
/// # Panics
/// The action type has not four parts.
#[must_use]
pub fn job(action_type: &str, configuration: &[(&str, &str)]) -> Job {
    let id = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33";
    let read = "the id is a UUID";
    let [category, owner, provider, version] = action_type.split('/').collect::<Vec<_>>()[..]
    else {
        panic!("{action_type} is no action type");
    };
    let category = lockgate_model::action_type::Category::ALL
        .into_iter()
        .find(|known| known.as_str() == category)
        .expect("the category is one of CodePipeline's");
    Job {
        id: id.parse().expect(read),
        action_execution: id.parse().expect(read),
        attempt: 1,
        tenant: "111122223333".parse().expect("a tenant has twelve digits"),
        pipeline: "Demo".into(),
        execution: id.parse().expect(read),
        stage: "Stage".into(),
        action: "Action".into(),
        action_type: lockgate_model::action_type::ActionTypeId {
            category,
            owner: owner.into(),
            provider: provider.into(),
            version: version.into(),
        },
        configuration: configuration
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        input_artifacts: Vec::new(),
        output_artifacts: Vec::new(),
        environment_variables: Vec::new(),
        commands: Vec::new(),
        output_variables: Vec::new(),
        revision: None,
        continuation: None,
        deadline: now().plus_seconds(60),
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.expect("the clock is past 1970").as_millis();
    Timestamp(i64::try_from(millis).expect("the clock is not at the end of time"))
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

/// Runs a job; `around` may add directories, secrets and functions.
pub async fn run(
    prepared: &Prepared,
    job: Job,
    around: impl FnOnce(RunRequest) -> RunRequest,
) -> Ran {
    let (sink, mut lines) = LogSink::queue();
    let outcome = host()
        .run(prepared, around(RunRequest::new(job, sink)))
        .await;
    let mut log = Vec::new();
    while let Ok(line) = lines.try_recv() {
        log.push(line);
    }
    Ran { outcome, log }
}
