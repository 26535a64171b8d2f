//! What happens to a job that job workers do.

use super::Missing;
use super::find::{action_run, held};
use crate::event::{Event, Recorded};
use crate::stage::{Work, Worker};
use crate::state::PipelineState;

pub(super) fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    let (Event::JobQueued {
        execution,
        stage,
        action,
        job,
    }
    | Event::JobDispatched {
        execution,
        stage,
        action,
        job,
        ..
    }
    | Event::JobAcknowledged {
        execution,
        stage,
        action,
        job,
    }) = &recorded.event
    else {
        // The caller hands over such jobs' events only.
        return Ok(());
    };
    let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
    let Work::Job { id, worker, .. } = &mut run.work else {
        return Err(format!("job {job}"));
    };
    if id != job {
        return Err(format!("job {job}"));
    }
    *worker = Some(match (&recorded.event, *worker) {
        (Event::JobDispatched { nonce, until, .. }, _) => Worker::Dispatched {
            nonce: *nonce,
            until: *until,
        },
        (Event::JobAcknowledged { .. }, Some(Worker::Dispatched { nonce, .. })) => {
            Worker::Acknowledged { nonce }
        }
        (Event::JobAcknowledged { .. }, _) => return Err(format!("dispatched job {job}")),
        _ => Worker::Queued,
    });
    Ok(())
}
