//! The `hooks` part of an appspec.

use super::Reader;
use lockgate_plugin::yaml::Node;

/// Seconds that one hook script has where the file does not say.
pub(super) const HOOK_SECONDS: u32 = 3600;

/// One script of a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// In the appspec.
    pub line: usize,
    /// In the artifact, without a leading `/`.
    pub location: String,
    /// Seconds until it is ended.
    pub timeout: u32,
}

/// When a hook runs, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// From the release that is replaced, before anything else.
    ApplicationStop,
    /// Before files are copied.
    BeforeInstall,
    /// After files are copied, before the switch.
    AfterInstall,
    /// After the switch.
    ApplicationStart,
    /// Says whether the release is good.
    ValidateService,
}

impl Event {
    const ALL: [Self; 5] = [
        Self::ApplicationStop,
        Self::BeforeInstall,
        Self::AfterInstall,
        Self::ApplicationStart,
        Self::ValidateService,
    ];

    /// As the appspec writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationStop => "ApplicationStop",
            Self::BeforeInstall => "BeforeInstall",
            Self::AfterInstall => "AfterInstall",
            Self::ApplicationStart => "ApplicationStart",
            Self::ValidateService => "ValidateService",
        }
    }
}

impl Reader {
    pub(super) fn hooks(&mut self, node: &Node) -> Vec<(Event, Vec<Hook>)> {
        let mut hooks = vec![];
        for entry in self.0.map(node, "hooks") {
            let at = format!("hooks.{}", entry.key);
            match Event::ALL.iter().find(|e| e.as_str() == entry.key) {
                Some(event) => hooks.push((*event, self.scripts(&entry.value, &at))),
                None if entry.key.ends_with("Traffic") => self.0.add(
                    entry.line,
                    &at,
                    "belongs to a load balancer, which this provider does not have; use AfterInstall or ValidateService",
                ),
                None if matches!(entry.key.as_str(), "Install" | "DownloadBundle" | "Start" | "End") => {
                    self.0.add(
                        entry.line,
                        &at,
                        "cannot have scripts; use BeforeInstall or AfterInstall",
                    );
                }
                None => {
                    let names = Event::ALL.map(Event::as_str);
                    self.0.unknown(entry, "hooks", &names);
                }
            }
        }
        hooks
    }

    fn scripts(&mut self, node: &Node, at: &str) -> Vec<Hook> {
        let mut scripts = vec![];
        for (index, item) in self.0.list(node, at).iter().enumerate() {
            let at = format!("{at}[{}]", index + 1);
            let mut location = None;
            let mut timeout = Some(HOOK_SECONDS);
            let before = self.0.found.len();
            for entry in self.0.map(item, &at) {
                let place = format!("{at}.{}", entry.key);
                match entry.key.as_str() {
                    "location" => location = self.inside(&entry.value, &place),
                    "timeout" => timeout = self.seconds(&entry.value, &place),
                    "runas" => self.0.add(
                        entry.line,
                        &place,
                        "another user is not available: hooks run in a sandbox with one unprivileged user; remove runas",
                    ),
                    _ => self
                        .0
                        .unknown(entry, &at, &["location", "timeout"]),
                }
            }
            match (location, timeout) {
                (Some(location), Some(timeout)) if !location.is_empty() => scripts.push(Hook {
                    line: item.line,
                    location,
                    timeout,
                }),
                _ if self.0.found.len() == before => self.0.add(
                    item.line,
                    &at,
                    "names no script; write 'location:' with its path in the artifact",
                ),
                _ => {}
            }
        }
        scripts
    }

    fn seconds(&mut self, node: &Node, place: &str) -> Option<u32> {
        let text = self.0.text(node, place)?;
        let seconds = text
            .parse()
            .ok()
            .filter(|seconds| (1..=HOOK_SECONDS).contains(seconds));
        if seconds.is_none() {
            self.0.add(
                node.line,
                place,
                format!("'{text}' will not do; write seconds from 1 to {HOOK_SECONDS}"),
            );
        }
        seconds
    }
}
