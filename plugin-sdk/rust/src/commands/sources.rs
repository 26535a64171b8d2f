//! The input artifacts as commands find them: writable copies, the primary one
//! in front. The provider and the environment ask it.

use crate::{Artifact, Failure, FailureType, Host, Job};
use std::path::{Path, PathBuf};

/// Where the copies are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The primary source, in which commands start.
    pub primary: PathBuf,
    revision: Option<String>,
    others: Vec<(String, PathBuf)>,
}

/// Where the primary source is copied to.
#[must_use]
pub fn primary_directory(job: &Job) -> PathBuf {
    job.work.join("src")
}

impl Sources {
    /// Copies every input artifact to the job's working directory. Without a
    /// primary one, commands start in an empty directory.
    ///
    /// # Errors
    /// A copy fails, by a limit for example.
    pub fn copy<H: Host>(job: &Job, primary: Option<&Artifact>, host: &H) -> Result<Self, Failure> {
        let mut sources = Self {
            primary: primary_directory(job),
            revision: primary.and_then(|artifact| artifact.revision.clone()),
            others: vec![],
        };
        match primary {
            Some(artifact) => host.copy_tree(&artifact.path, &sources.primary)?,
            None => make_directory(&sources.primary)?,
        }
        let beside = job.work.join("sources");
        for artifact in &job.input_artifacts {
            if primary.is_some_and(|primary| artifact.name == primary.name) {
                continue;
            }
            make_directory(&beside)?;
            let copy = beside.join(&artifact.name);
            host.copy_tree(&artifact.path, &copy)?;
            sources.others.push((artifact.name.clone(), copy));
        }
        Ok(sources)
    }

    /// The variables that say where the sources are and what they came from.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.display().to_string();
        let mut variables = vec![("CODEBUILD_SRC_DIR".to_owned(), text(&self.primary))];
        if let Some(revision) = &self.revision {
            for name in [
                "CODEBUILD_RESOLVED_SOURCE_VERSION",
                "CODEBUILD_SOURCE_VERSION",
            ] {
                variables.push((name.to_owned(), revision.clone()));
            }
        }
        for (name, path) in &self.others {
            // No shell takes the hyphens that artifacts' names may have.
            let name: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            variables.push((format!("CODEBUILD_SRC_DIR_{name}"), text(path)));
        }
        variables
    }
}

/// Makes a directory and those above it.
///
/// # Errors
/// Names the path.
pub fn make_directory(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| cannot("make", path, &error))
}

/// What to say when the job's own files cannot be used.
#[must_use]
pub fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        FailureType::SystemUnavailable,
        format!("cannot {verb} {}: {error}", path.display()),
    )
}
