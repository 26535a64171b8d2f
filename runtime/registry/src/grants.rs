//! The operator's grants, read from lines such as
//! `source-git http=github.com`, and matched with what each plugin asks for: a
//! capability is usable when it is asked and granted.

use crate::package::Package;
use lockgate_model::grant::{Capability, Grant, GrantLine, InvalidGrant};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Grants by plugin.
#[derive(Debug, Clone, Default)]
pub struct Grants {
    by_plugin: BTreeMap<String, Vec<Capability>>,
}

/// Grants that cannot be used; nothing was granted.
#[derive(Debug, thiserror::Error)]
pub enum GrantsError {
    /// A line is not a grant.
    #[error(transparent)]
    Line(#[from] InvalidGrant),
    /// A line of a file is not a grant.
    #[error("{path}:{line}: {source}", path = path.display())]
    FileLine {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        source: InvalidGrant,
    },
    /// The file cannot be read.
    #[error("{path}: {source}; write one grant a line, such as 'source-git http=github.com'", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No such plugin is installed.
    #[error(
        "no plugin '{plugin}' is installed, so it cannot be granted '{capability}'; installed are {installed}"
    )]
    UnknownPlugin {
        /// The name in the grant.
        plugin: String,
        /// What was to be granted.
        capability: String,
        /// The names there are.
        installed: String,
    },
    /// The plugin does not ask for it.
    #[error(
        "the plugin '{plugin}' does not ask for '{capability}' in its plugin.toml, so the grant would do nothing; remove it"
    )]
    NotAsked {
        /// The plugin.
        plugin: String,
        /// What was to be granted.
        capability: String,
    },
}

impl Grants {
    /// Adds one line.
    ///
    /// # Errors
    /// Where it is not a grant.
    pub fn add(&mut self, line: &str) -> Result<(), GrantsError> {
        let GrantLine { plugin, capability } = line.parse()?;
        self.by_plugin.entry(plugin).or_default().push(capability);
        Ok(())
    }

    /// Adds the lines of a file. Empty lines and lines that begin with `#` are
    /// passed over.
    ///
    /// # Errors
    /// Names the file and the line.
    pub fn add_file(&mut self, path: &Path) -> Result<(), GrantsError> {
        let text = std::fs::read_to_string(path).map_err(|source| GrantsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let GrantLine { plugin, capability } =
                line.parse().map_err(|source| GrantsError::FileLine {
                    path: path.to_owned(),
                    line: index + 1,
                    source,
                })?;
            self.by_plugin.entry(plugin).or_default().push(capability);
        }
        Ok(())
    }

    /// What one plugin is allowed.
    ///
    /// # Errors
    /// Where something is granted that the plugin does not ask for.
    pub fn of(&self, package: &Package) -> Result<Grant, GrantsError> {
        let asks = &package.manifest.asks;
        let mut grant = Grant::default();
        for capability in self
            .by_plugin
            .get(&package.manifest.name)
            .into_iter()
            .flatten()
        {
            let asked = match capability {
                Capability::Http(_) => &asks.http,
                Capability::Secret(_) => &asks.secrets,
                Capability::Read(_) => &asks.read,
                Capability::Write(_) => &asks.write,
                Capability::Exec => &asks.exec,
                Capability::ExecNetwork => &asks.exec_network,
                Capability::Invoke => &asks.invoke,
                Capability::Pipeline(_) => &asks.pipelines,
            };
            if asked.is_none() {
                return Err(GrantsError::NotAsked {
                    plugin: package.manifest.name.clone(),
                    capability: capability.to_string(),
                });
            }
            grant.add(capability.clone());
        }
        Ok(grant)
    }

    /// Checks that every grant is for a plugin that is there.
    ///
    /// # Errors
    /// Names the first plugin that is not.
    pub fn check_names<'a>(
        &self,
        installed: impl Iterator<Item = &'a str>,
    ) -> Result<(), GrantsError> {
        let installed: Vec<&str> = installed.collect();
        for (plugin, capabilities) in &self.by_plugin {
            if !installed.contains(&plugin.as_str()) {
                return Err(GrantsError::UnknownPlugin {
                    plugin: plugin.clone(),
                    capability: capabilities
                        .first()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    installed: installed.join(", "),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(asks: &str) -> Package {
        let text = format!(
            "name = \"p\"\nversion = \"1.0.0\"\ndescription = \"d\"\nworld = \"action-provider\"\n[asks]\n{asks}"
        );
        Package::new(text, [].into(), Path::new("plugin.toml")).unwrap()
    }

    #[test]
    fn nothing_is_allowed_that_is_not_both_asked_and_granted() {
        let mut grants = Grants::default();
        assert_eq!(
            grants.of(&package("exec = \"builds\"")).unwrap(),
            Grant::default()
        );
        grants.add("p exec").unwrap();
        assert!(grants.of(&package("exec = \"builds\"")).unwrap().exec);
        let error = grants
            .of(&package("invoke = \"calls\""))
            .unwrap_err()
            .to_string();
        assert!(error.contains("does not ask for 'exec'"), "{error}");
    }

    #[test]
    fn a_wrong_line_of_a_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("grants");
        std::fs::write(&path, "# mine\n\np exec\np http=\n").unwrap();
        let error = Grants::default().add_file(&path).unwrap_err().to_string();
        assert!(error.contains("grants:4: '"), "{error}");
    }

    #[test]
    fn a_grant_for_a_plugin_that_is_not_there_lists_those_that_are() {
        let mut grants = Grants::default();
        grants.add("buildcommands exec").unwrap();
        let error = grants
            .check_names(["build-commands"].into_iter())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no plugin 'buildcommands' is installed"),
            "{error}"
        );
        assert!(error.contains("installed are build-commands"), "{error}");
    }
}
