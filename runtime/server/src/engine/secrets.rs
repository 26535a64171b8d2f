//! Secrets, from files that the operator names. Held in memory only, and handed
//! to the host, which never shows them to a plugin.

use crate::Failure;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Secrets by name.
#[derive(Clone, Default)]
pub struct SecretStore(Arc<BTreeMap<String, String>>);

impl SecretStore {
    /// Reads `NAME=FILE` for each; the last line break of a file is not part of
    /// its secret.
    pub fn read(given: &[String]) -> Result<Self, Failure> {
        let mut secrets = BTreeMap::new();
        for entry in given {
            let (name, path) = entry
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| Failure::input(format!("--secret '{entry}': write NAME=FILE")))?;
            let text = std::fs::read_to_string(path)
                .map_err(|error| {
                Failure::input(format!(
                    "--secret {name}: {path} cannot be read: {error}; name a file that holds the secret as one line of text"
                ))
            })?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() || text.chars().any(char::is_control) {
                return Err(Failure::input(format!(
                    "--secret {name}: {path} is empty or holds control characters; it must be one line of text"
                )));
            }
            secrets.insert(name.to_owned(), text.to_owned());
        }
        Ok(Self(Arc::new(secrets)))
    }

    pub fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}
