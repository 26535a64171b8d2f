//! The answer of a job, until it is on disk or nobody wants it.

use super::Owner;
use super::decide::More;
use crate::error::OrchestratorError;
use lockgate_execution::{Command, Rejected};
use lockgate_model::id::{JobId, Principal};
use lockgate_model::job::{Failure, FailureType, Outcome};
use lockgate_store::StoreError;

impl Owner {
    /// Puts a job's answer on disk. A disk that is full now may have room later,
    /// and the work is done: the answer waits, and everything else goes on.
    pub(super) async fn finish(&mut self, job: JobId, attempt: u32, outcome: Outcome) {
        let Some((mut outcome, mut error)) = self.try_finish(job, attempt, outcome).await else {
            return;
        };
        // Our lease is void and the core still waits: it counts.
        if let OrchestratorError::Store(StoreError::Stale { .. }) = error {
            self.tokens.remove(&job);
            match self.try_finish(job, attempt, outcome).await {
                Some(again) => (outcome, error) = again,
                None => return,
            }
        }
        match error {
            OrchestratorError::Rejected(Rejected::StaleJob { .. }) => {
                tracing::debug!(%job, "a late answer was dropped");
                return;
            }
            OrchestratorError::Store(StoreError::Closed) => return,
            OrchestratorError::Store(
                StoreError::Full(_) | StoreError::Io { .. } | StoreError::Conflict { .. },
            )
            | OrchestratorError::Damaged { .. } => {
                tracing::error!(pipeline = self.key.1, %job, %error, "a job's answer waits for the disk");
                self.unkept.insert(job, (attempt, outcome));
                self.try_again_later();
                return;
            }
            _ => {}
        }
        // An answer that can never be kept must not leave the action waiting.
        tracing::error!(pipeline = self.key.1, %job, %error, "a job's answer was refused");
        let failure = Failure::new(
            FailureType::SystemUnavailable,
            format!("the provider's answer could not be kept: {error}"),
        );
        let substitute = self
            .try_finish(job, attempt, Outcome::Failed(failure))
            .await;
        if let Some((_, error)) = substitute {
            tracing::error!(pipeline = self.key.1, %job, %error, "the action waits until its time is over");
        }
    }

    /// Gives the answer back where it was not kept.
    async fn try_finish(
        &mut self,
        job: JobId,
        attempt: u32,
        outcome: Outcome,
    ) -> Option<(Outcome, OrchestratorError)> {
        let command = Command::JobFinished {
            job,
            attempt,
            outcome,
        };
        let request = self.request(Principal::server(), command);
        let more = More {
            finished: Some(job),
            ..More::default()
        };
        // Whatever else happens meanwhile, it is not to be done again.
        self.answering = Some(job);
        let decided = self.decide(&request, more).await;
        self.answering = None;
        let error = decided.err()?;
        match request.command {
            Command::JobFinished { outcome, .. } => Some((outcome, error)),
            _ => None,
        }
    }
}
