//! The door through which jobs leave the orchestrator: the server puts the Wasm
//! host behind it, tests put a script there.

use futures::FutureExt;
use lockgate_model::action_type::{ActionTypeId, Catalogue};
use lockgate_model::id::TenantId;
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Job, LogLine, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::webhook::{Announcement, WebhookRequest};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

/// A directory of the machine, and where the provider sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Such as `/in/Source`.
    pub guest: String,
    /// Where it really is.
    pub host: PathBuf,
    /// Whether the provider may change what is in it.
    pub writable: bool,
}

/// Takes the lines of one job's log, in order. Unbounded because a guest cannot
/// be made to wait for a disk; its own limit on log bytes bounds it.
pub type LogSink = tokio::sync::mpsc::UnboundedSender<LogLine>;

/// Runs jobs.
#[async_trait::async_trait]
pub trait Runner: Send + Sync + 'static {
    /// The action types a tenant can use.
    fn catalogue(&self, tenant: &TenantId) -> Arc<Catalogue>;

    /// Whether jobs of this type are given a `/work` directory even when they
    /// have no artifacts.
    fn wants_work(&self, tenant: &TenantId, action_type: &ActionTypeId) -> bool;

    /// What one job of this type may use.
    fn limits(&self, tenant: &TenantId, action_type: &ActionTypeId) -> Limits;

    /// Whether providers of this type can say what is new.
    fn can_detect(&self, tenant: &TenantId, action_type: &ActionTypeId) -> bool;

    /// One attempt at one action. Total: every fault is an outcome. Dropping
    /// the future ends the attempt. The artifacts of a success are left empty:
    /// the caller collects them from the directories.
    async fn run(&self, job: &Job, directories: Vec<Directory>, log: LogSink) -> Outcome;

    /// What is the newest revision, and what changed?
    async fn detect(&self, request: DetectRequest) -> Result<Detection, Failure>;

    /// Whether providers of this type take webhook deliveries.
    fn can_receive(&self, _tenant: &TenantId, _action_type: &ActionTypeId) -> bool {
        false
    }

    /// What does this delivery announce? Nothing, where it is for another
    /// repository or says nothing of interest.
    ///
    /// # Errors
    /// It is refused: `PermissionError` where its signature does not hold.
    async fn webhook(&self, request: WebhookRequest) -> Result<Option<Announcement>, Failure> {
        Err(Failure::new(
            FailureType::ConfigurationError,
            format!(
                "{} takes no webhook deliveries; poll it instead",
                request.action_type
            ),
        ))
    }
}

/// Runs a job for somebody who would be gone with a panic and missed by nobody:
/// it is a failure like any other.
pub(crate) async fn run(runner: &dyn Runner, job: &Job, log: LogSink) -> Outcome {
    let running = AssertUnwindSafe(runner.run(job, vec![], log)).catch_unwind();
    running.await.unwrap_or_else(|_| Outcome::Failed(failed()))
}

/// Asks a source, in the same way.
pub(crate) async fn detect(
    runner: &dyn Runner,
    request: DetectRequest,
) -> Result<Detection, Failure> {
    let asking = AssertUnwindSafe(runner.detect(request)).catch_unwind();
    asking.await.unwrap_or_else(|_| Err(failed()))
}

fn failed() -> Failure {
    Failure::new(
        FailureType::SystemUnavailable,
        "the server itself failed while it ran this provider; its own log has the details",
    )
}
