//! Which input artifact a build starts in. Knows no files; the provider asks it.

use lockgate_plugin::{Artifact, Failure, Job};

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
