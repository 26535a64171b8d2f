//! Lifecycle scripts in the sandbox. Knows which script runs with which
//! environment; not when, and not what follows.

use crate::appspec::{AppSpec, Event};
use lockgate_plugin::{Command, Ending, ExecError, Failure, Host};
use std::fs;
use std::path::Path;

/// What scripts are told.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    /// `APPLICATION_NAME`
    pub application: &'a str,
    /// `DEPLOYMENT_GROUP_NAME`
    pub group: &'a str,
    /// `DEPLOYMENT_ID`
    pub deployment: &'a str,
    /// `RELEASE_PATH`, and in it the release's id.
    pub release: &'a Path,
    /// `TARGET_DIRECTORY`
    pub target: &'a Path,
}

/// Runs all scripts of one event in order, up to the first that fails.
/// `revision` is a writable copy of the artifact that they belong to; they start
/// in it.
///
/// # Errors
/// A script fails or cannot be started; the message names it.
pub fn run<H: Host>(
    spec: &AppSpec,
    event: Event,
    revision: &Path,
    scene: &Scene<'_>,
    host: &H,
) -> Result<(), Failure> {
    for script in spec.scripts(event) {
        let path = revision.join(&script.location);
        let name = format!("hook {} ({})", event.as_str(), script.location);
        if fs::metadata(&path).is_err() {
            return Err(Failure::job(format!(
                "{name}: there is no such file in the artifact"
            )));
        }
        // CodeDeploy's agent does the same: archives often lose these bits.
        host.set_executable(&path, true)?;
        host.info(&format!("Running {name}"));
        let text = |path: &Path| path.display().to_string();
        let command = Command::new([text(&path)])
            .working_directory(revision)
            .timeout_seconds(script.timeout)
            .variable("APPLICATION_NAME", scene.application)
            .variable("DEPLOYMENT_GROUP_NAME", scene.group)
            .variable("DEPLOYMENT_ID", scene.deployment)
            .variable("LIFECYCLE_EVENT", event.as_str())
            .variable("RELEASE_PATH", text(scene.release))
            .variable("TARGET_DIRECTORY", text(scene.target));
        let exit = host.exec(&command).map_err(|error| match error {
            ExecError::Denied(_) => {
                let mut failure = Failure::from(error);
                failure.message = format!("{name}: {}", failure.message);
                failure
            }
            other => Failure::job(format!(
                "{name} could not be started: {other}; begin it with a line such as #!/bin/sh that names a program of this machine"
            )),
        })?;
        match exit.ending {
            Ending::Code(0) => {}
            Ending::Code(code) => {
                return Err(Failure::job(format!("{name} failed with exit code {code}")));
            }
            Ending::Timeout => {
                return Err(Failure::job(format!(
                    "{name} was ended after {} seconds; give it more with 'timeout'",
                    script.timeout
                )));
            }
            other => return Err(Failure::job(format!("{name} {other}"))),
        }
    }
    Ok(())
}

/// Makes the writable copy that scripts run in, where there are any.
///
/// # Errors
/// The copy fails.
pub fn stage<H: Host>(
    spec: &AppSpec,
    artifact: &Path,
    revision: &Path,
    host: &H,
) -> Result<(), Failure> {
    if spec.hooks.is_empty() {
        return Ok(());
    }
    crate::site::remove_tree(revision, host)?;
    host.copy_tree(artifact, revision)?;
    Ok(())
}
