//! One command, from request to ending: starts bubblewrap, holds the tree, and
//! turns what happens into an [`Exit`].

use crate::command::{Command, Ending, Exit, SandboxError, Stream};
use crate::detect::Machine;
use crate::identity::User;
use crate::printed::Printed;
use crate::request::{self, Request};
use crate::spawn;
use crate::status::Status;
use crate::watch::{self, Watch};
use rustix::process::{Pid, PidfdFlags, Resource, Signal, WaitOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe::Receiver;
use tokio::process::Child;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// Bubblewrap needs milliseconds to start and to end. A machine on which it
/// needs longer than this is not going to make it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command tree that has a first process. Dropping it kills every process.
#[derive(Debug)]
struct Tree {
    processes: Option<Processes>,
    number: i32,
    status: Status,
    status_pipe: Receiver,
    gate: Option<OwnedFd>,
    stdout: Receiver,
    stderr: Receiver,
}

/// What must be seen off when a tree ends.
#[derive(Debug)]
struct Processes {
    first: AsyncFd<OwnedFd>,
    number: i32,
    /// Ends by itself after the first process, or after the command; never
    /// killed, or nobody would see off its child.
    bubblewrap: Child,
    /// Free for another command when all are gone.
    user: User,
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.kill();
        let runtime = tokio::runtime::Handle::try_current();
        if let (Some(mut processes), Ok(runtime)) = (self.processes.take(), runtime) {
            runtime.spawn(async move { processes.gone().await });
        }
    }
}

impl Tree {
    /// The kernel ends all processes of a namespace with its first.
    fn kill(&self) {
        if let Some(processes) = &self.processes {
            let _ = rustix::process::pidfd_send_signal(processes.first.get_ref(), Signal::KILL);
        }
    }

    /// It runs as the server's own user.
    fn shares_user(&self) -> bool {
        let user = self.processes.as_ref().map(|processes| &processes.user);
        user.is_some_and(|user| user.dropped().is_none())
    }

    /// Every process of the tree is gone, or does not go.
    async fn gone(&mut self) -> bool {
        let Some(processes) = &mut self.processes else {
            return true;
        };
        let gone = processes.gone().await;
        self.processes = None;
        gone
    }
}

impl Processes {
    async fn gone(&mut self) -> bool {
        let all = async {
            let _ = self.bubblewrap.wait().await;
            let _ = self.first.readable().await;
        };
        let gone = timeout(PATIENCE, all).await.is_ok();
        // Where the server is the machine's first process, as in a container,
        // it inherits the sandbox's first and has to see it off.
        if let Some(first) = Pid::from_raw(self.number) {
            let _ = rustix::process::waitpid(Some(first), WaitOptions::NOHANG);
        }
        gone
    }
}

/// Starts bubblewrap up to the gate before the command.
///
/// Must run to its end: half-way through there is a process that nobody could
/// kill yet.
async fn launch(request: Request) -> Result<Tree, SandboxError> {
    let setup = |error: io::Error| SandboxError::Setup(error.to_string());
    let (answer, started) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let start = request.start;
    spawn::on_lasting_thread(Box::new(move || {
        let _runtime = runtime.enter();
        let child = start
            .into_process()
            .and_then(|process| tokio::process::Command::from(process).spawn());
        let _ = answer.send(child);
    }))
    .map_err(setup)?;
    let mut bubblewrap = started
        .await
        .map_err(|_| SandboxError::Setup("the starting thread is gone".into()))?
        .map_err(setup)?;

    let receiver = |fd| Receiver::from_owned_fd(fd).map_err(setup);
    let mut status_pipe = receiver(request.status)?;
    let (stdout, mut stderr) = (receiver(request.stdout)?, receiver(request.stderr)?);
    let mut status = Status::default();
    let mut buffer = [0; 1024];
    let number = loop {
        if let Some(number) = status.first_process {
            break number;
        }
        match timeout(PATIENCE, status_pipe.read(&mut buffer)).await {
            Ok(Ok(length)) if length > 0 => status.push(buffer.get(..length).unwrap_or_default()),
            Ok(_) => {
                let mut text = Vec::new();
                let _ = bubblewrap.wait().await;
                let _ = stderr.read_to_end(&mut text).await;
                return Err(refusal(&String::from_utf8_lossy(&text), ""));
            }
            Err(_) => {
                let _ = bubblewrap.start_kill();
                return Err(SandboxError::Setup("bwrap does not answer".into()));
            }
        }
    };
    let first = Pid::from_raw(number)
        .ok_or(io::ErrorKind::InvalidData.into())
        .and_then(|pid| Ok(rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK)?))
        .and_then(|first| {
            #[expect(unsafe_code, reason = "tokio marks every registration so")]
            // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
            let registered = unsafe { AsyncFd::register(first) };
            registered.map_err(|error| error.into_parts().1)
        });
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            let _ = bubblewrap.start_kill();
            return Err(setup(error));
        }
    };
    Ok(Tree {
        processes: Some(Processes {
            first,
            number,
            bubblewrap,
            user: request.user,
        }),
        number,
        status,
        status_pipe,
        gate: Some(request.gate),
        stdout,
        stderr,
    })
}

/// What bubblewrap's own words mean for the caller.
fn refusal(text: &str, program: &str) -> SandboxError {
    let reason = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("bwrap: "))
        .unwrap_or(text)
        .trim();
    if let Some(path) = reason.strip_prefix("Can't chdir to ") {
        return SandboxError::Invalid(format!(
            "working directory: {path}; name a directory that the sandbox has, such as a mount"
        ));
    }
    match reason.strip_prefix("execvp ") {
        Some(reason) if reason.ends_with("No such file or directory") => {
            SandboxError::NotFound(program.to_owned())
        }
        Some(reason) => SandboxError::NotExecutable {
            program: program.to_owned(),
            reason: reason
                .rsplit_once(": ")
                .map_or(reason, |(_, reason)| reason)
                .to_owned(),
        },
        None if reason.is_empty() => SandboxError::Setup(
            "it was ended from outside before the command ran; is the machine out of memory?"
                .to_owned(),
        ),
        None => SandboxError::Setup(reason.to_owned()),
    }
}

/// Runs a checked command.
pub(crate) async fn run(
    machine: Arc<Machine>,
    command: Command,
    sink: impl FnMut(Stream, &str) + Send,
) -> Result<Exit, SandboxError> {
    let deadline = Instant::now() + command.timeout;
    let prepare = move || (Request::new(&machine, &command), command);
    let (request, command) = tokio::task::spawn_blocking(prepare)
        .await
        .map_err(|_| SandboxError::Setup("the runtime is shutting down".into()))?;
    let request = request?;
    // A task of its own, so that dropping our future does not stop it half-way:
    // the tree that it then returns to nobody is killed by its drop.
    let mut tree = tokio::spawn(launch(request))
        .await
        .map_err(|_| SandboxError::Setup("the runtime is shutting down".into()))??;
    if tree.shares_user() {
        let limit = request::processes(&command);
        rustix::process::prlimit(Pid::from_raw(tree.number), Resource::Nproc, limit)
            .map_err(|error| SandboxError::Setup(format!("cannot limit processes: {error}")))?;
    }
    let mut watch = pin!(watch::exceeded(Watch {
        first_process: tree.number,
        memory_bytes: command.limits.memory_bytes,
        free_disk_bytes: command.limits.free_disk_bytes,
        writable: command
            .mounts
            .iter()
            .filter(|mount| mount.writable)
            .map(|mount| (mount.host_path.clone(), mount.sandbox_path.clone()))
            .collect(),
    }));
    let mut printed = Printed::new(&command, sink);
    if let Some(gate) = tree.gate.take() {
        rustix::io::write(&gate, request::OPEN)
            .map_err(|error| SandboxError::Setup(format!("cannot start the command: {error}")))?;
    }

    let mut ours: Option<Ending> = None;
    let (mut out, mut err) = (vec![0; 32 << 10], vec![0; 32 << 10]);
    let mut status = [0; 1024];
    let (mut out_open, mut err_open, mut status_open) = (true, true, true);
    let mut last = pin!(sleep_until(deadline));
    while out_open || err_open || status_open {
        let ending = tokio::select! {
            read = tree.stdout.read(&mut out), if out_open => {
                match read {
                    Ok(length) if length > 0 => printed.out(out.get(..length).unwrap_or_default()),
                    _ => out_open = false,
                }
                continue;
            }
            read = tree.stderr.read(&mut err), if err_open => {
                match read {
                    Ok(length) if length > 0 => printed.err(err.get(..length).unwrap_or_default()),
                    _ => err_open = false,
                }
                continue;
            }
            read = tree.status_pipe.read(&mut status), if status_open => {
                match read {
                    Ok(length) if length > 0 => tree.status.push(status.get(..length).unwrap_or_default()),
                    _ => status_open = false,
                }
                continue;
            }
            excess = &mut watch, if ours.is_none() => Ending::Limit(excess),
            () = &mut last => match ours {
                None => Ending::Timeout,
                Some(_) => return Err(SandboxError::Setup(
                    "the command's processes do not end although they were killed; is a disk hanging?".into(),
                )),
            },
        };
        tree.kill();
        ours = Some(ending);
        last.set(sleep(PATIENCE));
    }
    // The pipes are closed, so bubblewrap has ended and the kernel is taking what
    // the command left behind.
    tree.kill();
    if !tree.gone().await {
        return Err(SandboxError::Setup(
            "processes of the command do not end although they were killed".into(),
        ));
    }
    let ending = match (ours, tree.status.exit_code) {
        (Some(ending), _) => ending,
        (None, Some(code @ 129..=159)) => Ending::Signal(code - 128),
        (None, Some(code)) => Ending::Code(code),
        (None, None) => {
            let program = command.arguments.first().map_or("", String::as_str);
            return Err(refusal(printed.held(), program));
        }
    };
    let (output, output_cut) = printed.finish();
    Ok(Exit {
        ending,
        output,
        output_cut,
    })
}
