//! The directories of one attempt: made, filled with its input artifacts, read
//! for its output artifacts, removed; and the cache, which stays.

use crate::cache::{Busy, Cache};
use crate::runner::Directory;
use crate::shared::Shared;
use lockgate_artifacts::{ArtifactError, TreeLimits, remove_tree};
use lockgate_model::artifact::Artifact;
use lockgate_model::job::{Failure, FailureType, Job};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What a killed command still writes ends within moments; the disk may take
/// longer to let go.
const REMOVE_AGAIN_AFTER: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// A job without artifacts whose provider needs no scratch space has no
/// directory, and costs no file operation.
pub(crate) struct Workspace {
    root: Option<PathBuf>,
    directories: Vec<Directory>,
    outputs: Vec<(String, PathBuf)>,
    cache: Result<Option<Cache>, Busy>,
}

impl Workspace {
    /// Decides whether there is any directory, and where. Makes none.
    pub(crate) fn of(shared: &Shared, job: &Job) -> Self {
        let runs_commands = shared.runner.wants_work(&job.tenant, &job.action_type);
        let wanted =
            !job.input_artifacts.is_empty() || !job.output_artifacts.is_empty() || runs_commands;
        let root = wanted.then(|| {
            // A job may go out again while its last directory is being removed.
            let number = shared.directories.fetch_add(1, Ordering::Relaxed);
            shared.settings.work.join(format!("{}-{number}", job.id))
        });
        Self {
            root,
            directories: vec![],
            outputs: vec![],
            cache: if runs_commands {
                shared
                    .caches
                    .take(&job.tenant, [&job.pipeline, &job.stage, &job.action])
            } else {
                Ok(None)
            },
        }
    }

    /// Whether another attempt at the same action has the cache.
    pub(crate) fn misses_its_cache(&self) -> bool {
        self.cache.is_err()
    }

    /// The cache, to be settled when the attempt has ended.
    pub(crate) fn let_go_of_cache(&mut self) -> Option<Cache> {
        self.cache.as_mut().ok().and_then(Option::take)
    }

    /// Makes the directories and lays out the input artifacts. To be run to its
    /// end: what is half made would be made on while it is removed.
    pub(crate) async fn lay_out(&mut self, shared: &Shared, job: &Job) -> Result<(), Failure> {
        let Some(root) = self.root.clone() else {
            return Ok(());
        };
        let work = root.join("work");
        make(&work).await?;
        self.add("/work".into(), work, true);
        for artifact in &job.input_artifacts {
            let host = root.join("in").join(&artifact.name);
            make(&host).await?;
            shared
                .artifacts
                .materialise(&job.tenant, artifact.digest, &host)
                .await
                .map_err(|error| {
                    ours(format!(
                        "input artifact '{}' cannot be laid out: {error}",
                        artifact.name
                    ))
                })?;
            self.add(format!("/in/{}", artifact.name), host, false);
        }
        for artifact in &job.output_artifacts {
            let host = root.join("out").join(&artifact.name);
            make(&host).await?;
            self.outputs.push((artifact.name.clone(), host.clone()));
            self.add(format!("/out/{}", artifact.name), host, true);
        }
        if let Ok(Some(cache)) = &self.cache {
            let host = cache.path().to_owned();
            make(&host).await?;
            self.add("/cache".into(), host, true);
        }
        Ok(())
    }

    fn add(&mut self, guest: String, host: PathBuf, writable: bool) {
        self.directories.push(Directory {
            guest,
            host,
            writable,
        });
    }

    pub(crate) fn directories(&self) -> Vec<Directory> {
        self.directories.clone()
    }

    /// Keeps what the provider left in its output directories.
    pub(crate) async fn collect(
        &self,
        shared: &Shared,
        job: &Job,
        revision: Option<&String>,
    ) -> Result<Vec<Artifact>, Failure> {
        let mut artifacts = Vec::with_capacity(self.outputs.len());
        if self.outputs.is_empty() {
            return Ok(artifacts);
        }
        let allowed = shared.runner.limits(&job.tenant, &job.action_type);
        let mut limits = TreeLimits {
            bytes: allowed.artifact_bytes,
            entries: allowed.artifact_files,
        };
        for (name, directory) in &self.outputs {
            let mut artifact = shared
                .artifacts
                .store_tree(&job.tenant, name, directory, limits)
                .await
                .map_err(|error| {
                    let kind = match error {
                        ArtifactError::Unsuitable { .. } => FailureType::JobFailed,
                        _ => FailureType::SystemUnavailable,
                    };
                    let text = format!("output artifact '{name}' cannot be kept: {error}");
                    Failure::new(kind, text)
                })?;
            artifact.revision = revision.cloned();
            limits.bytes = limits.bytes.saturating_sub(artifact.bytes);
            limits.entries = limits.entries.saturating_sub(artifact.files);
            artifacts.push(artifact);
        }
        Ok(artifacts)
    }

    /// Removes everything. The provider has ended, but what it had started in
    /// the operating system's sandbox may be dying still: tried again then.
    pub(crate) async fn remove(self) {
        let Some(root) = self.root else { return };
        let mut pauses = REMOVE_AGAIN_AFTER.into_iter();
        loop {
            let path = root.clone();
            let removed = tokio::task::spawn_blocking(move || remove_tree(&path)).await;
            let Ok(Err(error)) = removed else { return };
            let Some(pause) = pauses.next() else {
                tracing::warn!(path = %root.display(), %error, "a job's directory is left behind");
                return;
            };
            tokio::time::sleep(pause).await;
        }
    }
}

async fn make(path: &Path) -> Result<(), Failure> {
    tokio::fs::create_dir_all(path).await.map_err(|error| {
        ours(format!(
            "no directory could be made for the job at {}: {error}",
            path.display()
        ))
    })
}

fn ours(message: String) -> Failure {
    Failure::new(FailureType::SystemUnavailable, message)
}
