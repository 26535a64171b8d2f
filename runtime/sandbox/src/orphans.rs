//! Sandboxes whose server was killed while bubblewrap was still setting them up.
//! Until its last step bubblewrap's inner process does not end with the outer
//! one; it then waits at a gate that nobody opens any more, or runs a command
//! that nobody listens to. Each sandbox is started under a name that says whose
//! it is, and the next server on the machine ends those whose owner is gone.
//! Knows process ids and names, nothing else.

use rustix::process::{Pid, Signal};
use std::sync::LazyLock;

const PREFIX: &str = "lockgate-sandbox";

/// The name of this process's sandboxes, as their first argument shows it:
/// which process namespace its id is of, the id, and when it started, because
/// ids are used again.
pub(crate) fn name() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        let (namespace, id) = (namespace().unwrap_or_default(), std::process::id());
        let started = started(id).unwrap_or_default();
        format!("{PREFIX}/{namespace}/{id}/{started}")
    });
    &NAME
}

/// Ends every sandbox of this user whose server is gone.
pub(crate) fn end() {
    let (Some(here), Ok(entries)) = (namespace(), std::fs::read_dir("/proc")) else {
        return;
    };
    for entry in entries.flatten() {
        let id = entry.file_name().to_str().and_then(|id| id.parse().ok());
        let Some(id) = id else { continue };
        let Ok(arguments) = std::fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        let first = arguments.split(|byte| *byte == 0).next();
        let name = first.map(String::from_utf8_lossy).unwrap_or_default();
        if is_orphan(&name, &here)
            && let Some(process) = Pid::from_raw(id)
        {
            tracing::info!(id, "ending a sandbox whose server was killed");
            // It is a namespace's first process, and takes all others with it.
            let _ = rustix::process::kill_process(process, Signal::KILL);
        }
    }
}

/// Names of other namespaces speak of other processes.
fn is_orphan(name: &str, here: &str) -> bool {
    let mut parts = name.split('/');
    let (Some(PREFIX), Some(namespace), Some(id), Some(began), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return false;
    };
    let Ok(id) = id.parse() else { return false };
    namespace == here && started(id).as_deref() != Some(began)
}

/// When a process started, in ticks since the machine did; `None` where it is
/// no more (proc(5), `/proc/pid/stat`, field 22; the second may hold spaces).
fn started(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    // A killed process that nobody has seen off runs no sandbox.
    let state = fields.next()?;
    let started = fields.nth(18)?;
    (!matches!(state, "Z" | "X")).then(|| started.to_owned())
}

/// Of this process's ids.
fn namespace() -> Option<String> {
    let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let number = link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?;
    Some(number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::Command;

    #[test]
    fn a_sandbox_ends_when_its_server_is_gone_and_not_before() {
        let sleep = |name: &str| Command::new("sleep").arg0(name).arg("600").spawn();
        // No kernel gives out an id this large.
        let mut orphan =
            sleep(&format!("{PREFIX}/{}/{}/1", namespace().unwrap(), i32::MAX)).unwrap();
        let elsewhere = format!("{PREFIX}/1/{}/1", i32::MAX);
        let mut others = [name(), &elsewhere, "sleep"].map(|name| sleep(name).unwrap());
        // Between fork and exec it bears our own name.
        let shown = |id: u32| std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        while !shown(orphan.id()).starts_with(PREFIX.as_bytes()) {
            std::thread::yield_now();
        }
        end();
        assert_eq!(orphan.wait().unwrap().signal(), Some(9));
        for other in &mut others {
            assert!(other.try_wait().unwrap().is_none());
            other.kill().unwrap();
            other.wait().unwrap();
        }
    }
}
