//! One attempt at one action: directories made, artifacts laid out, the
//! provider run, its log kept, what it made collected, the owner told.

use crate::owner::Message;
use crate::runner::Directory;
use crate::shared::Shared;
use lockgate_artifacts::{TreeLimits, remove_tree};
use lockgate_model::artifact::Artifact;
use lockgate_model::job::{Failure, FailureType, Job, LogLevel, LogLine, Outcome};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Lines that wait to be kept at most; then they are written at once.
const LINES_PER_WRITE: usize = 500;
/// Lines reach the disk, and whoever follows, at most this much later.
const WRITE_INTERVAL: Duration = Duration::from_millis(100);

/// Runs the job and tells its owner. Ends early, and leaves nothing running,
/// when its task is aborted.
pub(crate) async fn attempt(shared: Arc<Shared>, job: Job, owner: mpsc::Sender<Message>) {
    let outcome = match shared.slots.acquire().await {
        Ok(_slot) => perform(&shared, &job).await,
        Err(_) => return,
    };
    let finished = Message::Finished {
        job: job.id,
        attempt: job.attempt,
        outcome,
    };
    // An owner that is gone has been told to end; the job is due again later.
    let _ = owner.send(finished).await;
}

async fn perform(shared: &Shared, job: &Job) -> Outcome {
    let workspace = match Workspace::prepare(shared, job).await {
        Ok(workspace) => workspace,
        Err(failure) => return Outcome::Failed(failure),
    };
    let mut outcome = run(shared, job, workspace.directories()).await;
    if let Outcome::Succeeded(success) = &mut outcome {
        let revision = success
            .revision
            .as_ref()
            .map(|revision| revision.id.clone())
            .or_else(|| {
                job.input_artifacts
                    .iter()
                    .find_map(|artifact| artifact.revision.clone())
            });
        match workspace.collect(shared, job, revision).await {
            Ok(artifacts) => success.artifacts = artifacts,
            Err(failure) => outcome = Outcome::Failed(failure),
        }
    }
    workspace.remove().await;
    outcome
}

/// Runs the provider and keeps its log as it comes.
async fn run(shared: &Shared, job: &Job, directories: Vec<Directory>) -> Outcome {
    let (log, mut lines) = mpsc::unbounded_channel();
    let running = shared.runner.run(job, directories, log);
    tokio::pin!(running);
    let mut waiting: Vec<LogLine> = Vec::new();
    let mut since = None;
    let outcome = loop {
        let write = async {
            match since {
                Some(since) => tokio::time::sleep_until(since + WRITE_INTERVAL).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            outcome = &mut running => break outcome,
            () = write => {
                since = None;
                keep(shared, job, std::mem::take(&mut waiting)).await;
            }
            received = lines.recv_many(&mut waiting, LINES_PER_WRITE) => {
                if received == 0 {
                    // The provider let go of its log; the outcome is near.
                    break running.await;
                }
                if waiting.len() >= LINES_PER_WRITE {
                    since = None;
                    keep(shared, job, std::mem::take(&mut waiting)).await;
                } else if since.is_none() {
                    since = Some(tokio::time::Instant::now());
                }
            }
        }
    };
    while let Ok(line) = lines.try_recv() {
        waiting.push(line);
    }
    if let Outcome::Failed(failure) = &outcome {
        let at = shared.clock.now();
        let text = format!("{}: {}", failure.kind.as_str(), failure.message);
        waiting.push(LogLine {
            at,
            level: LogLevel::Host,
            text,
        });
    }
    keep(shared, job, waiting).await;
    outcome
}

async fn keep(shared: &Shared, job: &Job, lines: Vec<LogLine>) {
    if lines.is_empty() {
        return;
    }
    let kept = shared
        .store
        .append_logs(&job.tenant, job.action_execution, job.attempt, &lines)
        .await;
    if let Err(error) = kept {
        tracing::warn!(job = %job.id, %error, "log lines were not kept");
    }
    shared.ring(job.execution);
}

/// The directories of one attempt. A job without artifacts whose provider needs
/// no scratch space has none, and costs no file operation.
struct Workspace {
    root: Option<PathBuf>,
    directories: Vec<Directory>,
    outputs: Vec<(String, PathBuf)>,
}

impl Workspace {
    async fn prepare(shared: &Shared, job: &Job) -> Result<Self, Failure> {
        let mut workspace = Self {
            root: None,
            directories: vec![],
            outputs: vec![],
        };
        let wanted = !job.input_artifacts.is_empty()
            || !job.output_artifacts.is_empty()
            || shared.runner.wants_work(&job.tenant, &job.action_type);
        if !wanted {
            return Ok(workspace);
        }
        let root = shared.settings.work.join(job.id.to_string());
        // What an attempt left that was cut off is not this one's.
        remove(&root).await;
        workspace.root = Some(root.clone());
        let laid_out = workspace.lay_out(shared, job, &root).await;
        if let Err(failure) = laid_out {
            workspace.remove().await;
            return Err(failure);
        }
        Ok(workspace)
    }

    async fn lay_out(&mut self, shared: &Shared, job: &Job, root: &Path) -> Result<(), Failure> {
        let work = root.join("work");
        make(&work).await?;
        self.directories.push(Directory {
            guest: "/work".into(),
            host: work,
            writable: true,
        });
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
            let guest = format!("/in/{}", artifact.name);
            self.directories.push(Directory {
                guest,
                host,
                writable: false,
            });
        }
        for artifact in &job.output_artifacts {
            let host = root.join("out").join(&artifact.name);
            make(&host).await?;
            self.outputs.push((artifact.name.clone(), host.clone()));
            let guest = format!("/out/{}", artifact.name);
            self.directories.push(Directory {
                guest,
                host,
                writable: true,
            });
        }
        Ok(())
    }

    fn directories(&self) -> Vec<Directory> {
        self.directories.clone()
    }

    /// Keeps what the provider left in its output directories.
    async fn collect(
        &self,
        shared: &Shared,
        job: &Job,
        revision: Option<String>,
    ) -> Result<Vec<Artifact>, Failure> {
        let mut artifacts = Vec::with_capacity(self.outputs.len());
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
                    ours(format!("output artifact '{name}' cannot be kept: {error}"))
                })?;
            artifact.revision.clone_from(&revision);
            limits.bytes = limits.bytes.saturating_sub(artifact.bytes);
            limits.entries = limits.entries.saturating_sub(artifact.files);
            artifacts.push(artifact);
        }
        Ok(artifacts)
    }

    async fn remove(self) {
        if let Some(root) = self.root {
            remove(&root).await;
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

async fn remove(root: &Path) {
    let path = root.to_owned();
    let removed = tokio::task::spawn_blocking(move || remove_tree(&path)).await;
    if let Ok(Err(error)) = removed {
        tracing::warn!(path = %root.display(), %error, "a job's directory is left behind");
    }
}

fn ours(message: String) -> Failure {
    Failure::new(FailureType::SystemUnavailable, message)
}
