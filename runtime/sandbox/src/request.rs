//! Everything that one bubblewrap process is given: arguments, files, filters,
//! mounts and pipes. Starts nothing but the probe.

use crate::command::{Command, SandboxError};
use crate::descriptor;
use crate::detect::Machine;
use crate::identity::User;
use crate::layout;
use crate::mounts;
use crate::spawn::{self, Start};
use crate::status::Status;
use rustix::process::{Pid, Resource, Rlimit, WaitOptions};
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::Stdio;

/// A process to start and our ends of its pipes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) start: Start,
    /// Held until the tree is gone.
    pub(crate) user: User,
    pub(crate) status: OwnedFd,
    /// The command starts when this is written to, and never otherwise.
    pub(crate) gate: OwnedFd,
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl Request {
    /// Makes everything that the new process is given.
    pub(crate) fn new(machine: &Machine, command: &Command) -> Result<Self, SandboxError> {
        let setup = |error: io::Error| SandboxError::Setup(error.to_string());
        let mut arguments = machine.arguments.clone();
        let mut passed = Vec::new();
        for (path, text) in layout::FILES
            .iter()
            .chain((!command.network).then_some(&layout::HOSTS))
        {
            let file = descriptor::sealed("file", text.as_bytes()).map_err(setup)?;
            let number = file.as_raw_fd().to_string();
            arguments.add(&["--perms", "0444", "--file", &number, path]);
            passed.push(file);
        }

        let user = machine.identity.take();
        let (mut sources, mut detached) = (Vec::new(), Vec::new());
        for mount in &command.mounts {
            let prepared = mounts::detach(mount, &user).map_err(|error| {
                SandboxError::Invalid(format!(
                    "mount: cannot show '{}' of this machine in the sandbox: {error}",
                    mount.host_path.display()
                ))
            })?;
            sources.push(match prepared {
                None => mount.host_path.clone(),
                Some(mount) => {
                    detached.push(mount);
                    spawn::staged(detached.len() - 1)
                }
            });
        }
        layout::own(&mut arguments, command, &sources);

        let scope_sockets = command.network && machine.scopes_sockets;
        let mut filters: Vec<&[u8]> = machine.filters.always.iter().map(Vec::as_slice).collect();
        if command.network && !machine.scopes_sockets {
            filters.push(&machine.filters.no_unix_sockets);
        }
        for filter in filters {
            let file = descriptor::sealed("filter", filter).map_err(setup)?;
            arguments.add(&["--add-seccomp-fd", &file.as_raw_fd().to_string()]);
            passed.push(file);
        }

        let (status, status_end) = descriptor::pipe().map_err(setup)?;
        let (gate_end, gate) = descriptor::pipe().map_err(setup)?;
        arguments.add(&["--json-status-fd", &status_end.as_raw_fd().to_string()]);
        arguments.add(&["--block-fd", &gate_end.as_raw_fd().to_string()]);
        // The end of the server closes its end of the gate, which must not open
        // it: the sandbox's own first process holds another.
        let held = gate.try_clone().map_err(setup)?;
        arguments.add(&["--sync-fd", &held.as_raw_fd().to_string()]);
        let arguments = descriptor::sealed("arguments", arguments.as_bytes()).map_err(setup)?;
        let mut words = vec![
            OsString::from("--args"),
            arguments.as_raw_fd().to_string().into(),
            "--".into(),
        ];
        words.extend(command.arguments.iter().map(OsString::from));
        passed.extend([arguments, status_end, gate_end, held]);

        let (stdout, stdout_end) = descriptor::pipe().map_err(setup)?;
        let (stderr, stderr_end) = descriptor::pipe().map_err(setup)?;
        let stdin = if command.input.is_empty() {
            Stdio::null()
        } else {
            descriptor::sealed("input", &command.input)
                .map_err(setup)?
                .into()
        };
        if let Some(id) = user.dropped() {
            // Or nobody could open /dev/stdout and /dev/stderr.
            let owner = Some(rustix::process::Uid::from_raw(id));
            for end in [&stdout_end, &stderr_end] {
                rustix::fs::fchown(end, owner, None).map_err(|error| setup(error.into()))?;
            }
        }
        Ok(Self {
            start: Start {
                bubblewrap: machine.bubblewrap.clone(),
                arguments: words,
                passed,
                detached,
                drop_to: user.dropped(),
                limits: limits(command, &user),
                scope_sockets,
                stdin,
                stdout: stdout_end.into(),
                stderr: stderr_end.into(),
            },
            user,
            status,
            gate,
            stdout,
            stderr,
        })
    }

    /// Runs it to its end outside of any runtime, unwatched; for the probe.
    pub(crate) fn alone(self) -> io::Result<std::process::Output> {
        rustix::io::write(&self.gate, OPEN)?;
        let mut process = self.start.into_process()?;
        let mut child = process.spawn()?;
        drop(process);
        let mut stderr = Vec::new();
        io::Read::read_to_end(&mut std::fs::File::from(self.stderr), &mut stderr)?;
        let ended = child.wait()?;
        let (mut text, mut status) = (Vec::new(), Status::default());
        io::Read::read_to_end(&mut std::fs::File::from(self.status), &mut text)?;
        status.push(&text);
        // Ours to see off where orphans of this machine come to us.
        if let Some(first) = status.first_process.and_then(Pid::from_raw) {
            let _ = rustix::process::waitpid(Some(first), WaitOptions::empty());
        }
        Ok(std::process::Output {
            status: ended,
            stdout: Vec::new(),
            stderr,
        })
    }
}

/// What opens the gate.
pub(crate) const OPEN: &[u8] = b"1";

/// Bubblewrap itself is two processes.
const BUBBLEWRAP: u64 = 2;

/// The kernel's limits that can be set before bubblewrap starts. The number of
/// processes can be where the user is the command's alone; else see [`processes`].
fn limits(command: &Command, user: &User) -> Vec<(Resource, Rlimit)> {
    let wanted = &command.limits;
    let mut limits = vec![
        (Resource::Core, lowered(Resource::Core, 0)),
        (Resource::Fsize, lowered(Resource::Fsize, wanted.file_bytes)),
        (
            Resource::Nofile,
            lowered(Resource::Nofile, wanted.open_files),
        ),
    ];
    if user.dropped().is_some() {
        let processes = wanted.processes.saturating_add(BUBBLEWRAP);
        limits.push((Resource::Nproc, lowered(Resource::Nproc, processes)));
    }
    limits
}

/// The limit on processes for a command that is the server's own user: set on
/// the first process inside, whose namespace the kernel counts apart.
pub(crate) fn processes(command: &Command) -> Rlimit {
    let processes = command.limits.processes.saturating_add(BUBBLEWRAP - 1);
    lowered(Resource::Nproc, processes)
}

/// What the server itself may not exceed cannot be given on.
fn lowered(resource: Resource, wanted: u64) -> Rlimit {
    let most = rustix::process::getrlimit(resource).maximum;
    let value = Some(most.map_or(wanted, |most| most.min(wanted)));
    Rlimit {
        current: value,
        maximum: value,
    }
}
