//! The input artifacts as a build finds them: writable copies, the primary one
//! in front. Knows no buildspec; the provider and the environment ask it.

use lockgate_plugin::{Artifact, Failure, Host, Job};
use std::path::{Path, PathBuf};

/// Where the copies are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The primary source, in which commands start.
    pub primary: PathBuf,
    revision: Option<String>,
    others: Vec<(String, PathBuf)>,
}

/// The input artifact that commands start in: the one named, or the only one.
///
/// # Errors
/// No artifact has this name, or none is named and there are several.
pub fn primary<'a>(job: &'a Job, named: Option<&str>) -> Result<&'a Artifact, Failure> {
    let names = || {
        let names: Vec<&str> = job
            .input_artifacts
            .iter()
            .map(|a| a.name.as_str())
            .collect();
        names.join(", ")
    };
    match (named, job.input_artifacts.as_slice()) {
        (Some(name), _) => job.input(name).ok_or_else(|| {
            Failure::configuration(format!(
                "PrimarySource: '{name}' is no input artifact of action {}; write one of {}",
                job.action,
                names()
            ))
        }),
        (None, [only]) => Ok(only),
        (None, []) => Err(Failure::configuration(format!(
            "inputArtifacts: action {} has none; name the artifact to build",
            job.action
        ))),
        (None, _) => Err(Failure::configuration(format!(
            "PrimarySource: is missing, and action {} has several input artifacts; write one of {}",
            job.action,
            names()
        ))),
    }
}

/// Where the primary source is copied to.
#[must_use]
pub fn primary_directory(job: &Job) -> PathBuf {
    job.work.join("src")
}

impl Sources {
    /// Copies every input artifact to the job's working directory.
    ///
    /// # Errors
    /// A copy fails, by a limit for example.
    pub fn copy<H: Host>(job: &Job, primary: &Artifact, host: &H) -> Result<Self, Failure> {
        let mut sources = Self {
            primary: primary_directory(job),
            revision: primary.revision.clone(),
            others: vec![],
        };
        host.copy_tree(&primary.path, &sources.primary)?;
        let beside = job.work.join("sources");
        for artifact in &job.input_artifacts {
            if artifact.name == primary.name {
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
pub(crate) fn make_directory(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| cannot("make", path, &error))
}

/// What to say when the job's own files cannot be used.
pub(crate) fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        lockgate_plugin::FailureType::SystemUnavailable,
        format!("cannot {verb} {}: {error}", path.display()),
    )
}
