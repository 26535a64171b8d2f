//! CodeBuild's buildspec, version 0.2: the file as values, read once and all
//! mistakes reported together. Knows the format and nothing of shells, files or
//! the host; the plan, the script and the collector read what it found.

mod artifacts;
mod environment;
mod phases;
mod reports;

pub use artifacts::{Artifacts, Secondary};
pub use environment::{Environment, Shell};
pub use phases::{OnFailure, Phase, PhaseName};
pub use reports::Report;

use lockgate_plugin::yaml::{Entry, Node, Problem, Problems, Value};

/// A build, as its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buildspec {
    /// `env`.
    pub environment: Environment,
    /// Those that are given, in the order in which they run.
    pub phases: Vec<Phase>,
    /// `artifacts`.
    pub artifacts: Artifacts,
    /// `reports`.
    pub reports: Vec<Report>,
    /// `cache.paths`.
    pub cache: Vec<CachePath>,
    /// What is accepted and has no effect here, a line each for the log.
    pub notes: Vec<String>,
}

/// One of `cache.paths`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePath {
    /// Where it stands in the buildspec.
    pub line: usize,
    /// As it is written.
    pub text: String,
}

const KEYS: [&str; 7] = [
    "version",
    "env",
    "phases",
    "artifacts",
    "reports",
    "cache",
    "proxy",
];

impl Buildspec {
    /// Reads a buildspec.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let root = Node::parse(text).map_err(|problem| vec![problem])?;
        let mut reader = Reader::default();
        let spec = reader.buildspec(&root);
        let mut problems = reader.problems.found;
        if problems.is_empty() {
            Ok(spec)
        } else {
            problems.sort_by_key(|problem| problem.line);
            Err(problems)
        }
    }
}

/// What the readers of the parts share.
#[derive(Default)]
struct Reader {
    problems: Problems,
    notes: Vec<String>,
}

impl Reader {
    fn buildspec(&mut self, root: &Node) -> Buildspec {
        if root.value == Value::Null {
            self.problems.add(
                1,
                "",
                "the file is empty; begin it with 'version: 0.2' and 'phases:'",
            );
        }
        let entries = self.problems.map(root, "");
        let mut environment = Environment::default();
        let mut phases = None;
        let mut artifacts = Artifacts::default();
        let mut reports = vec![];
        let mut cache = vec![];
        let mut version = false;
        for entry in entries {
            match entry.key.as_str() {
                "version" => {
                    version = true;
                    self.version(&entry.value);
                }
                "env" => environment = self.environment(&entry.value),
                "phases" => phases = Some(self.phases(&entry.value, entry.line)),
                "artifacts" => artifacts = self.artifacts(&entry.value),
                "reports" => reports = self.reports(&entry.value),
                "cache" => cache = self.cache(&entry.value),
                "proxy" => self.notes.push(format!(
                    "line {}: proxy has no effect: the sandbox reaches the network directly where the operator granted exec-network, and not at all elsewhere",
                    entry.line
                )),
                "run-as" => self.run_as(entry, "run-as"),
                "batch" => self.problems.add(
                    entry.line,
                    "batch",
                    "batch builds are not available; write one action for each build and give them the same runOrder",
                ),
                _ => self.problems.unknown(entry, "", &KEYS),
            }
        }
        if !version && !entries.is_empty() {
            self.problems
                .add(root.line, "version", "is missing; write 'version: 0.2'");
        }
        if phases.is_none() && !entries.is_empty() {
            self.problems.add(
                root.line,
                "phases",
                "is missing; write at least 'phases:' with 'build:' and its 'commands:'",
            );
        }
        Buildspec {
            environment,
            phases: phases.unwrap_or_default(),
            artifacts,
            reports,
            cache,
            notes: std::mem::take(&mut self.notes),
        }
    }

    fn version(&mut self, node: &Node) {
        match self.problems.text(node, "version") {
            Some("0.2") | None => {}
            Some("0.1") => self.problems.add(
                node.line,
                "version",
                "'0.1' gives every command a shell of its own, which is not available; write 0.2, where all commands share one shell",
            ),
            Some(other) => self.problems.add(
                node.line,
                "version",
                format!("'{other}' is not a version that can be run; write 0.2"),
            ),
        }
    }

    fn run_as(&mut self, entry: &Entry, place: &str) {
        self.problems.add(
            entry.line,
            place,
            "another user is not available: commands run in a sandbox with one unprivileged user; remove run-as",
        );
    }

    fn cache(&mut self, node: &Node) -> Vec<CachePath> {
        let mut paths = vec![];
        for entry in self.problems.map(node, "cache") {
            match entry.key.as_str() {
                "paths" => {
                    for (line, text) in self.problems.texts(&entry.value, "cache.paths") {
                        if text.trim().is_empty() {
                            self.problems.add(
                                line,
                                "cache.paths",
                                "holds an empty path; write a path or a glob",
                            );
                        } else {
                            paths.push(CachePath { line, text });
                        }
                    }
                }
                key @ ("key" | "fallback-keys" | "action") => self.notes.push(format!(
                    "line {}: cache.{key} has no effect: each action has one cache, which is restored before its builds and kept after those that succeed",
                    entry.line
                )),
                _ => self.problems.unknown(
                    entry,
                    "cache",
                    &["paths", "key", "fallback-keys", "action"],
                ),
            }
        }
        paths
    }
}

#[cfg(test)]
mod tests;
