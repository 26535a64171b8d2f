//! A plugin's manifest (`plugin.toml`): what it is and what it asks for. What
//! it gets is the operator's grant; what it uses is decided by its component's
//! real imports.

use crate::grant::Grant;
use crate::limits::Limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The world a component is built for (`wit/action.wit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Exports `provider`.
    ActionProvider,
    /// Exports `provider` and `source`.
    SourceProvider,
    /// Exports `handler`.
    Function,
}

/// `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// Of the plugin, as in semantic versioning.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// The contract it is built against.
    pub world: World,
    /// What it asks for.
    #[serde(default)]
    pub asks: Asks,
    /// What it needs where the defaults do not do. An operator may narrow them.
    #[serde(default)]
    pub limits: Limits,
}

/// The capabilities that a plugin asks for, each with the reason that the
/// operator reads before granting. Absent: not asked, so never granted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Asks {
    /// Outgoing HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// Secrets in request headers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<String>,
    /// Directories of the machine to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// Directories of the machine to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<String>,
    /// Commands in the OS sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec: Option<String>,
    /// Network for these commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exec_network: Option<String>,
    /// Calls of function components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoke: Option<String>,
    /// Starts of other pipelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipelines: Option<String>,
    /// Imports without which it still does something useful. Where one of them
    /// is not granted the plugin runs all the same, and each use is denied.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub optional: BTreeSet<Import>,
}

/// A capability that shows as an import of the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Import {
    /// Outgoing HTTP.
    Http,
    /// Secrets in request headers.
    Secrets,
    /// Commands in the OS sandbox.
    Exec,
    /// Calls of function components.
    Invoke,
    /// Starts of other pipelines.
    Pipelines,
}

impl Import {
    /// Whether any line of the grant speaks of it. Which host or secret exactly
    /// is asked again at every use.
    #[must_use]
    pub fn allowed_by(self, grant: &Grant) -> bool {
        match self {
            Self::Http => !grant.http.is_empty(),
            Self::Secrets => !grant.secrets.is_empty(),
            Self::Exec => grant.exec,
            Self::Invoke => grant.invoke,
            Self::Pipelines => !grant.pipelines.is_empty(),
        }
    }

    /// What to write into a grant, with a place to fill in where one is needed.
    #[must_use]
    pub fn grant(self) -> &'static str {
        match self {
            Self::Http => "http=<host>",
            Self::Secrets => "secret=<name>",
            Self::Exec => "exec",
            Self::Invoke => "invoke",
            Self::Pipelines => "pipeline=<name>",
        }
    }
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "outgoing HTTP (wasi:http)",
            Self::Secrets => "secrets (lockgate:action/secrets)",
            Self::Exec => "commands (lockgate:action/exec)",
            Self::Invoke => "function calls (lockgate:action/invoke)",
            Self::Pipelines => "starts of pipelines (lockgate:action/pipelines)",
        })
    }
}

/// A manifest that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidManifest {
    /// Not TOML, or not of this shape; the text names line and key.
    #[error("{0}")]
    Syntax(String),
    /// The name would not do as a file name or in a grant.
    #[error(
        "name: '{0}' is not a plugin name; use 1 to 64 lower-case letters, digits and hyphens, starting with a letter"
    )]
    Name(String),
}

impl Manifest {
    /// Reads `plugin.toml`.
    ///
    /// # Errors
    /// Says which key is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, InvalidManifest> {
        let manifest: Self =
            toml::from_str(text).map_err(|e| InvalidManifest::Syntax(e.to_string()))?;
        let name = manifest.name.as_bytes();
        let valid = name.first().is_some_and(u8::is_ascii_lowercase)
            && name.len() <= 64
            && name
                .iter()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-');
        if valid {
            Ok(manifest)
        } else {
            Err(InvalidManifest::Name(manifest.name))
        }
    }
}
