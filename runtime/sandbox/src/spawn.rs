//! Starts bubblewrap: what happens between fork and exec, and on which thread.
//! Knows descriptors and mounts, no commands.

use crate::mounts::Detached;
use crate::orphans;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::mount::{MountFlags, MountPropagationFlags, MoveMountFlags};
use rustix::process::{Resource, Rlimit, Signal};
use rustix::thread::{Gid, Uid, UnshareFlags};
use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

/// Everything the new process is given.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) bubblewrap: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Handed down under their own numbers.
    pub(crate) passed: Vec<OwnedFd>,
    /// Attached at [`staged`] paths, in this order.
    pub(crate) detached: Vec<Detached>,
    /// Give up root and become this user.
    pub(crate) drop_to: Option<u32>,
    /// Limits that the process and all below it have.
    pub(crate) limits: Vec<(Resource, Rlimit)>,
    /// Keep abstract unix sockets of the machine out of reach.
    pub(crate) scope_sockets: bool,
    pub(crate) stdin: Stdio,
    pub(crate) stdout: Stdio,
    pub(crate) stderr: Stdio,
}

/// Where the mounts of a dropped process are found.
pub(crate) fn staged(index: usize) -> PathBuf {
    Path::new("/tmp").join(index.to_string())
}

impl Start {
    /// The process, ready to be started once.
    ///
    /// # Errors
    /// A staging path that is no C string, which cannot be.
    pub(crate) fn into_process(self) -> io::Result<std::process::Command> {
        let mut process = std::process::Command::new(&self.bubblewrap);
        process
            .arg0(orphans::name())
            .args(&self.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(self.stdin)
            .stdout(self.stdout)
            .stderr(self.stderr);
        let targets = (0..self.detached.len())
            .map(|index| CString::new(staged(index).into_os_string().into_encoded_bytes()))
            .collect::<Result<Vec<_>, _>>()?;
        let (passed, detached) = (self.passed, self.detached);
        let (drop_to, scope_sockets) = (self.drop_to, self.scope_sockets);
        let limits = self.limits;
        let server = rustix::process::getpid();
        let prepare = move || {
            if drop_to.is_some() {
                stage(&detached, &targets)?;
            }
            close_but(&passed)?;
            take_first_when_memory_ends();
            for (resource, limit) in &limits {
                rustix::process::setrlimit(*resource, *limit)?;
            }
            if let Some(id) = drop_to {
                rustix::thread::set_thread_groups(&[])?;
                let (group, user) = (Gid::from_raw(id), Uid::from_raw(id));
                rustix::thread::set_thread_res_gid(group, group, group)?;
                rustix::thread::set_thread_res_uid(user, user, user)?;
            }
            rustix::thread::set_no_new_privs(true)?;
            if scope_sockets {
                scope_abstract_sockets()?;
            }
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            if rustix::process::getppid() != Some(server) {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Ok(())
        };
        #[expect(unsafe_code, reason = "the only way to act between fork and exec")]
        // SAFETY: `prepare` makes system calls and nothing else; every string
        // and list that it reads was made before the fork.
        unsafe {
            process.pre_exec(prepare);
        }
        Ok(process)
    }
}

/// Attaches the mounts in a mount namespace of this process alone.
fn stage(detached: &[Detached], targets: &[CString]) -> io::Result<()> {
    #[expect(unsafe_code, reason = "rustix marks every unshare so, for FILES")]
    // SAFETY: a new mount namespace leaves this process's descriptors alone.
    unsafe {
        rustix::thread::unshare_unsafe(UnshareFlags::NEWNS)?;
    }
    rustix::mount::mount_change(
        c"/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    rustix::mount::mount(
        c"tmpfs",
        c"/tmp",
        c"tmpfs",
        MountFlags::NOSUID | MountFlags::NODEV,
        c"mode=0755,size=1m",
    )?;
    for (tree, target) in detached.iter().zip(targets) {
        if tree.directory {
            rustix::fs::mkdirat(CWD, target.as_c_str(), Mode::from_raw_mode(0o755))?;
        } else {
            let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC;
            rustix::fs::openat(CWD, target.as_c_str(), flags, Mode::from_raw_mode(0o644))?;
        }
        rustix::mount::move_mount(
            &tree.mount,
            c"",
            CWD,
            target.as_c_str(),
            MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
        )?;
    }
    Ok(())
}

/// Lets nothing of the server's through but standard streams and `passed`.
fn close_but(passed: &[OwnedFd]) -> io::Result<()> {
    const CLOSE_ON_EXEC: libc::c_uint = 4;
    #[expect(unsafe_code, reason = "no safe wrapper of close_range exists")]
    // SAFETY: marks descriptors, closes none.
    let answer = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, CLOSE_ON_EXEC) };
    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    for fd in passed {
        rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::empty())?;
    }
    Ok(())
}

/// When the machine runs out of memory, a sandbox goes before the server does.
fn take_first_when_memory_ends() {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    if let Ok(file) = rustix::fs::openat(CWD, c"/proc/self/oom_score_adj", flags, Mode::empty()) {
        let _ = rustix::io::write(file, b"1000");
    }
}

/// The rights that a Landlock ruleset handles.
#[repr(C)]
struct Ruleset {
    files: u64,
    network: u64,
    scoped: u64,
}

/// The first Landlock version that can scope abstract unix sockets.
const SCOPES: libc::c_long = 6;

/// Can this kernel keep abstract unix sockets apart within one network?
pub(crate) fn can_scope_sockets() -> bool {
    #[expect(unsafe_code, reason = "no safe wrapper of Landlock in our crates")]
    // SAFETY: asks for the version; reads no memory.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<Ruleset>(),
            0,
            1,
        )
    };
    version >= SCOPES
}

fn scope_abstract_sockets() -> io::Result<()> {
    let ruleset = Ruleset {
        files: 0,
        network: 0,
        scoped: 1,
    };
    #[expect(unsafe_code, reason = "no safe wrapper of Landlock in our crates")]
    // SAFETY: `ruleset` outlives the first call, which gets its size; the second
    // gets the descriptor that the first one made. It closes on exec.
    let answer = unsafe {
        let made: libc::c_long = libc::syscall(
            libc::SYS_landlock_create_ruleset,
            &raw const ruleset,
            size_of::<Ruleset>(),
            0,
        );
        if made < 0 {
            made
        } else {
            libc::syscall(libc::SYS_landlock_restrict_self, made, 0)
        }
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

type Errand = Box<dyn FnOnce() + Send>;

/// Runs `errand` on a thread that lives as long as the process: the kernel ends
/// a sandbox when the **thread** that started it ends, and threads of an async
/// runtime come and go.
///
/// # Errors
/// The machine makes no more threads.
pub(crate) fn on_lasting_thread(errand: Errand) -> io::Result<()> {
    static THREAD: Mutex<Option<mpsc::Sender<Errand>>> = Mutex::new(None);
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    let queue = match thread.take() {
        Some(queue) => queue,
        None => {
            let (queue, errands) = mpsc::channel::<Errand>();
            std::thread::Builder::new()
                .name("sandbox-start".into())
                .spawn(move || errands.into_iter().for_each(|errand| errand()))?;
            queue
        }
    };
    let sent = queue
        .send(errand)
        .map_err(|_| io::Error::other("the starting thread is gone"));
    *thread = Some(queue);
    sent
}
