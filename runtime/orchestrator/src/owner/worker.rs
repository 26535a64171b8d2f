//! Jobs that are for job workers: queued instead of run, and posted where polls
//! find them.

use super::Owner;
use super::decide::More;
use crate::board::Posted;
use crate::error::OrchestratorError;
use lockgate_execution::{Command, Event, Recorded, worker_jobs};
use lockgate_model::id::Principal;
use lockgate_model::job::Job;
use lockgate_model::status::JobStatus;

impl Owner {
    pub(super) fn is_for_workers(&self, job: &Job) -> bool {
        let catalogue = self.shared.catalogue(self.state.tenant());
        catalogue
            .get(&job.action_type)
            .is_some_and(|known| known.worker)
    }

    pub(super) async fn queue(&mut self, job: Box<Job>) {
        let command = Command::QueueJob { job: job.id };
        match self
            .ask(Principal::server(), command, More::default())
            .await
        {
            Ok(()) => {}
            // It was given up meanwhile.
            Err(OrchestratorError::Rejected(_)) => {}
            Err(error) => {
                tracing::error!(pipeline = self.key.1, job = %job.id, %error, "a job cannot be offered yet");
                self.unoffered.insert(job.id, job);
                self.try_again_later();
            }
        }
    }

    /// Tells the board what these events changed of it.
    pub(super) fn post(&mut self, events: &[Recorded]) {
        let queued = |recorded: &Recorded| matches!(recorded.event, Event::JobQueued { .. });
        if self.on_board || events.iter().any(queued) {
            self.post_all();
        }
    }

    /// Tells the board all that job workers can do here.
    pub(super) fn post_all(&mut self) {
        let posted: Vec<Posted> = worker_jobs(&self.state)
            .map(|open| Posted {
                job: open.job.id,
                action_type: open.job.action_type,
                started: open.started,
                waits: open.status == JobStatus::Queued,
            })
            .collect();
        if self.on_board || !posted.is_empty() {
            self.on_board = !posted.is_empty();
            self.shared.board.post(&self.key, posted);
        }
    }
}
