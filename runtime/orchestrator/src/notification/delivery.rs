//! One letter on its way: the webhook provider is run, and run again for as long
//! as it says that it is not done. Knows neither rules nor events; announcements
//! of approvals go this way too.

use super::letter::Letter;
use crate::runner::{self, LogSink};
use crate::shared::Shared;
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId, TenantId};
use lockgate_model::job::{Failure, FailureType, Job, LogLevel, Outcome};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

/// How often a provider that answers "not yet" is asked again.
const ATTEMPTS: u32 = 20;
/// Characters of a failure that are kept.
const LONGEST_REASON: usize = 1000;
/// Seconds that one attempt may take.
const SECONDS: u64 = 60;

/// What a letter is about.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) tenant: TenantId,
    pub(crate) pipeline: String,
    pub(crate) execution: ExecutionId,
    pub(crate) stage: String,
    pub(crate) action: String,
    /// The same for every delivery of the same letter: the receiver finds it in
    /// the `Idempotency-Key` header.
    pub(crate) key: Uuid,
}

/// The one job that posts a letter.
pub(crate) fn job(subject: Subject, letter: Letter) -> Job {
    Job {
        id: JobId(subject.key),
        action_execution: ActionExecutionId(subject.key),
        attempt: 1,
        tenant: subject.tenant,
        pipeline: subject.pipeline,
        execution: subject.execution,
        stage: subject.stage,
        action: subject.action,
        condition: None,
        action_type: webhook(),
        configuration: letter,
        input_artifacts: vec![],
        output_artifacts: vec![],
        environment_variables: vec![],
        commands: vec![],
        output_variables: vec![],
        revision: None,
        continuation: None,
        deadline: Default::default(),
    }
}

fn webhook() -> ActionTypeId {
    ActionTypeId {
        category: Category::Invoke,
        owner: "Custom".into(),
        provider: "Webhook".into(),
        version: "1".into(),
    }
}

/// Runs the provider until it has an answer; what it said, where it was
/// delivered. `turns` are waited for, one after the other, for every attempt
/// alone: waiting between two attempts takes nobody's turn.
///
/// # Errors
/// Why it was not delivered.
pub(super) async fn deliver(
    shared: &Shared,
    job: &mut Job,
    turns: &[&Semaphore],
) -> Result<String, Failure> {
    for attempt in 1..=ATTEMPTS {
        let mut taken: Vec<SemaphorePermit<'_>> = vec![];
        for turn in turns {
            match turn.acquire().await {
                Ok(permit) => taken.push(permit),
                // Closed with the server: nobody goes on from here.
                Err(_) => std::future::pending().await,
            }
        }
        match once(shared, job, attempt).await {
            Outcome::Succeeded(success) => {
                return Ok(success.external.summary.unwrap_or_default());
            }
            Outcome::Failed(failure) => return Err(failure),
            Outcome::Pending(pending) => {
                drop(taken);
                job.continuation = Some(pending.continuation);
                let again = shared.clock.now();
                let again = again.plus_seconds(u64::from(pending.poll_after.max(1)));
                shared.clock.sleep_until(again).await;
            }
        }
    }
    Err(Failure::new(
        FailureType::SystemUnavailable,
        format!("the provider did not end within {ATTEMPTS} attempts"),
    ))
}

/// One attempt. Nobody reads its log, so what the host says there of a failure
/// goes with the failure.
pub(super) async fn once(shared: &Shared, job: &mut Job, attempt: u32) -> Outcome {
    job.attempt = attempt;
    job.deadline = shared.clock.now().plus_seconds(SECONDS);
    let (sink, mut lines): (LogSink, _) = tokio::sync::mpsc::unbounded_channel();
    let mut outcome = runner::run(&*shared.runner, job, sink).await;
    if let Outcome::Failed(failure) = &mut outcome {
        while let Ok(line) = lines.try_recv() {
            if line.level == LogLevel::Host && !failure.message.contains(&line.text) {
                failure.message.push_str("; ");
                failure.message.push_str(&line.text);
            }
        }
        let end = failure.message.char_indices().nth(LONGEST_REASON);
        failure
            .message
            .truncate(end.map_or(usize::MAX, |(at, _)| at));
    }
    outcome
}
