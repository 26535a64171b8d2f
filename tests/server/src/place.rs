//! A temporary place with everything that a pipeline meets: a repository to
//! take from, a directory to deploy to, a receiver to tell.

use crate::{Ran, Receiver, Repository, lockgate};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Removed when dropped.
#[derive(Debug)]
pub struct Place {
    root: TempDir,
    /// To take from.
    pub repository: Repository,
    /// To tell.
    pub receiver: Receiver,
}

impl Place {
    /// An empty target directory, a repository with one commit, a receiver that
    /// has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        let root = TempDir::with_prefix("lockgate-test-").unwrap();
        let repository = Repository::new(&root.path().join("repository"));
        std::fs::create_dir(root.path().join("target")).unwrap();
        Self {
            root,
            repository,
            receiver: Receiver::start(),
        }
    }

    /// The directory around it all.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The directory that is deployed to.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.root.path().join("target")
    }

    /// A text with `@REPOSITORY@`, `@TARGET@`, `@PLACE@`, `@NAME@` and
    /// `@URL@` filled in.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let repository = self.repository.path().to_str().unwrap();
        let target = self.target();
        text.replace("@REPOSITORY@", repository)
            .replace("@TARGET@", target.to_str().unwrap())
            .replace("@PLACE@", self.root().to_str().unwrap())
            .replace("@NAME@", &self.name())
            .replace("@URL@", &format!("http://{}", self.receiver.address()))
    }

    /// What a forge would call the repository: the last two parts of its path.
    #[must_use]
    pub fn name(&self) -> String {
        let root = self.root().file_name().unwrap().to_str().unwrap();
        format!("{root}/repository")
    }

    /// Writes a definition, filled in, and returns its path.
    #[must_use]
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.path().join(name);
        std::fs::write(&path, self.fill(text)).unwrap();
        path
    }

    /// What the providers must be granted for all of it.
    #[must_use]
    pub fn grants(&self) -> Vec<String> {
        let lines = [
            "source-git read=@REPOSITORY@".to_owned(),
            "deploy-files write=@TARGET@".to_owned(),
            format!("notify-webhook http={}", self.receiver.address()),
        ];
        lines.iter().map(|line| self.fill(line)).collect()
    }

    /// The arguments of `lockgate run` on this definition, with every grant.
    #[must_use]
    pub fn run_arguments(&self, file: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let mut arguments = vec!["run".to_owned(), text(file)];
        arguments.extend(["--data".to_owned(), text(&self.root().join("run"))]);
        arguments.extend(["--cache".to_owned(), text(crate::cache())]);
        for name in ["function-hello", "noop"] {
            let folder = text(&crate::plugin_folder(name));
            arguments.extend(["--plugin".to_owned(), folder]);
        }
        for grant in self.grants() {
            arguments.extend(["--grant".to_owned(), grant]);
        }
        arguments
    }

    /// `lockgate run` on this definition, with further arguments.
    #[must_use]
    pub fn run(&self, file: &Path, more: &[&str]) -> Ran {
        let mut arguments = self.run_arguments(file);
        arguments.extend(more.iter().map(ToString::to_string));
        lockgate(&arguments)
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}
