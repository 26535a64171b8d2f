//! One plugin as it travels: `plugin.toml` and one component.

use lockgate_model::artifact::Digest;
use lockgate_model::plugin::{InvalidManifest, Manifest};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// File name of the manifest in a package.
pub(crate) const MANIFEST: &str = "plugin.toml";
/// File name of the component in a package.
pub(crate) const COMPONENT: &str = "plugin.wasm";
/// A component larger than this is refused unread.
const COMPONENT_LIMIT: u64 = 64 << 20;
/// A manifest larger than this is refused unread.
const MANIFEST_LIMIT: u64 = 64 << 10;

/// A manifest and the component it describes. The bytes are claims until the
/// host has looked at the component's real imports and exports.
#[derive(Debug, Clone)]
pub struct Package {
    /// What it says of itself.
    pub manifest: Manifest,
    /// `plugin.toml` as written.
    pub manifest_text: String,
    /// The component.
    pub component: Arc<[u8]>,
    /// SHA-256 of the component.
    pub digest: Digest,
}

/// A package that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file is missing or cannot be read.
    #[error(
        "{path}: {source}; a plugin is a directory with {MANIFEST} and {COMPONENT} in it",
        path = path.display()
    )]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest says nothing usable.
    #[error("{path}: {source}", path = path.display())]
    Manifest {
        /// Which.
        path: PathBuf,
        /// Why.
        source: InvalidManifest,
    },
    /// A file is too large.
    #[error("{path}: {bytes} bytes are more than the {limit} that are read", path = path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// What is read at most.
        limit: u64,
    },
}

impl Package {
    /// Makes a package of a manifest's text and a component's bytes. `origin`
    /// names them in errors.
    ///
    /// # Errors
    /// Where the manifest is wrong.
    pub fn new(
        manifest_text: String,
        component: Arc<[u8]>,
        origin: &Path,
    ) -> Result<Self, PackageError> {
        let manifest =
            Manifest::parse(&manifest_text).map_err(|source| PackageError::Manifest {
                path: origin.to_owned(),
                source,
            })?;
        let digest = Digest(Sha256::digest(&component).into());
        Ok(Self {
            manifest,
            manifest_text,
            component,
            digest,
        })
    }

    /// Reads a package from a directory with `plugin.toml` and `plugin.wasm`.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn read(directory: &Path) -> Result<Self, PackageError> {
        let manifest_path = directory.join(MANIFEST);
        let text =
            String::from_utf8(read_bounded(&manifest_path, MANIFEST_LIMIT)?).map_err(|e| {
                PackageError::Unreadable {
                    path: manifest_path.clone(),
                    source: std::io::Error::new(std::io::ErrorKind::InvalidData, e.utf8_error()),
                }
            })?;
        let component = read_bounded(&directory.join(COMPONENT), COMPONENT_LIMIT)?;
        Self::new(text, component.into(), &manifest_path)
    }
}

fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, PackageError> {
    use std::io::Read;
    let unreadable = |source| PackageError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    // The size is asked twice because the file may grow between the two.
    if size <= limit {
        file.take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
    }
    let size = size.max(bytes.len() as u64);
    if size > limit {
        return Err(PackageError::TooLarge {
            path: path.to_owned(),
            bytes: size,
            limit,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "name = \"hello\"\nversion = \"0.1.0\"\ndescription = \"d\"\nworld = \"function\"\n";

    #[test]
    fn a_directory_without_a_manifest_says_what_a_plugin_is() {
        let directory = tempfile::tempdir().unwrap();
        let error = Package::read(directory.path()).unwrap_err().to_string();
        assert!(
            error.contains("a plugin is a directory with plugin.toml and plugin.wasm"),
            "{error}"
        );
    }

    #[test]
    fn a_key_that_is_not_enforced_is_not_accepted() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(
            directory.path().join(MANIFEST),
            format!("{GOOD}[limits]\ngpu = 1\n"),
        )
        .unwrap();
        std::fs::write(directory.path().join(COMPONENT), b"").unwrap();
        let error = Package::read(directory.path()).unwrap_err().to_string();
        assert!(error.contains("gpu"), "{error}");
    }

    #[test]
    fn the_digest_is_of_the_components_bytes() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(MANIFEST), GOOD).unwrap();
        std::fs::write(directory.path().join(COMPONENT), b"abc").unwrap();
        let package = Package::read(directory.path()).unwrap();
        assert!(package.digest.hex().starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn an_oversized_manifest_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(MANIFEST), vec![b'#'; 70_000]).unwrap();
        let error = Package::read(directory.path()).unwrap_err();
        assert!(matches!(error, PackageError::TooLarge { .. }), "{error}");
    }
}
