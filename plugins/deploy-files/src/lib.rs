//! The deploy-files provider: CodeDeploy's appspec on directories of this
//! machine. Releases lie side by side, `current` is a link that is switched in
//! one step, and a release that does not do gives way to the last good one.
//! This file is the configuration and its meaning; the order of a deployment is
//! in `deployment`. Knows no server; the host calls it.

pub mod appspec;
pub mod deployment;
pub mod health;
pub mod hooks;
pub mod install;
pub mod site;

use appspec::AppSpec;
use deployment::{Deployment, HealthCheck};
use lockgate_plugin::{
    Artifact, Category, Description, Failure, Host, Job, Outcome, Provider, Url, configuration,
    export_provider,
};
use site::Site;
use std::time::{SystemTime, UNIX_EPOCH};

configuration! {
    /// The action's configuration.
    pub struct Configuration {
        /// Absolute path of the directory that holds releases and the link
        /// `current`.
        "TargetDirectory" => target: String,
        /// Path of the appspec in the artifact. Left out: appspec.yml or
        /// appspec.yaml where there is one, else the whole artifact is the
        /// release.
        "AppSpec" => appspec: Option<String>,
        /// Good releases to keep; never fewer than the current and the one
        /// before.
        "KeepReleases" => keep: u32 = "3",
        /// Address that must answer 2xx after the switch.
        "HealthCheckUrl" => health_url: Option<String>,
        /// Seconds that the address has to answer so.
        "HealthCheckTimeoutSeconds" => health_timeout: u32 = "60",
        /// APPLICATION_NAME of the hooks. Left out: the pipeline's name.
        "ApplicationName" => application: Option<String>,
        /// DEPLOYMENT_GROUP_NAME of the hooks. Left out: the action's name.
        "DeploymentGroupName" => group: Option<String>,
    }
}

/// The provider.
pub struct DeployFiles;

impl Provider for DeployFiles {
    type Configuration = Configuration;

    fn describe() -> Description {
        Description::new("Deploys files to a directory of this machine, with a way back")
            .serves(Category::Deploy, "Custom", "Files", "1")
            .inputs(1..=1)
            .variables(["ReleaseId", "ReleasePath", "PreviousReleaseId"])
    }

    fn run<H: Host>(job: &Job, configuration: Configuration, host: &H) -> Result<Outcome, Failure> {
        let [artifact] = job.input_artifacts.as_slice() else {
            return Err(Failure::configuration(format!(
                "inputArtifacts: action {} has {}; name the one artifact to deploy",
                job.action,
                job.input_artifacts.len()
            )));
        };
        let health = match &configuration.health_url {
            None => None,
            Some(url) => {
                Url::parse(url)
                    .map_err(|error| Failure::configuration(format!("HealthCheckUrl: {error}")))?;
                Some(HealthCheck {
                    url,
                    timeout_seconds: configuration.health_timeout,
                })
            }
        };
        let id = release_id(job)?;
        let (spec, spec_path) = read(artifact, configuration.appspec.as_deref())?;
        install::check(&spec, &spec_path, &artifact.path)?;
        for note in &spec.notes {
            host.warning(note);
        }
        let site = Site::open(&configuration.target)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            });
        Deployment {
            site: &site,
            spec: &spec,
            spec_path: &spec_path,
            artifact: &artifact.path,
            work: &job.work,
            id,
            application: configuration
                .application
                .as_deref()
                .unwrap_or(&job.pipeline),
            group: configuration.group.as_deref().unwrap_or(&job.action),
            keep: configuration.keep as usize,
            health,
        }
        .run(job.continuation()?, now, host)
    }
}

/// A release is named for its execution, so that every attempt at one
/// deployment finds the same.
fn release_id(job: &Job) -> Result<&str, Failure> {
    let id = job.execution_id.as_str();
    let plain = !id.is_empty()
        && id.len() <= 128
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if plain {
        Ok(id)
    } else {
        Err(Failure::job(format!(
            "the execution id '{}' cannot name a directory",
            id.escape_debug()
        )))
    }
}

/// The appspec that the configuration names, or that the artifact has, or what
/// an artifact without one means; and its path.
fn read(artifact: &Artifact, named: Option<&str>) -> Result<(AppSpec, String), Failure> {
    let (path, text) = match named {
        Some(path) => {
            let inside = !path.starts_with('/') && path.split('/').all(|part| part != "..");
            if !inside {
                return Err(Failure::configuration(format!(
                    "AppSpec: '{path}' is not in the artifact; write a path relative to artifact {}",
                    artifact.name
                )));
            }
            let text = std::fs::read_to_string(artifact.path.join(path)).map_err(|error| {
                Failure::configuration(format!(
                    "AppSpec: '{path}' cannot be read from artifact {}: {error}; put the appspec there, or leave AppSpec out to deploy the whole artifact",
                    artifact.name
                ))
            })?;
            (path, text)
        }
        None => {
            let found = ["appspec.yml", "appspec.yaml"]
                .into_iter()
                .find_map(|path| {
                    let text = std::fs::read_to_string(artifact.path.join(path)).ok()?;
                    Some((path, text))
                });
            match found {
                Some(found) => found,
                None => return Ok((AppSpec::whole(), "appspec.yml".into())),
            }
        }
    };
    let spec = AppSpec::parse(&text).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::configuration(format!("{path}: {}", problems.join("; ")))
    })?;
    Ok((spec, path.to_owned()))
}

export_provider!(DeployFiles);

#[cfg(test)]
mod tests;
