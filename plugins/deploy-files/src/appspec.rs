//! CodeDeploy's appspec for servers (version 0.0, os linux): the file as values,
//! read once and all mistakes reported together. Knows the format and nothing
//! of directories or the host; the deployment reads what it found.

use lockgate_plugin::yaml::{Entry, Node, Problem, Problems, Value};

/// Seconds that one hook script has where the file does not say.
const HOOK_SECONDS: u32 = 3600;

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

/// One entry of `permissions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// In the appspec.
    pub line: usize,
    /// A file or directory, as it is written.
    pub object: String,
    /// Which names in it; `**` means everything below.
    pub pattern: String,
    /// Names left out.
    pub except: Vec<String>,
    /// Permission bits.
    pub mode: u32,
    /// Files are meant.
    pub files: bool,
    /// Directories are meant.
    pub directories: bool,
}

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

    fn permissions(&mut self, node: &Node) -> Vec<Permission> {
        let mut permissions = vec![];
        for (index, item) in self.0.list(node, "permissions").iter().enumerate() {
            let at = format!("permissions[{}]", index + 1);
            let mut object = None;
            let mut mode = None;
            let mut permission = Permission {
                line: item.line,
                object: String::new(),
                pattern: "**".into(),
                except: vec![],
                mode: 0,
                files: true,
                directories: true,
            };
            let before = self.0.found.len();
            for entry in self.0.map(item, &at) {
                let place = format!("{at}.{}", entry.key);
                match entry.key.as_str() {
                    "object" => object = self.path(&entry.value, &place).map(ToOwned::to_owned),
                    "pattern" => {
                        if let Some(text) = self.0.text(&entry.value, &place) {
                            permission.pattern = text.into();
                        }
                    }
                    "except" => {
                        let texts = self.0.texts(&entry.value, &place);
                        permission.except = texts.into_iter().map(|(_, text)| text).collect();
                    }
                    "mode" => mode = self.mode(&entry.value, &place),
                    "type" => self.types(&entry.value, &place, &mut permission),
                    "owner" | "group" | "acls" | "context" => self.0.add(
                        entry.line,
                        &place,
                        "cannot be set: everything that is deployed belongs to the server's own user; remove it, and give others access by mode",
                    ),
                    _ => self.0.unknown(
                        entry,
                        &at,
                        &["object", "pattern", "except", "mode", "type"],
                    ),
                }
            }
            match (object, mode) {
                (Some(object), Some(mode)) => {
                    permission.object = object;
                    permission.mode = mode;
                    permissions.push(permission);
                }
                _ if self.0.found.len() == before => self.0.add(
                    item.line,
                    &at,
                    "needs an object (a path) and a mode (such as 644)",
                ),
                _ => {}
            }
        }
        permissions
    }

    fn mode(&mut self, node: &Node, place: &str) -> Option<u32> {
        let text = self.0.text(node, place)?;
        let mode = u32::from_str_radix(text, 8)
            .ok()
            .filter(|mode| *mode <= 0o1777);
        if mode.is_none() {
            self.0.add(
                node.line,
                place,
                format!("'{text}' is not a mode; write three octal digits, such as 644 or 755 (setuid and setgid cannot be set)"),
            );
        }
        mode
    }

    fn types(&mut self, node: &Node, place: &str, permission: &mut Permission) {
        let types = self.0.texts(node, place);
        permission.files = types.iter().any(|(_, text)| text == "file");
        permission.directories = types.iter().any(|(_, text)| text == "directory");
        for (line, text) in types {
            if text != "file" && text != "directory" {
                self.0.add(
                    line,
                    place,
                    format!("'{text}' is no type; write file or directory"),
                );
            }
        }
    }

    fn hooks(&mut self, node: &Node) -> Vec<(Event, Vec<Hook>)> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_appspec_is_read() {
        let spec = AppSpec::parse(
            "version: 0.0\nos: linux\nfiles:\n  - source: /dist/\n    destination: /srv/www\n  - source: a.conf\n    destination: conf\n\
             file_exists_behavior: OVERWRITE\n\
             permissions:\n  - object: /srv/www\n    pattern: '*.sh'\n    except: [x.sh]\n    mode: 755\n    type: [file]\n  - object: conf\n    mode: '0600'\n\
             hooks:\n  AfterInstall:\n    - location: /scripts/after.sh\n      timeout: 30\n    - location: more.sh\n  ValidateService: []\n",
        )
        .unwrap();
        assert_eq!(
            spec.files[0],
            FileMapping {
                line: 4,
                source: "dist".into(),
                destination: "/srv/www".into()
            }
        );
        assert_eq!(spec.permissions[0].mode, 0o755);
        assert!(spec.permissions[0].files && !spec.permissions[0].directories);
        assert_eq!(spec.permissions[1].mode, 0o600);
        assert_eq!(spec.permissions[1].pattern, "**");
        let scripts = spec.scripts(Event::AfterInstall);
        assert_eq!(
            (scripts[0].location.as_str(), scripts[0].timeout),
            ("scripts/after.sh", 30)
        );
        assert_eq!(scripts[1].timeout, HOOK_SECONDS);
        assert!(spec.scripts(Event::ApplicationStop).is_empty());
        assert_eq!(
            spec.notes,
            ["line 8: file_exists_behavior has no effect: every release begins empty"]
        );
    }

    /// Every mistake that an appspec can hold, a few to a file.
    const WRONG: [&str; 6] = [
        "",
        "version: 0.0\nos: linux\n",
        "version: 1\nos: windows\nfile: []\nResources: []\n",
        "files:\n  - source: ../x\n    destination: /a/../b\n  - sorce: a\n  - text\nhooks: []\n",
        "version: 0.0\nos: linux\nfile_exists_behavior: MAYBE\npermissions:\n  - object: a\n  - object: a\n    mode: 4755\n  - object: a\n    mode: rwx\n    owner: root\n    acls: [x]\n    type: [link]\n",
        "version: 0.0\nos: linux\nhooks:\n  BeforeAllowTraffic: []\n  Install: []\n  AfterInstal: []\n  AfterInstall:\n    - timeout: 5\n    - location: x\n      timeout: 9999\n      runas: root\n    - location: ../x\n",
    ];

    #[test]
    fn every_mistake_is_named_with_its_line_its_value_and_a_remedy() {
        let said: Vec<String> = WRONG
            .iter()
            .map(|text| {
                let problems = AppSpec::parse(text).unwrap_err();
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                problems.join("\n")
            })
            .collect();
        insta::assert_snapshot!(said.join("\n--\n"));
    }
}
