//! The capability `pipelines`: a guest starts another pipeline of its tenant,
//! where a grant names it. What starting means, who may be started so and how
//! often is the business of whoever gives the door; the host checks the grant,
//! bounds what is handed over, and lets one job knock a few times only.

use crate::contract::imports::pipelines;
use crate::contract::imports::types::Pair;
use crate::store::JobState;
use futures::future::BoxFuture;
use lockgate_model::trigger::{SourceRevision, SourceRevisionType};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Starts that one job may ask for.
const MAX_STARTS: u32 = 20;
/// Bytes of variables and revisions in one of them.
const MAX_BYTES: usize = 128 << 10;

/// A pipeline that a job wants to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineStart {
    /// Its name.
    pub pipeline: String,
    /// Values of its variables.
    pub variables: BTreeMap<String, String>,
    /// Revisions that its sources take instead of the newest.
    pub source_revisions: Vec<SourceRevision>,
}

/// A pipeline that was not started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PipelineStartError {
    /// There is none of this name.
    #[error("{0}")]
    NotFound(String),
    /// It cannot be started so.
    #[error("{0}")]
    Invalid(String),
    /// Our side.
    #[error("{0}")]
    Failed(String),
}

type Started = Result<String, PipelineStartError>;
type Door = Arc<dyn Fn(PipelineStart) -> BoxFuture<'static, Started> + Send + Sync>;

/// Where pipelines are started for one job. The same pipeline asked for again by
/// the same action execution must be answered with the same execution.
#[derive(Clone)]
pub struct Pipelines(Option<Door>);

impl Pipelines {
    /// There are none.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Starts them so; the answer is the id of the execution.
    pub fn new(
        start: impl Fn(PipelineStart) -> BoxFuture<'static, Started> + Send + Sync + 'static,
    ) -> Self {
        Self(Some(Arc::new(start)))
    }
}

impl fmt::Debug for Pipelines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipelines")
    }
}

impl pipelines::Host for JobState {
    async fn start(
        &mut self,
        name: String,
        variables: Vec<Pair>,
        source_revisions: Vec<pipelines::SourceRevision>,
    ) -> wasmtime::Result<Result<String, pipelines::Error>> {
        let shown: String = name.chars().take(100).collect();
        if !self.shared.grant().starts(&name) {
            return Ok(Err(pipelines::Error::Denied(self.shared.denied(
                &format!("starting the pipeline '{shown}'"),
                &format!("pipeline={shown}"),
            ))));
        }
        self.starts = self.starts.saturating_add(1);
        if self.starts > MAX_STARTS {
            return Ok(Err(pipelines::Error::Invalid(format!(
                "a job may ask for {MAX_STARTS} starts of pipelines: spread them over several actions"
            ))));
        }
        if bytes(&variables, &source_revisions) > MAX_BYTES {
            return Ok(Err(pipelines::Error::Invalid(format!(
                "the variables and revisions for the pipeline '{shown}' have more than {MAX_BYTES} bytes: hand over less, or an artifact's place"
            ))));
        }
        let Some(door) = self.pipelines.0.clone() else {
            return Ok(Err(pipelines::Error::NotFound(format!(
                "there is no pipeline '{shown}' here: this host runs single jobs"
            ))));
        };
        let start = PipelineStart {
            pipeline: name,
            variables: variables
                .into_iter()
                .map(|pair| (pair.name, pair.value))
                .collect(),
            source_revisions: source_revisions
                .into_iter()
                .map(|revision| SourceRevision {
                    action_name: revision.action_name,
                    revision_id: revision.revision_id,
                    revision_type: revision.revision_type.map(revision_type),
                })
                .collect(),
        };
        Ok(door(start).await.map_err(|error| match error {
            PipelineStartError::NotFound(text) => pipelines::Error::NotFound(text),
            PipelineStartError::Invalid(text) => pipelines::Error::Invalid(text),
            PipelineStartError::Failed(text) => pipelines::Error::Failed(text),
        }))
    }
}

fn revision_type(kind: pipelines::RevisionType) -> SourceRevisionType {
    match kind {
        pipelines::RevisionType::CommitId => SourceRevisionType::CommitId,
        pipelines::RevisionType::ImageDigest => SourceRevisionType::ImageDigest,
        pipelines::RevisionType::S3ObjectVersionId => SourceRevisionType::S3ObjectVersionId,
        pipelines::RevisionType::S3ObjectKey => SourceRevisionType::S3ObjectKey,
    }
}

fn bytes(variables: &[Pair], revisions: &[pipelines::SourceRevision]) -> usize {
    let variables = variables
        .iter()
        .map(|pair| pair.name.len() + pair.value.len() + 8);
    let revisions = revisions
        .iter()
        .map(|revision| revision.action_name.len() + revision.revision_id.len() + 8);
    variables.chain(revisions).sum()
}
