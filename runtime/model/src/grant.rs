//! Grants: what an operator allows one plugin. A grant is a list of lines such
//! as `http=api.example.com`; each line widens by one thing, and nothing is
//! allowed that no line names.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What one plugin may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Grant {
    /// Hosts it may talk to.
    pub http: BTreeSet<HostGrant>,
    /// Secrets it may place in headers, by name.
    pub secrets: BTreeSet<String>,
    /// Directories of the machine it may read, absolute.
    pub read: BTreeSet<PathBuf>,
    /// Directories of the machine it may read and write, absolute.
    pub write: BTreeSet<PathBuf>,
    /// Commands in the OS sandbox.
    pub exec: bool,
    /// Network for these commands.
    pub exec_network: bool,
    /// Calls of function components.
    pub invoke: bool,
    /// Pipelines of the same tenant that it may start.
    pub pipelines: BTreeSet<PipelineGrant>,
}

/// One pipeline that a plugin may start, by its name; or `*`, for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PipelineGrant {
    /// `*`
    Every,
    /// This one.
    Named(String),
}

/// `name[:port][+private]`. The name is a host name, a literal address, `*` for
/// every host, or `*.example.com` for every host below one. Without a port,
/// 80 and 443. Names never reach loopback, private, link-local or other special
/// addresses unless `+private` is written; a literal address is its own
/// permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostGrant {
    /// Lower case, without a trailing dot; IPv6 without brackets.
    pub name: String,
    /// Absent: 80 and 443.
    pub port: Option<u16>,
    /// May reach special addresses.
    pub private: bool,
}

/// One line of a grant, for one plugin: `<plugin> <capability>[=<value>]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantLine {
    /// The plugin's name.
    pub plugin: String,
    /// What is allowed.
    pub capability: Capability,
}

/// One thing that can be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Capability {
    /// `http=<host>`
    Http(HostGrant),
    /// `secret=<name>`
    Secret(String),
    /// `read=<absolute path>`
    Read(PathBuf),
    /// `write=<absolute path>`
    Write(PathBuf),
    /// `exec`
    Exec,
    /// `exec-network`
    ExecNetwork,
    /// `invoke`
    Invoke,
    /// `pipeline=<name>`
    Pipeline(PipelineGrant),
}

/// A grant that cannot be read; the text says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{value}' is not a grant: {remedy}")]
pub struct InvalidGrant {
    /// What was given.
    pub value: String,
    /// What to write instead.
    pub remedy: String,
}

impl Grant {
    /// Allows one thing more.
    pub fn add(&mut self, capability: Capability) {
        match capability {
            Capability::Http(host) => {
                self.http.insert(host);
            }
            Capability::Secret(name) => {
                self.secrets.insert(name);
            }
            Capability::Read(path) => {
                self.read.insert(path);
            }
            Capability::Write(path) => {
                self.write.insert(path);
            }
            Capability::Exec => self.exec = true,
            Capability::ExecNetwork => self.exec_network = true,
            Capability::Invoke => self.invoke = true,
            Capability::Pipeline(pipeline) => {
                self.pipelines.insert(pipeline);
            }
        }
    }

    /// Whether it may start the pipeline of this name.
    #[must_use]
    pub fn starts(&self, pipeline: &str) -> bool {
        self.pipelines.iter().any(|granted| match granted {
            PipelineGrant::Every => true,
            PipelineGrant::Named(name) => name == pipeline,
        })
    }
}

impl Grant {
    /// The grant as capabilities, one for each line that would make it.
    pub fn lines(&self) -> impl Iterator<Item = Capability> + '_ {
        let flag = |set: bool, capability: Capability| set.then_some(capability);
        self.http
            .iter()
            .cloned()
            .map(Capability::Http)
            .chain(self.secrets.iter().cloned().map(Capability::Secret))
            .chain(self.read.iter().cloned().map(Capability::Read))
            .chain(self.write.iter().cloned().map(Capability::Write))
            .chain(flag(self.exec, Capability::Exec))
            .chain(flag(self.exec_network, Capability::ExecNetwork))
            .chain(flag(self.invoke, Capability::Invoke))
            .chain(self.pipelines.iter().cloned().map(Capability::Pipeline))
    }
}

impl FromStr for HostGrant {
    type Err = InvalidGrant;

    fn from_str(text: &str) -> Result<Self, InvalidGrant> {
        let invalid = |remedy: &str| InvalidGrant {
            value: text.into(),
            remedy: remedy.into(),
        };
        let (rest, private) = match text.strip_suffix("+private") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (name, port) = if let Some(bracketed) = rest.strip_prefix('[') {
            match bracketed.split_once(']') {
                Some((name, "")) => (name, None),
                Some((name, port)) => (name, port.strip_prefix(':')),
                None => return Err(invalid("close the bracket of the IPv6 address")),
            }
        } else {
            match rest.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (rest, None),
            }
        };
        let port = match port.map(str::parse::<u16>) {
            None => None,
            Some(Ok(port)) if port != 0 => Some(port),
            Some(_) => return Err(invalid("the port is a number from 1 to 65535")),
        };
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let plain = name.strip_prefix("*.").unwrap_or(&name);
        let valid = name == "*"
            || plain.parse::<std::net::IpAddr>().is_ok()
            || (!plain.is_empty()
                && plain
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')));
        if !valid {
            return Err(invalid(
                "write a host name, *.name, * or an address, with an optional :port",
            ));
        }
        Ok(Self {
            name,
            port,
            private,
        })
    }
}

impl TryFrom<String> for HostGrant {
    type Error = InvalidGrant;

    fn try_from(text: String) -> Result<Self, InvalidGrant> {
        text.parse()
    }
}

impl From<HostGrant> for String {
    fn from(host: HostGrant) -> Self {
        host.to_string()
    }
}

impl fmt::Display for HostGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]", self.name)?;
        } else {
            f.write_str(&self.name)?;
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        if self.private {
            f.write_str("+private")
        } else {
            Ok(())
        }
    }
}

impl FromStr for PipelineGrant {
    type Err = InvalidGrant;

    fn from_str(text: &str) -> Result<Self, InvalidGrant> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'@' | b'-' | b'_');
        match text {
            "*" => Ok(Self::Every),
            name if (1..=100).contains(&name.len()) && name.bytes().all(plain) => {
                Ok(Self::Named(name.to_owned()))
            }
            _ => Err(InvalidGrant {
                value: text.into(),
                remedy: "write the name of a pipeline (letters, digits and . @ - _), or * for every pipeline".into(),
            }),
        }
    }
}

impl TryFrom<String> for PipelineGrant {
    type Error = InvalidGrant;

    fn try_from(text: String) -> Result<Self, InvalidGrant> {
        text.parse()
    }
}

impl From<PipelineGrant> for String {
    fn from(pipeline: PipelineGrant) -> Self {
        pipeline.to_string()
    }
}

impl fmt::Display for PipelineGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Every => "*",
            Self::Named(name) => name,
        })
    }
}

impl FromStr for GrantLine {
    type Err = InvalidGrant;

    fn from_str(text: &str) -> Result<Self, InvalidGrant> {
        let invalid = |remedy: String| InvalidGrant {
            value: text.into(),
            remedy,
        };
        let (plugin, capability) = text.trim().split_once(char::is_whitespace).ok_or_else(|| {
            invalid("write '<plugin> <capability>', such as 'notify-webhook http=hooks.example.com'".into())
        })?;
        let capability = capability.trim();
        let (key, value) = match capability.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (capability, None),
        };
        let path = |value: &str| {
            let path = PathBuf::from(value);
            let plain = path.is_absolute()
                && path
                    .components()
                    .all(|c| !matches!(c, std::path::Component::ParentDir));
            if plain {
                Ok(path)
            } else {
                Err(invalid(format!(
                    "'{value}' is not an absolute path without '..'"
                )))
            }
        };
        let capability = match (key, value) {
            ("http", Some(host)) => Capability::Http(host.parse()?),
            ("secret", Some(name)) if !name.is_empty() => Capability::Secret(name.into()),
            ("read", Some(value)) => Capability::Read(path(value)?),
            ("write", Some(value)) => Capability::Write(path(value)?),
            ("exec", None) => Capability::Exec,
            ("exec-network", None) => Capability::ExecNetwork,
            ("invoke", None) => Capability::Invoke,
            ("pipeline", Some(name)) => Capability::Pipeline(name.parse()?),
            _ => {
                return Err(invalid(
                    "a capability is one of http=<host>, secret=<name>, read=<path>, write=<path>, exec, exec-network, invoke, pipeline=<name>"
                        .into(),
                ));
            }
        };
        Ok(Self {
            plugin: plugin.into(),
            capability,
        })
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(host) => write!(f, "http={host}"),
            Self::Secret(name) => write!(f, "secret={name}"),
            Self::Read(path) => write!(f, "read={}", path.display()),
            Self::Write(path) => write!(f, "write={}", path.display()),
            Self::Exec => f.write_str("exec"),
            Self::ExecNetwork => f.write_str("exec-network"),
            Self::Invoke => f.write_str("invoke"),
            Self::Pipeline(pipeline) => write!(f, "pipeline={pipeline}"),
        }
    }
}

impl fmt::Display for GrantLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.plugin, self.capability)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_line_reads_back_what_it_writes() {
        for line in [
            "source-git http=github.com",
            "source-git http=*.example.com:8443",
            "source-git http=127.0.0.1:9000",
            "source-git http=[::1]:9000",
            "source-git http=git.internal+private",
            "notify-webhook secret=SLACK_TOKEN",
            "source-git read=/srv/repositories",
            "deploy-files write=/srv/www",
            "build-commands exec",
            "build-commands exec-network",
            "invoke-function invoke",
            "start-pipeline pipeline=Deploy_1.site@eu",
            "start-pipeline pipeline=*",
        ] {
            assert_eq!(line.parse::<GrantLine>().unwrap().to_string(), line);
        }
    }

    #[test]
    fn a_grant_that_says_nothing_clear_is_refused_with_a_remedy() {
        for line in [
            "source-git",
            "source-git http",
            "source-git http=",
            "source-git http=a b",
            "source-git http=host:0",
            "source-git http=host:http",
            "source-git read=relative",
            "source-git read=/srv/../etc",
            "source-git exec=yes",
            "source-git kv",
            "start-pipeline pipeline",
            "start-pipeline pipeline=",
            "start-pipeline pipeline=site-*",
            "start-pipeline pipeline=a b",
        ] {
            let error = line.parse::<GrantLine>().unwrap_err();
            assert!(error.to_string().contains("is not a grant: "), "{error}");
        }
    }
}
