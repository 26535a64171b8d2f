//! The directory of installed plugins: `<root>/<name>/plugin.toml` and
//! `plugin.wasm`. What is bundled with the binary is installed the same way as
//! what an operator adds.

use crate::package::{COMPONENT, MANIFEST, Package, PackageError};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The plugins of one server, by name.
#[derive(Debug)]
pub struct Installed {
    root: PathBuf,
    packages: BTreeMap<String, Package>,
}

/// A plugin that could not be installed or read back.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// What is there is not a package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The directory cannot be used.
    #[error("{path}: {source}", path = path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Installed {
    /// Opens the directory, makes it where it is missing, and reads every
    /// plugin in it.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn open(root: &Path) -> Result<Self, InstallError> {
        let failed = |source| InstallError::Directory {
            path: root.to_owned(),
            source,
        };
        std::fs::create_dir_all(root).map_err(failed)?;
        let mut packages = BTreeMap::new();
        for entry in std::fs::read_dir(root).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A name with a dot is an install that was cut off; the next one
            // of the same plugin takes its place.
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let package = Package::read(&entry.path())?;
            packages.insert(package.manifest.name.clone(), package);
        }
        Ok(Self {
            root: root.to_owned(),
            packages,
        })
    }

    /// Installs a package, in place of one of the same name. The files appear
    /// whole or not at all.
    ///
    /// # Errors
    /// Where the directory cannot be written.
    pub fn install(&mut self, package: Package) -> Result<(), InstallError> {
        let name = package.manifest.name.clone();
        let same = self.packages.get(&name).is_some_and(|present| {
            present.digest == package.digest && present.manifest_text == package.manifest_text
        });
        if !same {
            let staging = self.root.join(format!(".{name}.new"));
            let retired = self.root.join(format!(".{name}.old"));
            let target = self.root.join(&name);
            let failed = |source| InstallError::Directory {
                path: target.clone(),
                source,
            };
            remove(&staging).map_err(failed)?;
            remove(&retired).map_err(failed)?;
            std::fs::create_dir_all(&staging).map_err(failed)?;
            write(&staging.join(MANIFEST), package.manifest_text.as_bytes()).map_err(failed)?;
            write(&staging.join(COMPONENT), &package.component).map_err(failed)?;
            if target.exists() {
                std::fs::rename(&target, &retired).map_err(failed)?;
            }
            std::fs::rename(&staging, &target).map_err(failed)?;
            remove(&retired).map_err(failed)?;
        }
        self.packages.insert(name, package);
        Ok(())
    }

    /// The plugin of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Package> {
        self.packages.get(name)
    }

    /// All, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Package> {
        self.packages.values()
    }
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(version: &str, component: &[u8]) -> Package {
        let text = format!(
            "name = \"hello\"\nversion = \"{version}\"\ndescription = \"d\"\nworld = \"function\"\n"
        );
        Package::new(text, component.into(), Path::new("plugin.toml")).unwrap()
    }

    #[test]
    fn what_was_installed_is_there_after_opening_again() {
        let root = tempfile::tempdir().unwrap();
        let mut installed = Installed::open(root.path()).unwrap();
        installed.install(package("0.1.0", b"one")).unwrap();
        installed.install(package("0.2.0", b"two")).unwrap();
        let again = Installed::open(root.path()).unwrap();
        let found = again.get("hello").unwrap();
        assert_eq!(
            (found.manifest.version.as_str(), &*found.component),
            ("0.2.0", &b"two"[..])
        );
        assert_eq!(again.iter().count(), 1);
    }

    #[test]
    fn an_install_that_was_cut_off_is_not_seen() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(".hello.new")).unwrap();
        let mut installed = Installed::open(root.path()).unwrap();
        assert_eq!(installed.iter().count(), 0);
        installed.install(package("0.1.0", b"one")).unwrap();
        assert_eq!(Installed::open(root.path()).unwrap().iter().count(), 1);
    }
}
