//! Which user of the machine a command runs as.
//!
//! A server that is not root runs commands as its own user. A root server drops
//! to a user id that owns nothing and that no other running command has: the
//! kernel counts processes, pipes and watches by user, and one tenant's command
//! must not use up another's.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The users and groups that a root server drops to: above everything that
/// distributions, containers and directory services hand out.
pub(crate) const DROPPED_IDS: std::ops::Range<u32> = 2_140_000_000..2_141_000_000;

/// As whom commands run.
#[derive(Debug, Clone)]
pub(crate) enum Identity {
    /// As the server's own, unprivileged user.
    Own,
    /// Each as a user of its own.
    Dropped(Arc<Users>),
}

/// The users that commands have run as.
#[derive(Debug)]
pub(crate) struct Users {
    idle: Mutex<Vec<(u32, Option<Arc<OwnedFd>>)>>,
    next: AtomicU32,
}

/// As whom one command runs.
#[derive(Debug)]
pub(crate) enum User {
    /// As the server's own user.
    Own,
    /// As a user that no other command has until this is dropped.
    Dropped {
        id: u32,
        /// Says who owns what in the command's mounts, where the kernel can.
        owners: Option<Arc<OwnedFd>>,
        users: Arc<Users>,
    },
}

impl Drop for User {
    fn drop(&mut self) {
        if let Self::Dropped { id, owners, users } = self {
            let mut idle = users.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((*id, owners.take()));
        }
    }
}

impl Identity {
    /// Finds out what this process is.
    pub(crate) fn detect() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Own;
        }
        // Two servers on one machine start at different places.
        let offset = std::process::id().wrapping_mul(101) % (DROPPED_IDS.end - DROPPED_IDS.start);
        Self::Dropped(Arc::new(Users {
            idle: Mutex::new(Vec::new()),
            next: AtomicU32::new(offset),
        }))
    }

    /// A user for one command. May start a process and block for a millisecond
    /// or two, when more commands run than ever before.
    pub(crate) fn take(&self) -> User {
        let Self::Dropped(users) = self else {
            return User::Own;
        };
        let idle = users
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let (id, owners) = idle.unwrap_or_else(|| {
            let step = users.next.fetch_add(1, Ordering::Relaxed);
            let id = DROPPED_IDS.start + step % (DROPPED_IDS.end - DROPPED_IDS.start);
            let owners = owners(id).inspect_err(|error| {
                tracing::warn!(%error, "no id-mapped mounts; files are given to the sandbox's user instead");
            });
            (id, owners.ok().map(Arc::new))
        });
        User::Dropped {
            id,
            owners,
            users: users.clone(),
        }
    }
}

impl User {
    /// The id to drop to.
    pub(crate) fn dropped(&self) -> Option<u32> {
        match self {
            Self::Own => None,
            Self::Dropped { id, .. } => Some(*id),
        }
    }
}

/// A user namespace in which the server's user is `id` and everyone else is who
/// they are. It lives as long as the descriptor.
fn owners(id: u32) -> io::Result<OwnedFd> {
    let mut command = Command::new("/bin/cat");
    command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    #[expect(unsafe_code, reason = "one system call between fork and exec")]
    // SAFETY: unshare is async-signal-safe and takes no memory.
    unsafe {
        command.pre_exec(|| {
            rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWUSER)?;
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    let map = format!("0 {id} 1\n1 1 {}\n", id - 1);
    let process = format!("/proc/{}", child.id());
    let made = ["uid_map", "gid_map"]
        .iter()
        .try_for_each(|file| {
            std::fs::OpenOptions::new()
                .write(true)
                .open(format!("{process}/{file}"))?
                .write_all(map.as_bytes())
        })
        .and_then(|()| std::fs::File::open(format!("{process}/ns/user")));
    drop(child.stdin.take());
    if let Some(mut output) = child.stdout.take() {
        let _ = output.read(&mut [0]);
    }
    child.wait()?;
    Ok(made?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_run_together_are_different_users() {
        let Identity::Dropped(users) = Identity::detect() else {
            return; // Only root has users to give.
        };
        let identity = Identity::Dropped(users);
        let (one, two) = (identity.take(), identity.take());
        assert_ne!(one.dropped(), two.dropped());
        let first = one.dropped();
        drop(one);
        assert_eq!(identity.take().dropped(), first);
    }
}
