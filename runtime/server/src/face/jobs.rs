//! Job workers: they poll for jobs, begin them and answer them. What they take
//! and make goes in and out as zip files.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{
    AcknowledgeRequest, JobDocument, JobFailure, JobList, JobStatusDocument, JobSuccess,
    PollRequest, PutRevisionAnswer, PutRevisionRequest, UploadedArtifact,
};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use lockgate_execution::WorkerJob;
use lockgate_model::artifact::Artifact;
use lockgate_model::id::{JobId, Nonce};
use lockgate_model::job::{Failure, Pending, Revision, Success};
use std::io::SeekFrom;
use std::str::FromStr;
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

/// Jobs in one answer at most, and where nothing is said (API reference,
/// `MaxBatchSize`).
const MOST_JOBS: usize = 100;
const JOBS: usize = 1;
/// Seconds until the next job of a continuation, where nothing is said: as long
/// as CodePipeline waits.
const POLL_AFTER: u32 = 30;
/// Bytes of an uploaded zip file at most.
const MOST_UPLOAD: u64 = 8 << 30;

pub(super) async fn poll(
    caller: Caller,
    State(face): State<Face>,
    body: Result<Json<PollRequest>, JsonRejection>,
) -> Result<Json<JobList>, Refused> {
    let Json(request) = body?;
    let max = request.max_batch_size.unwrap_or(JOBS);
    if !(1..=MOST_JOBS).contains(&max) {
        return Err(Refused::invalid(format!(
            "maxBatchSize: {max} jobs cannot be had at a time; write 1 to {MOST_JOBS}"
        )));
    }
    let jobs = face
        .orchestrator
        .poll_jobs(
            &caller.tenant,
            &request.action_type.into(),
            max,
            &request.query,
            &caller.principal,
        )
        .await?;
    Ok(Json(JobList {
        jobs: jobs.into_iter().map(document).collect(),
    }))
}

pub(super) async fn show(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
) -> Result<Json<JobDocument>, Refused> {
    let job = face
        .orchestrator
        .worker_job(&caller.tenant, read("job", &id)?)
        .await?;
    // Only who got the job with the poll has its nonce.
    Ok(Json(JobDocument {
        nonce: None,
        ..document(job)
    }))
}

pub(super) async fn acknowledge(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    body: Result<Json<AcknowledgeRequest>, JsonRejection>,
) -> Result<Json<JobStatusDocument>, Refused> {
    let Json(AcknowledgeRequest { nonce }) = body?;
    let nonce: Nonce = read("nonce", &nonce)?;
    let job: JobId = read("job", &id)?;
    let status = face
        .orchestrator
        .acknowledge_job(&caller.tenant, job, nonce, &caller.principal)
        .await?;
    Ok(Json(JobStatusDocument {
        status: status.to_string(),
    }))
}

pub(super) async fn success(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    body: Result<Json<JobSuccess>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Refused> {
    let Json(said) = body?;
    let job: JobId = read("job", &id)?;
    let (tenant, by) = (&caller.tenant, &caller.principal);
    match said.continuation {
        Some(_) if !said.variables.is_empty() => {
            return Err(Refused::invalid(
                "variables: a job that goes on sets none; give them with the last answer, or leave out the continuation",
            ));
        }
        Some(continuation) => {
            let pending = Pending {
                continuation,
                poll_after: said.poll_after.unwrap_or(POLL_AFTER),
                percent: said.percent,
                external: said.external,
            };
            face.orchestrator
                .job_continued(tenant, job, pending, by)
                .await?;
        }
        None => {
            let success = Success {
                variables: said.variables,
                revision: said.revision,
                artifacts: said
                    .artifacts
                    .into_iter()
                    .map(|(name, uploaded)| Artifact {
                        name,
                        digest: uploaded.digest,
                        bytes: uploaded.bytes,
                        files: uploaded.files,
                        revision: None,
                    })
                    .collect(),
                external: said.external,
            };
            face.orchestrator
                .job_succeeded(tenant, job, success, by)
                .await?;
        }
    }
    Ok(Json(serde_json::json!({})))
}

pub(super) async fn failure(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    body: Result<Json<JobFailure>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Refused> {
    let Json(said) = body?;
    let failure = Failure {
        kind: said.kind,
        message: said.message,
        external: said.external,
    };
    let job: JobId = read("job", &id)?;
    face.orchestrator
        .job_failed(&caller.tenant, job, failure, &caller.principal)
        .await?;
    Ok(Json(serde_json::json!({})))
}

/// A zip file of an artifact that the job takes.
pub(super) async fn download(
    caller: Caller,
    State(face): State<Face>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let job: JobId = read("job", &id)?;
    let artifact = face
        .orchestrator
        .input_artifact(&caller.tenant, job, &name)
        .await?;
    // Through a file: an artifact may be larger than memory.
    let file = temporary(&face).await?;
    let writer = file
        .try_clone()
        .await
        .map_err(|error| Refused::ours(&error))?
        .into_std()
        .await;
    face.orchestrator
        .artifacts()
        .zip(&caller.tenant, artifact.digest, writer)
        .await
        .map_err(|error| Refused::ours(&error))?;
    let mut file = file;
    file.seek(SeekFrom::Start(0))
        .await
        .map_err(|error| Refused::ours(&error))?;
    let body = Body::from_stream(ReaderStream::new(file));
    Ok(([(CONTENT_TYPE, "application/zip")], body).into_response())
}

/// Takes a zip file of an artifact that the job makes.
pub(super) async fn upload(
    caller: Caller,
    State(face): State<Face>,
    Path((id, name)): Path<(String, String)>,
    body: Body,
) -> Result<Json<UploadedArtifact>, Refused> {
    let job: JobId = read("job", &id)?;
    // Asked before anything is written: whoever guesses fills no disk.
    let open = face.orchestrator.worker_job(&caller.tenant, job).await?;
    let file = received(&face, body).await?;
    let artifact = face
        .orchestrator
        .upload_artifact(&caller.tenant, open.job.id, &name, file.into_std().await)
        .await?;
    Ok(Json(UploadedArtifact {
        digest: artifact.digest,
        bytes: artifact.bytes,
        files: artifact.files,
    }))
}

async fn received(face: &Face, body: Body) -> Result<File, Refused> {
    let mut file = temporary(face).await?;
    let mut stream = body.into_data_stream();
    let mut bytes: u64 = 0;
    let broken = |error: axum::Error| Refused::invalid(format!("the upload broke off: {error}"));
    while let Some(piece) = stream.try_next().await.map_err(broken)? {
        bytes = bytes.saturating_add(piece.len() as u64);
        if bytes > MOST_UPLOAD {
            return Err(Refused::invalid(
                "the zip file is larger than 8 GiB; make a smaller artifact",
            ));
        }
        file.write_all(&piece)
            .await
            .map_err(|error| Refused::ours(&error))?;
    }
    file.flush().await.map_err(|error| Refused::ours(&error))?;
    file.seek(SeekFrom::Start(0))
        .await
        .map_err(|error| Refused::ours(&error))?;
    Ok(file)
}

/// Gone with its last handle. On the disk of the data directory, which has the
/// room that artifacts need.
async fn temporary(face: &Face) -> Result<File, Refused> {
    let directory = face.orchestrator.settings().work.clone();
    let made = tokio::task::spawn_blocking(move || tempfile::tempfile_in(directory)).await;
    let made = made.map_err(|error| Refused::ours(&error))?;
    Ok(File::from_std(made.map_err(|error| Refused::ours(&error))?))
}

pub(super) async fn put_revision(
    caller: Caller,
    State(face): State<Face>,
    Path((name, stage, action)): Path<(String, String, String)>,
    body: Result<Json<PutRevisionRequest>, JsonRejection>,
) -> Result<Json<PutRevisionAnswer>, Refused> {
    let Json(said) = body?;
    if said.revision_id.is_empty() || said.revision_id.len() > 1500 {
        return Err(Refused::invalid(format!(
            "revisionId: it has {} characters; write 1 to 1500",
            said.revision_id.len()
        )));
    }
    let revision = Revision {
        id: said.revision_id,
        summary: said.summary,
        url: said.url,
        created: said.created,
    };
    let put = face
        .orchestrator
        .put_action_revision(
            &caller.tenant,
            &name,
            stage,
            action,
            revision,
            &caller.principal,
        )
        .await?;
    Ok(Json(PutRevisionAnswer {
        new_revision: put.new_revision,
        pipeline_execution_id: put.execution.to_string(),
    }))
}

fn document(open: WorkerJob) -> JobDocument {
    let job = open.job;
    JobDocument {
        job_id: job.id.to_string(),
        status: open.status.to_string(),
        nonce: open.nonce.map(|nonce| nonce.to_string()),
        account_id: job.tenant.to_string(),
        action_type: job.action_type,
        pipeline_name: job.pipeline,
        pipeline_execution_id: job.execution.to_string(),
        stage: job.stage,
        action: job.action,
        action_execution_id: job.action_execution.to_string(),
        attempt: job.attempt,
        configuration: job.configuration,
        input_artifacts: job.input_artifacts,
        output_artifacts: job.output_artifacts,
        environment_variables: job.environment_variables,
        revision: job.revision,
        continuation: job.continuation,
        started: open.started,
        expires: job.deadline,
    }
}

fn read<T: FromStr>(what: &str, text: &str) -> Result<T, Refused>
where
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error| Refused::invalid(format!("{what}: {error}")))
}
