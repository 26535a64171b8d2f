//! A real git repository in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A working tree with its history.
#[derive(Debug)]
pub struct Repository {
    path: PathBuf,
}

impl Repository {
    /// Makes one with a first commit, in which `index.html` says `first`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let repository = Self {
            path: path.to_owned(),
        };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit("index.html", "first\n", "First page");
        repository
    }

    /// Writes a file, commits it, and returns the commit's id.
    pub fn commit(&self, file: &str, text: &str, message: &str) -> String {
        let path = self.path.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self.git(&["add", "--", file]);
        // Nothing is stripped: messages may be hostile.
        self.git(&["commit", "--quiet", "--cleanup=verbatim", "-m", message]);
        self.head()
    }

    /// The id of the newest commit.
    #[must_use]
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(&self.path)
            .args(arguments)
            // The same commit has the same id everywhere.
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
