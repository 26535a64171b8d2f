//! The target directory: where releases, archives and the record of the site
//! lie, which release is current, and what each change of them means. Every
//! change is one that another attempt can find half done and do again.
//! Knows no appspec.

use lockgate_plugin::{Failure, FailureType, Host};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A target directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Absolute.
    pub target: PathBuf,
}

/// What is kept of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Holds both.
    pub directory: PathBuf,
    /// Its appspec.
    pub appspec: PathBuf,
    /// All of it.
    pub revision: PathBuf,
}

/// What the site remembers between deployments, in `.lockgate/site.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Releases that passed every check, the oldest first.
    pub good: Vec<String>,
    /// Releases that were begun and are not good: being deployed, or left by an
    /// attempt that was killed.
    pub begun: Vec<String>,
}

impl Site {
    /// Opens a target directory, making what is missing.
    ///
    /// # Errors
    /// It is not absolute, not granted, or holds something else where the
    /// current release is to be.
    pub fn open(target: &str) -> Result<Self, Failure> {
        let path = PathBuf::from(target);
        let plain = path
            .components()
            .all(|part| !matches!(part, std::path::Component::ParentDir));
        if !path.is_absolute() || !plain || path.parent().is_none() {
            return Err(Failure::configuration(format!(
                "TargetDirectory: '{target}' will not do; write an absolute path of a directory, without '..'"
            )));
        }
        let site = Self { target: path };
        for directory in [
            site.target.join("releases"),
            site.target.join(".lockgate/archives"),
        ] {
            fs::create_dir_all(&directory).map_err(|error| {
                Failure::new(
                    FailureType::PermissionError,
                    format!(
                        "TargetDirectory: '{target}' cannot be written: {error}; the operator allows it with the grant 'deploy-files write={target}', and the server's user must own the directory"
                    ),
                )
            })?;
        }
        let current = site.current_link();
        match fs::symlink_metadata(&current) {
            Ok(metadata) if !metadata.is_symlink() => Err(Failure::configuration(format!(
                "TargetDirectory: {} is not a link, so it cannot be switched to a release; move it away",
                current.display()
            ))),
            _ => Ok(site),
        }
    }

    /// Where a release lies.
    #[must_use]
    pub fn release(&self, id: &str) -> PathBuf {
        self.target.join("releases").join(id)
    }

    /// Where the appspec and the artifact of a release are kept, for scripts
    /// that run when it is replaced or comes back.
    #[must_use]
    pub fn archive(&self, id: &str) -> Archive {
        let directory = self.target.join(".lockgate/archives").join(id);
        Archive {
            appspec: directory.join("appspec.yml"),
            revision: directory.join("revision"),
            directory,
        }
    }

    /// The link to the current release.
    #[must_use]
    pub fn current_link(&self) -> PathBuf {
        self.target.join("current")
    }

    /// The current release; absent before the first.
    #[must_use]
    pub fn current(&self) -> Option<String> {
        let link = fs::read_link(self.current_link()).ok()?;
        let id = link.strip_prefix("releases").ok()?.to_str()?;
        (!id.is_empty() && !id.contains('/')).then(|| id.to_owned())
    }

    /// Makes a release the current one, in one step.
    ///
    /// # Errors
    /// The link cannot be made or put in place.
    pub fn switch<H: Host>(&self, id: &str, host: &H) -> Result<(), Failure> {
        let next = self.target.join(".lockgate/next");
        remove_file(&next)?;
        host.make_symlink(&format!("releases/{id}"), &next)?;
        host.replace(&next, &self.current_link())?;
        Ok(())
    }

    /// Makes no release the current one.
    ///
    /// # Errors
    /// The link cannot be removed.
    pub fn clear_current(&self) -> Result<(), Failure> {
        remove_file(&self.current_link())
    }

    /// What the site remembers. A site without a record, but with a current
    /// release, takes that one for good.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn record(&self) -> Result<Record, Failure> {
        let path = self.record_path();
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                Failure::job(format!(
                    "{} is not the record of a site ({error}); restore it, or delete it to begin anew with the current release",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Record {
                good: self.current().into_iter().collect(),
                begun: vec![],
            }),
            Err(error) => Err(cannot("read", &path, &error)),
        }
    }

    /// Keeps the record, in one step.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn keep<H: Host>(&self, record: &Record, host: &H) -> Result<(), Failure> {
        let next = self.target.join(".lockgate/site.json.next");
        let text = serde_json::to_string_pretty(record)
            .map_err(|error| Failure::job(format!("the site's record: {error}")))?;
        fs::write(&next, text).map_err(|error| cannot("write", &next, &error))?;
        host.replace(&next, &self.record_path())?;
        Ok(())
    }

    fn record_path(&self) -> PathBuf {
        self.target.join(".lockgate/site.json")
    }

    /// Removes a release and its archive, whatever there is of them.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn remove<H: Host>(&self, id: &str, host: &H) -> Result<(), Failure> {
        remove_tree(&self.release(id), host)?;
        remove_tree(&self.archive(id).directory, host)
    }
}

impl Record {
    /// The release to return to: the newest good one that is not `id`.
    #[must_use]
    pub fn previous(&self, id: &str) -> Option<&str> {
        let before = self.good.iter().position(|known| known == id);
        let candidates = self.good.get(..before.unwrap_or(self.good.len()))?;
        candidates.last().map(String::as_str)
    }

    /// Whether a release passed every check.
    #[must_use]
    pub fn is_good(&self, id: &str) -> bool {
        self.good.iter().any(|known| known == id)
    }

    /// Notes that a release is being deployed.
    pub fn begin(&mut self, id: &str) {
        if !self.is_good(id) && !self.begun.iter().any(|known| known == id) {
            self.begun.push(id.into());
        }
    }

    /// Notes that a release passed every check; it is the newest good one now.
    pub fn succeed(&mut self, id: &str) {
        self.forget(id);
        self.good.push(id.into());
    }

    /// Forgets a release.
    pub fn forget(&mut self, id: &str) {
        self.good.retain(|known| known != id);
        self.begun.retain(|known| known != id);
    }

    /// The releases to remove so that `keep` good ones stay: what was begun and
    /// never became good, then the oldest. Never the newest two, which are the
    /// current one and the one to return to.
    #[must_use]
    pub fn surplus(&self, keep: usize) -> Vec<String> {
        let keep = keep.max(2);
        let old = self.good.len().saturating_sub(keep);
        let mut surplus = self.begun.clone();
        surplus.extend(self.good.iter().take(old).cloned());
        surplus
    }
}

/// Removes a file or link where there is one.
fn remove_file(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot("remove", path, &error)),
        _ => Ok(()),
    }
}

/// Removes a directory with everything in it, read-only directories too.
pub(crate) fn remove_tree<H: Host>(path: &Path, host: &H) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot("remove", path, &error)),
        Ok(_) => {}
    }
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    open_up(path, host)?;
    fs::remove_dir_all(path).map_err(|error| cannot("remove", path, &error))
}

/// Lets the owner change every directory of a tree.
fn open_up<H: Host>(path: &Path, host: &H) -> Result<(), Failure> {
    let metadata = fs::symlink_metadata(path).map_err(|error| cannot("read", path, &error))?;
    if metadata.is_dir() {
        host.set_mode(path, 0o700)?;
        for entry in fs::read_dir(path).map_err(|error| cannot("read", path, &error))? {
            let entry = entry.map_err(|error| cannot("read", path, &error))?;
            open_up(&entry.path(), host)?;
        }
    }
    Ok(())
}

/// What to say when a file cannot be used.
pub(crate) fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        FailureType::SystemUnavailable,
        format!("cannot {verb} {}: {error}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(good: &[&str], begun: &[&str]) -> Record {
        Record {
            good: good.iter().map(ToString::to_string).collect(),
            begun: begun.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn the_release_to_return_to_is_the_newest_good_one_before() {
        let record = record(&["1", "2", "3"], &["4"]);
        assert_eq!(record.previous("4"), Some("3"));
        assert_eq!(record.previous("3"), Some("2"));
        assert_eq!(record.previous("1"), None);
        assert_eq!(Record::default().previous("1"), None);
    }

    #[test]
    fn surplus_never_holds_the_current_or_the_one_before() {
        let record = record(&["1", "2", "3", "4"], &["x"]);
        assert_eq!(record.surplus(3), ["x", "1"]);
        assert_eq!(record.surplus(0), ["x", "1", "2"]);
        assert_eq!(record.surplus(9), ["x"]);
    }

    #[test]
    fn a_release_stands_in_the_record_once() {
        let mut record = record(&["1"], &[]);
        record.begin("2");
        record.begin("2");
        assert_eq!(record.begun, ["2"]);
        record.succeed("2");
        record.begin("2");
        record.succeed("1");
        assert_eq!(
            (record.good, record.begun),
            (vec!["2".to_owned(), "1".to_owned()], vec![])
        );
    }

    #[test]
    fn a_target_that_is_not_a_plain_absolute_path_is_refused() {
        for bad in ["www", "/srv/../etc", "/", ""] {
            let failure = Site::open(bad).unwrap_err();
            assert_eq!(failure.kind, FailureType::ConfigurationError, "{bad}");
        }
    }
}
