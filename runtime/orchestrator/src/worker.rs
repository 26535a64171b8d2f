//! What job workers ask: for jobs, to begin one, and with its answer (user
//! guide, "Create a job worker for your custom action"). The core decides; here
//! the job is found among the pipelines.

use crate::action_type::unknown;
use crate::conceal::conceal;
use crate::error::OrchestratorError;
use crate::orchestrator::Orchestrator;
use lockgate_artifacts::TreeLimits;
use lockgate_execution::{
    ACKNOWLEDGE_SECONDS, Command, REPORTED_BY_WORKER, Rejected, WorkerJob, worker_job,
};
use lockgate_model::action_type::ActionTypeId;
use lockgate_model::artifact::Artifact;
use lockgate_model::id::{ExecutionId, JobId, Nonce, Principal, TenantId};
use lockgate_model::job::{Failure, Outcome, Pending, Revision, Success};
use lockgate_model::status::JobStatus;
use lockgate_store::LeaseToken;
use std::collections::BTreeMap;
use std::io::{Read, Seek};

/// What became of a reported revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PutRevision {
    /// It was not the last one that was reported.
    pub new_revision: bool,
    /// What it started, now or then.
    pub execution: ExecutionId,
}

impl Orchestrator {
    /// Hands out jobs of a custom action type, the oldest first, at most `max`.
    /// `query` names the type's queryable property, where it has one.
    ///
    /// # Errors
    /// `ActionTypeNotFound`; `Invalid` where the query does not fit the type.
    pub async fn poll_jobs(
        &self,
        tenant: &TenantId,
        action_type: &ActionTypeId,
        max: usize,
        query: &BTreeMap<String, String>,
        by: &Principal,
    ) -> Result<Vec<WorkerJob>, OrchestratorError> {
        let made = self.shared.action_types.get(tenant, action_type);
        let made = made.ok_or_else(|| unknown(action_type))?;
        check_query(action_type, made.queryable(), query)?;
        let mut jobs = vec![];
        for (job, pipeline) in self.shared.board.waiting(tenant, action_type) {
            if jobs.len() >= max {
                break;
            }
            if let Some(handed) = self.hand_out(tenant, &pipeline, job, query, by).await? {
                jobs.push(handed);
            }
        }
        Ok(jobs)
    }

    /// None: somebody was faster, or it is another worker's.
    async fn hand_out(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        job: JobId,
        query: &BTreeMap<String, String>,
        by: &Principal,
    ) -> Result<Option<WorkerJob>, OrchestratorError> {
        let found = match self.state(tenant, pipeline).await {
            Ok(state) => worker_job(&state, job),
            Err(OrchestratorError::Rejected(_)) => None,
            Err(error) => return Err(error),
        };
        let Some(found) = found else { return Ok(None) };
        let configuration = &found.job.configuration;
        if !query
            .iter()
            .all(|(key, value)| configuration.get(key) == Some(value))
        {
            return Ok(None);
        }
        let command = Command::DispatchJob {
            job,
            nonce: fresh_nonce(),
            acknowledge_within: ACKNOWLEDGE_SECONDS,
        };
        match self.ask(tenant, pipeline, by, command, None).await {
            Ok(()) => {}
            Err(OrchestratorError::Rejected(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let state = self.state(tenant, pipeline).await?;
        Ok(worker_job(&state, job))
    }

    /// A job that a worker does, or is to do, with its nonce.
    ///
    /// # Errors
    /// `Rejected`: there is no such open job.
    pub async fn worker_job(
        &self,
        tenant: &TenantId,
        job: JobId,
    ) -> Result<WorkerJob, OrchestratorError> {
        let (_, found) = self.open_job(tenant, job).await?;
        Ok(found)
    }

    /// A worker begins a job.
    ///
    /// # Errors
    /// `Rejected`: there is no such open job, or it is somebody else's.
    pub async fn acknowledge_job(
        &self,
        tenant: &TenantId,
        job: JobId,
        nonce: Nonce,
        by: &Principal,
    ) -> Result<JobStatus, OrchestratorError> {
        let (pipeline, _) = self.open_job(tenant, job).await?;
        let command = Command::AcknowledgeJob { job, nonce };
        self.ask(tenant, &pipeline, by, command, None).await?;
        Ok(JobStatus::InProgress)
    }

    /// A worker has done a job.
    ///
    /// # Errors
    /// `Rejected`: there is no such open job, nobody has begun it, or its output
    /// variables are too large. `Invalid`: it names artifacts that nobody has
    /// uploaded.
    pub async fn job_succeeded(
        &self,
        tenant: &TenantId,
        job: JobId,
        success: Success,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        for artifact in &success.artifacts {
            let found = self.artifacts().contains(tenant, artifact.digest).await;
            match found {
                Ok(true) => {}
                Ok(false) => {
                    return Err(OrchestratorError::Invalid(vec![format!(
                        "artifacts: there is no content {} for artifact '{}'; upload it first",
                        artifact.digest, artifact.name
                    )]));
                }
                Err(error) => return Err(store_fails(&error)),
            }
        }
        self.answer_job(tenant, job, Outcome::Succeeded(success), by)
            .await
    }

    /// A worker's job goes on elsewhere; another one follows, with the
    /// continuation.
    ///
    /// # Errors
    /// As `job_succeeded`.
    pub async fn job_continued(
        &self,
        tenant: &TenantId,
        job: JobId,
        pending: Pending,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        self.answer_job(tenant, job, Outcome::Pending(pending), by)
            .await
    }

    /// A worker says no.
    ///
    /// # Errors
    /// As `job_succeeded`.
    pub async fn job_failed(
        &self,
        tenant: &TenantId,
        job: JobId,
        failure: Failure,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        self.answer_job(tenant, job, Outcome::Failed(failure), by)
            .await
    }

    /// Keeps what a zip file holds, for the answer of an open job that makes an
    /// artifact of this name.
    ///
    /// # Errors
    /// `Rejected`: there is no such open job. `Invalid`: it makes no artifact of
    /// this name, or the zip file cannot be used.
    pub async fn upload_artifact<R: Read + Seek + Send + 'static>(
        &self,
        tenant: &TenantId,
        job: JobId,
        name: &str,
        zip: R,
    ) -> Result<Artifact, OrchestratorError> {
        let (_, found) = self.open_job(tenant, job).await?;
        let outputs = &found.job.output_artifacts;
        if !outputs.iter().any(|output| output.name == name) {
            return Err(OrchestratorError::Invalid(vec![format!(
                "artifact: job {job} makes no artifact '{name}'; it makes {}",
                listed(outputs.iter().map(|output| output.name.as_str()))
            )]));
        }
        let allowed = self.shared.runner.limits(tenant, &found.job.action_type);
        let limits = TreeLimits {
            bytes: allowed.artifact_bytes,
            entries: allowed.artifact_files,
        };
        self.artifacts()
            .store_zip(tenant, name, zip, limits)
            .await
            .map_err(|error| OrchestratorError::Invalid(vec![format!("artifact: {error}")]))
    }

    /// An artifact that an open job takes.
    ///
    /// # Errors
    /// `Rejected`: there is no such open job. `Invalid`: it takes no artifact of
    /// this name.
    pub async fn input_artifact(
        &self,
        tenant: &TenantId,
        job: JobId,
        name: &str,
    ) -> Result<Artifact, OrchestratorError> {
        let (_, found) = self.open_job(tenant, job).await?;
        let inputs = &found.job.input_artifacts;
        let input = inputs.iter().find(|input| input.name == name);
        input.cloned().ok_or_else(|| {
            OrchestratorError::Invalid(vec![format!(
                "artifact: job {job} takes no artifact '{name}'; it takes {}",
                listed(inputs.iter().map(|input| input.name.as_str()))
            )])
        })
    }

    /// A source's worker reports a revision; a new one starts an execution.
    ///
    /// # Errors
    /// `Rejected`: no such pipeline, stage or source action, or it cannot start.
    pub async fn put_action_revision(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        stage: String,
        action: String,
        revision: Revision,
        by: &Principal,
    ) -> Result<PutRevision, OrchestratorError> {
        let id = ExecutionId(uuid::Uuid::now_v7());
        let command = Command::PutActionRevision {
            id,
            stage,
            action: action.clone(),
            revision,
        };
        self.ask(tenant, pipeline, by, command, None).await?;
        let state = self.state(tenant, pipeline).await?;
        let last = state.last_started(&action, REPORTED_BY_WORKER);
        let execution = last.map_or(id, |reported| reported.execution);
        Ok(PutRevision {
            new_revision: execution == id,
            execution,
        })
    }

    async fn answer_job(
        &self,
        tenant: &TenantId,
        job: JobId,
        outcome: Outcome,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let (pipeline, found) = self.open_job(tenant, job).await?;
        let command = Command::JobFinished {
            job,
            attempt: found.job.attempt,
            outcome: conceal(outcome, &found.job, &self.shared.catalogue(tenant)),
        };
        self.ask(tenant, &pipeline, by, command, None).await
    }

    async fn open_job(
        &self,
        tenant: &TenantId,
        job: JobId,
    ) -> Result<(String, WorkerJob), OrchestratorError> {
        let gone = || OrchestratorError::from(Rejected::JobNotFound { job });
        let pipeline = self.shared.board.pipeline_of(tenant, job);
        let pipeline = pipeline.ok_or_else(gone)?;
        let state = self.state(tenant, &pipeline).await?;
        let found = worker_job(&state, job).ok_or_else(gone)?;
        Ok((pipeline, found))
    }
}

fn fresh_nonce() -> Nonce {
    Nonce(uuid::Builder::from_random_bytes(LeaseToken::random().0).into_uuid())
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("'{name}'")).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

fn store_fails(error: &lockgate_artifacts::ArtifactError) -> OrchestratorError {
    OrchestratorError::Damaged {
        what: "the store of artifacts".to_owned(),
        reason: error.to_string(),
    }
}

/// With a queryable property the query names it, and nothing else; without one
/// there is none (API reference, `PollForJobs`, `queryParam`).
fn check_query(
    action_type: &ActionTypeId,
    queryable: Option<&str>,
    query: &BTreeMap<String, String>,
) -> Result<(), OrchestratorError> {
    let invalid = |message: String| Err(OrchestratorError::Invalid(vec![message]));
    match queryable {
        Some(key) if query.len() == 1 && query.contains_key(key) => Ok(()),
        Some(key) => invalid(format!(
            "query: jobs of {action_type} are polled for by '{key}'; name that one, with the value wanted"
        )),
        None if query.is_empty() => Ok(()),
        None => invalid(format!(
            "query: no property of {action_type} is queryable; leave the query out"
        )),
    }
}
