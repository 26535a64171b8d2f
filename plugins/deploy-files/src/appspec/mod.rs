//! CodeDeploy's appspec for servers (version 0.0, os linux): the file as values,
//! read once and all mistakes reported together. Knows the format and nothing
//! of directories or the host; the deployment reads what it found.

mod hooks;
mod permissions;

pub use hooks::{Event, Hook};
pub use permissions::Permission;

use lockgate_plugin::yaml::{Entry, Node, Problem, Problems, Value};

/// A deployment, as its file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppSpec {
    /// What is copied into the release.
    pub files: Vec<FileMapping>,
    /// Modes that are set afterwards, in this order.
    pub permissions: Vec<Permission>,
    /// Scripts at the events of the deployment.
    pub hooks: Vec<(Event, Vec<Hook>)>,
    /// What is accepted and has no effect here, a line each for the log.
    pub notes: Vec<String>,
}

/// One entry of `files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMapping {
    /// In the appspec; 0 where there is none.
    pub line: usize,
    /// In the artifact, without a leading `/`; empty means all of it.
    pub source: String,
    /// The directory that it goes to, as it is written.
    pub destination: String,
}

impl AppSpec {
    /// What an artifact without an appspec means: all of it is the release.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            files: vec![FileMapping {
                line: 0,
                source: String::new(),
                destination: "/".into(),
            }],
            ..Self::default()
        }
    }

    /// The scripts of one event.
    #[must_use]
    pub fn scripts(&self, event: Event) -> &[Hook] {
        self.hooks
            .iter()
            .find(|(known, _)| *known == event)
            .map_or(&[], |(_, scripts)| scripts)
    }

    /// Reads an appspec.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of its lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let root = Node::parse(text).map_err(|problem| vec![problem])?;
        let mut reader = Reader::default();
        let spec = reader.appspec(&root);
        let mut problems = reader.0.found;
        if problems.is_empty() {
            Ok(spec)
        } else {
            problems.sort_by_key(|problem| problem.line);
            Err(problems)
        }
    }
}

#[derive(Default)]
struct Reader(Problems);

impl Reader {
    fn appspec(&mut self, root: &Node) -> AppSpec {
        let mut spec = AppSpec::default();
        if root.value == Value::Null {
            self.0.add(
                1,
                "",
                "the file is empty; begin it with 'version: 0.0', 'os: linux' and 'files:'",
            );
        }
        let entries = self.0.map(root, "");
        for needed in ["version", "os"] {
            if !entries.is_empty() && !entries.iter().any(|entry| entry.key == needed) {
                let value = if needed == "os" { "linux" } else { "0.0" };
                self.0.add(
                    root.line,
                    needed,
                    format!("is missing; write '{needed}: {value}'"),
                );
            }
        }
        for entry in entries {
            match entry.key.as_str() {
                "version" => self.one_of(entry, &["0.0"]),
                "os" => self.one_of(entry, &["linux"]),
                "files" => spec.files = self.files(&entry.value),
                "permissions" => spec.permissions = self.permissions(&entry.value),
                "hooks" => spec.hooks = self.hooks(&entry.value),
                "file_exists_behavior" => {
                    self.one_of(entry, &["DISALLOW", "OVERWRITE", "RETAIN"]);
                    spec.notes.push(format!(
                        "line {}: file_exists_behavior has no effect: every release begins empty",
                        entry.line
                    ));
                }
                "Resources" | "Hooks" | "resources" => self.0.add(
                    entry.line,
                    "",
                    format!("'{}' belongs to an appspec for Lambda or ECS, which this provider does not deploy; write files and hooks as for a server", entry.key),
                ),
                _ => self.0.unknown(
                    entry,
                    "",
                    &["version", "os", "files", "permissions", "hooks", "file_exists_behavior"],
                ),
            }
        }
        if self.0.found.is_empty() && spec.files.is_empty() && spec.hooks.is_empty() {
            self.0.add(
                root.line,
                "files",
                "is missing, and there are no hooks: nothing would be deployed; write at least '- source: /' with 'destination: /'",
            );
        }
        spec
    }

    fn one_of(&mut self, entry: &Entry, allowed: &[&str]) {
        if let Some(text) = self.0.text(&entry.value, &entry.key)
            && !allowed.contains(&text)
        {
            self.0.add(
                entry.line,
                &entry.key,
                format!("'{text}' is not available; write {}", allowed.join(" or ")),
            );
        }
    }

    fn files(&mut self, node: &Node) -> Vec<FileMapping> {
        let mut files = vec![];
        for (index, item) in self.0.list(node, "files").iter().enumerate() {
            let at = format!("files[{}]", index + 1);
            let mut source = None;
            let mut destination = None;
            for entry in self.0.map(item, &at) {
                let place = format!("{at}.{}", entry.key);
                match entry.key.as_str() {
                    "source" => source = self.inside(&entry.value, &place),
                    "destination" => {
                        destination = self.path(&entry.value, &place).map(ToOwned::to_owned);
                    }
                    _ => self.0.unknown(entry, &at, &["source", "destination"]),
                }
            }
            if let Value::Map(entries) = &item.value {
                for needed in ["source", "destination"] {
                    if !entries.iter().any(|entry| entry.key == needed) {
                        self.0.add(
                            item.line,
                            &at,
                            format!("names no {needed}; write '{needed}:' with a path"),
                        );
                    }
                }
            }
            if let (Some(source), Some(destination)) = (source, destination) {
                files.push(FileMapping {
                    line: item.line,
                    source,
                    destination,
                });
            }
        }
        files
    }

    /// A path of the artifact.
    fn inside(&mut self, node: &Node, place: &str) -> Option<String> {
        let text = self.path(node, place)?;
        let parts: Vec<&str> = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        Some(parts.join("/"))
    }

    fn path<'a>(&mut self, node: &'a Node, place: &str) -> Option<&'a str> {
        let text = self.0.text(node, place)?;
        if text.split('/').any(|part| part == "..") {
            self.0.add(
                node.line,
                place,
                format!("'{text}' leaves its directory; write a path without '..'"),
            );
            return None;
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests;
