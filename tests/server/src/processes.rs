//! Processes of this machine, by a word of their command line.

use crate::until;

/// Ids of the processes whose arguments hold this word.
#[must_use]
pub fn alive(word: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| {
            let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let mut arguments = arguments.split(|byte| *byte == 0);
            arguments.any(|argument| argument == word.as_bytes())
        })
        .collect()
}

/// Ids of the sandboxes that a process has started, by the name they bear.
#[must_use]
pub fn sandboxes_of(server: u32) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| {
            let arguments = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            let name = arguments.split(|byte| *byte == 0).next();
            let name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
            let mut parts = name.split('/');
            parts.next() == Some("lockgate-sandbox") && parts.nth(1) == Some(&server.to_string())
        })
        .collect()
}

/// Waits until no such process is left: the kernel takes its time to end a tree.
#[track_caller]
pub fn wait_until_gone(word: &str) {
    until(&format!("no process '{word}' is left"), || {
        alive(word).is_empty().then_some(())
    });
}
