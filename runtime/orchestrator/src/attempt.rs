//! One attempt at one action: directories made, artifacts laid out, the
//! provider run, its log kept, what it made collected, the owner told.

use crate::conceal::conceal;
use crate::job_log::JobLog;
use crate::owner::Message;
use crate::owners::Mailbox;
use crate::runner::LogSink;
use crate::shared::Shared;
use crate::workspace::Workspace;
use futures::FutureExt;
use lockgate_model::job::{Failure, FailureType, Job, Outcome};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Runs the job and tells its owner. The owner that drops the other end of
/// `unwanted` does not want it any more: the provider is ended at once, its last
/// words are kept, its directories removed, and nobody is told.
pub(crate) async fn attempt(
    shared: Arc<Shared>,
    job: Job,
    owner: Mailbox,
    mut unwanted: oneshot::Receiver<()>,
) {
    let slot = tokio::select! {
        biased;
        _ = &mut unwanted => return,
        slot = shared.slots.acquire() => slot,
    };
    // Closed when the server ends; the job is due again at the next start.
    let Ok(_slot) = slot else { return };
    let mut workspace = Workspace::of(&shared, &job);
    let (sink, mut log) = JobLog::open();
    let performed = perform(&shared, &job, &mut workspace, (sink, &mut log), unwanted);
    let outcome = AssertUnwindSafe(performed)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            Some(Outcome::Failed(Failure::new(
                FailureType::SystemUnavailable,
                "the server itself failed while it ran this action; its own log has the details",
            )))
        });
    let outcome = outcome.map(|outcome| conceal(outcome, &job, &shared.catalogue(&job.tenant)));
    let mut cache = workspace.let_go_of_cache();
    // Before the owner is told: what it starts next may want the cache.
    if outcome.is_some()
        && let Some(cache) = cache.take()
        && let Some(text) = cache.settle().await
    {
        log.drain();
        log.say(&shared, text);
    }
    log.end(&shared, &job, outcome.as_ref()).await;
    if let Some(outcome) = outcome {
        // An owner that is gone has ended with the server.
        let _ = owner.send(Message::Finished {
            job: job.id,
            attempt: job.attempt,
            outcome,
        });
    }
    workspace.remove().await;
    // What a command that was killed still writes, it writes before now.
    if let Some(cache) = cache {
        cache.settle().await;
    }
}

/// None where nobody wants the outcome.
async fn perform(
    shared: &Shared,
    job: &Job,
    workspace: &mut Workspace,
    (sink, log): (LogSink, &mut JobLog),
    unwanted: oneshot::Receiver<()>,
) -> Option<Outcome> {
    if workspace.misses_its_cache() {
        log.say(
            shared,
            "an earlier attempt at this action has not ended yet and has its cache; this one runs without",
        );
    }
    if let Err(failure) = workspace.lay_out(shared, job).await {
        return Some(Outcome::Failed(failure));
    }
    let work = async {
        let running = shared.runner.run(job, workspace.directories(), sink);
        let outcome = log.keep_while(shared, job, running).await;
        collect(shared, job, workspace, outcome).await
    };
    tokio::select! {
        biased;
        _ = unwanted => None,
        outcome = work => Some(outcome),
    }
}

/// Puts what the provider made into its success.
async fn collect(shared: &Shared, job: &Job, workspace: &Workspace, outcome: Outcome) -> Outcome {
    let Outcome::Succeeded(mut success) = outcome else {
        return outcome;
    };
    let fetched = success.revision.as_ref().map(|revision| &revision.id);
    let inherited = || {
        let mut inputs = job.input_artifacts.iter();
        inputs.find_map(|artifact| artifact.revision.as_ref())
    };
    let revision = fetched.or_else(inherited);
    match workspace.collect(shared, job, revision).await {
        Ok(artifacts) => {
            success.artifacts = artifacts;
            Outcome::Succeeded(success)
        }
        Err(failure) => Outcome::Failed(failure),
    }
}
