//! The jobs of a state that job workers do: what a poll is answered with, and
//! what somebody sees who asks for one of them.

use crate::due::job_of;
use crate::execution::Execution;
use crate::stage::{ActionRun, StageRun, Work, Worker};
use crate::state::PipelineState;
use lockgate_model::id::{JobId, Nonce};
use lockgate_model::job::Job;
use lockgate_model::status::JobStatus;
use lockgate_model::time::Timestamp;

/// Seconds until a job that was handed out and not acknowledged is offered
/// again, where nothing else is set.
pub const ACKNOWLEDGE_SECONDS: u64 = 300;

/// A job that a job worker does, or is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerJob {
    /// The job. Values of secret properties stand in its configuration.
    pub job: Job,
    /// `Queued`, `Dispatched` or `InProgress`.
    pub status: JobStatus,
    /// What the worker that has it got with it.
    pub nonce: Option<Nonce>,
    /// When its action started.
    pub started: Timestamp,
}

/// All of them, the oldest execution first.
pub fn worker_jobs(state: &PipelineState) -> impl Iterator<Item = WorkerJob> {
    running(state).filter_map(|found| worker_job_of(state, &found))
}

/// The one with this id.
#[must_use]
pub fn worker_job(state: &PipelineState, job: JobId) -> Option<WorkerJob> {
    worker_job_of(state, &find(state, job)?)
}

/// A job of an action, and where it is.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(crate) execution: &'a Execution,
    pub(crate) stage: &'a StageRun,
    pub(crate) action: &'a ActionRun,
    pub(crate) worker: Option<Worker>,
}

/// The job of an action that runs.
pub(crate) fn find(state: &PipelineState, job: JobId) -> Option<Found<'_>> {
    running(state).find(|found| found.action.job() == Some(job))
}

fn running(state: &PipelineState) -> impl Iterator<Item = Found<'_>> {
    state
        .live()
        .filter_map(|execution| Some((execution, execution.current_stage()?)))
        .flat_map(|(execution, stage)| {
            stage.running().map(move |action| Found {
                execution,
                stage,
                action,
                worker: match action.work {
                    Work::Job { worker, .. } => worker,
                    Work::Approval { .. } | Work::Impossible(_) => None,
                },
            })
        })
}

fn worker_job_of(state: &PipelineState, found: &Found<'_>) -> Option<WorkerJob> {
    let worker = found.worker?;
    Some(WorkerJob {
        job: job_of(state, found.execution, found.stage, found.action)?,
        status: worker.status(),
        nonce: worker.nonce(),
        started: found.action.started,
    })
}
