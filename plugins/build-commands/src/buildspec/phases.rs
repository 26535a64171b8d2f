//! The `phases` part of a buildspec.

use super::Reader;
use lockgate_plugin::yaml::{Entry, Node, Value};

/// The four phases, in the order in which they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseName {
    /// Puts tools in place.
    Install,
    /// Prepares.
    PreBuild,
    /// Builds.
    Build,
    /// Finishes; runs after a failed build too.
    PostBuild,
}

impl PhaseName {
    const ALL: [Self; 4] = [Self::Install, Self::PreBuild, Self::Build, Self::PostBuild];

    /// As the buildspec writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::PreBuild => "pre_build",
            Self::Build => "build",
            Self::PostBuild => "post_build",
        }
    }
}

/// What follows a failed phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The build ends.
    Abort,
    /// The next phase runs. The build fails all the same.
    Continue,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Which.
    pub name: PhaseName,
    /// In order, up to the first that fails.
    pub commands: Vec<String>,
    /// After them, whether or not one failed.
    pub finally: Vec<String>,
    /// Where given. Otherwise a failed build goes on to post_build, and any
    /// other failed phase ends the build.
    pub on_failure: Option<OnFailure>,
}

const KEYS: [&str; 4] = ["commands", "finally", "on-failure", "runtime-versions"];

impl Reader {
    pub(super) fn phases(&mut self, node: &Node, line: usize) -> Vec<Phase> {
        let before = self.problems.found.len();
        let names = PhaseName::ALL.map(PhaseName::as_str);
        let mut phases = vec![];
        for entry in self.problems.map(node, "phases") {
            match PhaseName::ALL.iter().find(|n| n.as_str() == entry.key) {
                Some(name) => phases.push(self.phase(*name, entry)),
                None => self.problems.unknown(entry, "phases", &names),
            }
        }
        phases.sort_by_key(|phase| phase.name);
        let any = phases
            .iter()
            .any(|phase| !phase.commands.is_empty() || !phase.finally.is_empty());
        if !any && self.problems.found.len() == before {
            self.problems.add(
                line,
                "phases",
                "holds no command; write at least one under 'build:' and 'commands:'",
            );
        }
        phases
    }

    fn phase(&mut self, name: PhaseName, phase: &Entry) -> Phase {
        let at = format!("phases.{}", name.as_str());
        let mut read = Phase {
            name,
            commands: vec![],
            finally: vec![],
            on_failure: None,
        };
        for entry in self.problems.map(&phase.value, &at) {
            let place = format!("{at}.{}", entry.key);
            match entry.key.as_str() {
                "commands" => read.commands = self.commands(&entry.value, &place),
                "finally" => read.finally = self.commands(&entry.value, &place),
                "on-failure" => read.on_failure = self.on_failure(&entry.value, &place),
                "run-as" => self.run_as(entry, &place),
                "runtime-versions" => self.runtimes(entry, &place),
                _ => self.problems.unknown(entry, &at, &KEYS),
            }
        }
        read
    }

    fn commands(&mut self, node: &Node, place: &str) -> Vec<String> {
        let mut commands = vec![];
        for (index, item) in self.problems.list(node, place).iter().enumerate() {
            let place = format!("{place}[{}]", index + 1);
            match &item.value {
                Value::Text(text) if !text.contains('\0') => commands.push(text.clone()),
                Value::Text(_) => self.problems.add(
                    item.line,
                    &place,
                    "holds a zero byte, which no shell takes; remove it",
                ),
                Value::Map(_) => self.problems.add(
                    item.line,
                    &place,
                    "is a mapping, not a command, because it holds a colon and a space; put the whole command in quotes, or write it after '- |'",
                ),
                Value::Null | Value::List(_) => {
                    self.problems.add(
                        item.line,
                        &place,
                        format!("holds {}; write one command", item.kind()),
                    );
                }
            }
        }
        commands
    }

    fn on_failure(&mut self, node: &Node, place: &str) -> Option<OnFailure> {
        let text = self.problems.text(node, place)?;
        match text {
            "ABORT" => Some(OnFailure::Abort),
            "CONTINUE" => Some(OnFailure::Continue),
            _ if text.starts_with("RETRY") => {
                self.problems.add(
                    node.line,
                    place,
                    format!("'{text}' is not available in a build; write ABORT, and let the pipeline's stage retry"),
                );
                None
            }
            _ => {
                self.problems.add(
                    node.line,
                    place,
                    format!("'{text}' is not a choice; write ABORT or CONTINUE"),
                );
                None
            }
        }
    }

    /// Exported projects name runtimes. There are no images here that hold
    /// them, and the versions the machine has may well be these.
    fn runtimes(&mut self, entry: &Entry, place: &str) {
        let runtimes: Vec<String> = self
            .problems
            .map(&entry.value, place)
            .iter()
            .map(|runtime| match &runtime.value.value {
                Value::Text(version) => format!("{} {version}", runtime.key),
                _ => runtime.key.clone(),
            })
            .collect();
        if !runtimes.is_empty() {
            self.notes.push(format!(
                "line {}: runtime-versions ({}) installs nothing: the sandbox offers the programs of this machine",
                entry.line,
                runtimes.join(", ")
            ));
        }
    }
}
