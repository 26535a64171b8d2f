//! Puts the rooms together: store, artifacts, host, plugins, orchestrator. `run`
//! and `serve` start the same engine; neither knows how it is made.

mod bundle;
mod pipelines;
mod plugins;
mod runner;
mod secrets;

pub use plugins::{InstalledPlugin, Plugins};

use crate::Failure;
use crate::cli::Trust;
use lockgate_artifacts::Artifacts;
use lockgate_execution::UpdatePolicy;
use lockgate_host::{Host, HostSettings};
use lockgate_orchestrator::{CACHE_LIMITS, Clock, Orchestrator, Settings};
use lockgate_sandbox::Sandbox;
use lockgate_store::{Options, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tenant of `run` and of `serve --dev`.
pub const DEV_TENANT: &str = "111122223333";

/// The region where nothing else is said.
pub const REGION: &str = "us-east-1";

/// What an engine is made of.
pub struct Plan {
    /// Everything that is kept lies under it.
    pub data: PathBuf,
    /// Where compiled components are kept.
    pub cache: PathBuf,
    /// Plugins, grants and secrets.
    pub trust: Trust,
    /// Seconds between two questions to a source; absent: sources are not asked.
    pub poll_seconds: Option<u64>,
    /// Jobs that run at a time.
    pub jobs: usize,
    /// Stands in ARNs and in events.
    pub region: String,
    /// Where people reach the server; stands in notifications.
    pub address: Option<String>,
    /// What becomes of executions of older versions when a definition changes.
    pub update_policy: UpdatePolicy,
    /// Says what takes long.
    pub say: fn(&str),
}

/// Everything that runs pipelines.
pub struct Engine {
    pub orchestrator: Orchestrator,
    pub plugins: Arc<Plugins>,
}

impl Engine {
    /// Opens or makes the data directory, installs and prepares the plugins, and
    /// carries on with whatever was running.
    pub async fn start(mut plan: Plan) -> Result<Self, Failure> {
        // Directories are shown to sandboxes, which know no current directory.
        plan.data = std::path::absolute(&plan.data)?;
        plan.cache = std::path::absolute(&plan.cache)?;
        private_directory(&plan.data).map_err(|error| {
            Failure::input(format!(
                "the data directory {} cannot be used: {error}; name another one with --data",
                plan.data.display()
            ))
        })?;
        // The store is opened first: it refuses a directory that is in use.
        let store = Store::open(&plan.data.join("lockgate.db"), &Options::default())
            .map_err(Failure::input)?;
        let sandbox = match Sandbox::detect() {
            Ok(sandbox) => Some(sandbox),
            Err(unavailable) => {
                tracing::warn!("commands cannot be run: {unavailable}");
                None
            }
        };
        let settings = HostSettings {
            cache_dir: Some(plan.cache),
            sandbox,
            ..Default::default()
        };
        let host = Host::new(settings)?;
        let plugins =
            Arc::new(Plugins::load(host, &plan.data.join("plugins"), &plan.trust, plan.say).await?);
        let artifacts = Artifacts::open(&plan.data.join("artifacts"))?;
        let settings = Settings {
            work: plan.data.join("work"),
            caches: plan.data.join("caches"),
            cache_limits: CACHE_LIMITS,
            jobs: plan.jobs,
            poll_seconds: plan.poll_seconds,
            region: plan.region,
            address: plan.address,
            update_policy: plan.update_policy,
        };
        let orchestrator =
            Orchestrator::start(store, artifacts, plugins.clone(), Clock::System, settings).await?;
        plugins.starter.open(&orchestrator);
        Ok(Self {
            orchestrator,
            plugins,
        })
    }
}

/// Readable by its owner alone: state, logs and artifacts are in it.
fn private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Where compiled components are kept when nothing else is said.
pub fn default_cache() -> PathBuf {
    under_home("XDG_CACHE_HOME", ".cache").join("lockgate")
}

/// Where `run` keeps what it did when nothing else is said.
pub fn default_state() -> PathBuf {
    under_home("XDG_STATE_HOME", ".local/state").join("lockgate")
}

fn under_home(variable: &str, otherwise: &str) -> PathBuf {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute(variable)
        .or_else(|| absolute("HOME").map(|home| home.join(otherwise)))
        .unwrap_or_else(std::env::temp_dir)
}
