//! Finds out, once, how this machine sandboxes: where bubblewrap is, what it and
//! the kernel can do, as whom commands run. Says what to do where they cannot.

use crate::command::{Command, Exit, SandboxError, Stream};
use crate::filter::Filters;
use crate::identity::Identity;
use crate::layout::{self, Arguments};
use crate::request::Request;
use crate::{orphans, run, spawn};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

/// Runs commands on this machine, each in a sandbox of its own. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sandbox {
    pub(crate) machine: Arc<Machine>,
}

/// What [`Sandbox::detect`] found.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) bubblewrap: PathBuf,
    pub(crate) arguments: Arguments,
    pub(crate) filters: Filters,
    pub(crate) identity: Identity,
    pub(crate) scopes_sockets: bool,
}

/// This machine cannot sandbox commands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// Bubblewrap is not installed.
    #[error(
        "commands cannot be sandboxed: the program 'bwrap' is not installed; install it with 'apt-get install bubblewrap'"
    )]
    Missing,
    /// The kernel or a container around us refuses what a sandbox needs.
    #[error(
        "commands cannot be sandboxed: {reason}; allow user namespaces (Debian: 'sysctl kernel.unprivileged_userns_clone=1'; Ubuntu 24.04: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0' or an AppArmor profile for bwrap; Docker: '--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined')"
    )]
    Refused {
        /// The system's words.
        reason: String,
    },
    /// The processor is none that the seccomp filters are written for.
    #[error("commands cannot be sandboxed: {0}; run on x86_64 or aarch64")]
    Processor(String),
}

impl Sandbox {
    /// Looks for bubblewrap and runs one empty sandbox with it, which takes some
    /// milliseconds and blocks. Ends the sandboxes of servers that were killed.
    ///
    /// # Errors
    /// Says what the machine lacks and how to get it.
    pub fn detect() -> Result<Self, Unavailable> {
        let bubblewrap = find().ok_or(Unavailable::Missing)?;
        let refused = |reason: String| Unavailable::Refused { reason };
        let help = process::Command::new(&bubblewrap)
            .arg("--help")
            .env_clear()
            .output()
            .map_err(|error| refused(format!("{} does not run: {error}", bubblewrap.display())))?;
        let disable_userns = String::from_utf8_lossy(&help.stdout).contains("--disable-userns");
        let sandbox = Self {
            machine: Arc::new(Machine {
                bubblewrap,
                arguments: layout::system(disable_userns),
                filters: Filters::new().map_err(Unavailable::Processor)?,
                identity: Identity::detect(),
                scopes_sockets: spawn::can_scope_sockets(),
            }),
        };
        sandbox.probe().map_err(refused)?;
        orphans::end();
        Ok(sandbox)
    }

    fn probe(&self) -> Result<(), String> {
        let command = Command::new(["true"]).check().map_err(|e| e.to_string())?;
        let request = Request::new(&self.machine, &command).map_err(|e| e.to_string())?;
        let output = request.alone().map_err(|e| e.to_string())?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        let reason = text
            .lines()
            .next()
            .unwrap_or("bwrap failed and said nothing");
        Err(reason.trim_start_matches("bwrap: ").to_owned())
    }

    /// Runs one command tree to its end and hands its output, line by line as it
    /// comes, to `sink`, which must not block.
    ///
    /// When this returns, or when its future is dropped, nothing of the tree
    /// runs any more (after a drop: within milliseconds).
    ///
    /// # Errors
    /// Only where the command was never started; how it ended is in [`Exit`].
    pub async fn run(
        &self,
        command: Command,
        sink: impl FnMut(Stream, &str) + Send,
    ) -> Result<Exit, SandboxError> {
        run::run(self.machine.clone(), command.check()?, sink).await
    }
}

/// The first `bwrap` that can be executed, in the usual places before `PATH`.
fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    [PathBuf::from("/usr/bin"), PathBuf::from("/usr/local/bin")]
        .into_iter()
        .chain(std::env::split_paths(&path).filter(|directory| directory.is_absolute()))
        .map(|directory| directory.join("bwrap"))
        .find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    std::fs::metadata(file)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
