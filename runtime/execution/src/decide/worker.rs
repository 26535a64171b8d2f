//! Jobs that job workers poll for (user guide, "Create and add a custom action
//! in CodePipeline").

use super::Decision;
use crate::event::Event;
use crate::rejected::Rejected;
use crate::stage::{Work, Worker};
use crate::worker::{Found, find};
use lockgate_model::id::{JobId, Nonce};

impl Decision<'_> {
    pub(super) fn queue(&mut self, job: JobId) -> Result<(), Rejected> {
        let found = self.found(job)?;
        if let Work::Job {
            worker: Some(_), ..
        } = found.action.work
        {
            return Ok(());
        }
        let event = Event::JobQueued {
            execution: found.execution.id,
            stage: found.stage.name.clone(),
            action: found.action.name.clone(),
            job,
        };
        self.record(event)
    }

    pub(super) fn dispatch(
        &mut self,
        job: JobId,
        nonce: Nonce,
        acknowledge_within: u64,
    ) -> Result<(), Rejected> {
        let found = self.found(job)?;
        let Some(worker) = found.worker else {
            return Err(Rejected::JobNotFound { job });
        };
        if worker != Worker::Queued {
            return Err(Rejected::InvalidJobState {
                job,
                status: worker.status().as_str(),
                remedy: "poll for another",
            });
        }
        let event = Event::JobDispatched {
            execution: found.execution.id,
            stage: found.stage.name.clone(),
            action: found.action.name.clone(),
            job,
            nonce,
            until: self.request.at.plus_seconds(acknowledge_within.max(1)),
        };
        self.record(event)
    }

    pub(super) fn acknowledge(&mut self, job: JobId, nonce: Nonce) -> Result<(), Rejected> {
        let found = self.found(job)?;
        match found.worker {
            None => return Err(Rejected::JobNotFound { job }),
            Some(Worker::Dispatched { nonce: wanted, .. }) if wanted == nonce => {}
            // Also when it is begun: somebody else has it.
            Some(_) => return Err(Rejected::InvalidNonce { job }),
        }
        let event = Event::JobAcknowledged {
            execution: found.execution.id,
            stage: found.stage.name.clone(),
            action: found.action.name.clone(),
            job,
        };
        self.record(event)
    }

    fn found(&self, job: JobId) -> Result<Found<'_>, Rejected> {
        find(&self.state, job).ok_or(Rejected::JobNotFound { job })
    }
}
