//! Telling people that an approval waits: its letters are handed to the webhook
//! provider, which runs in its sandbox like any other. To whom they go and what
//! they say is known elsewhere.

use crate::background::Background;
use crate::job_log::{JobLog, keep};
use crate::notification::approval::{Letters, letters};
use crate::notification::delivery::{Subject, job};
use crate::runner;
use crate::shared::Shared;
use lockgate_execution::{Approval, PipelineState};
use lockgate_model::id::JobId;
use lockgate_model::job::{Job, LogLevel, LogLine, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a provider that answers "not yet" is asked again.
const ATTEMPTS: u32 = 5;
/// Seconds that one announcement may take.
const SECONDS: u64 = 60;
/// What the approval's log says afterwards. A restart reads it there, so that
/// nobody is told twice.
const TOLD: &str = "somebody was told of this approval";
const NOT_TOLD: &str = "nobody could be told of this approval";
/// Lines of the log that are searched for it.
const LINES: u32 = 500;

/// Tells once, in the background, for as long as the approval is open. A failure
/// is a line in the approval's log: the approval itself can be answered all the
/// same. None where nobody is to be told.
pub(crate) fn announce(
    shared: &Arc<Shared>,
    state: &PipelineState,
    approval: Approval,
) -> Option<Background> {
    let Letters { letters, problems } = letters(shared, state, &approval);
    if letters.is_empty() && problems.is_empty() {
        return None;
    }
    let id = approval
        .execution
        .derive(&format!("announce {}", approval.token));
    let subject = Subject {
        tenant: state.tenant().clone(),
        pipeline: state.name().to_owned(),
        execution: approval.execution,
        stage: approval.stage,
        action: approval.action,
        // Its log is the approval's.
        key: approval.id.0,
    };
    let mut job = job(subject, BTreeMap::new());
    job.id = JobId(id);
    let teller = shared.clone();
    let task = shared.tasks.spawn(async move {
        if is_told(&teller, &job).await {
            return;
        }
        let mut lines: Vec<String> = problems
            .into_iter()
            .map(|problem| format!("{NOT_TOLD}: {problem}"))
            .collect();
        for letter in letters {
            let mut job = Job {
                configuration: letter,
                ..job.clone()
            };
            lines.push(match tell(&teller, &mut job).await {
                Ok(()) => TOLD.to_owned(),
                Err(reason) => format!("{NOT_TOLD}: {reason}"),
            });
        }
        // All at once: half of them would stand for the whole.
        let at = teller.clock.now();
        let line = |text| LogLine {
            at,
            level: LogLevel::Host,
            text,
        };
        let lines: Vec<LogLine> = lines.into_iter().map(line).collect();
        keep(&teller, &job, &lines).await;
    });
    Some(Background::new(&task))
}

async fn is_told(shared: &Shared, job: &Job) -> bool {
    let lines = shared
        .store
        .read_logs(&job.tenant, job.action_execution, 0, LINES)
        .await;
    lines.is_ok_and(|lines| {
        lines.iter().map(|stored| &stored.line).any(|line| {
            line.level == LogLevel::Host
                && (line.text.starts_with(TOLD) || line.text.starts_with(NOT_TOLD))
        })
    })
}

/// The reason where it cannot be done.
async fn tell(shared: &Shared, job: &mut Job) -> Result<(), String> {
    for attempt in 1..=ATTEMPTS {
        job.attempt = attempt;
        job.deadline = shared.clock.now().plus_seconds(SECONDS);
        let (sink, mut log) = JobLog::open();
        let running = runner::run(&*shared.runner, job, sink);
        let outcome = log.keep_while(shared, job, running).await;
        log.end(shared, job, None).await;
        match outcome {
            Outcome::Succeeded(_) => return Ok(()),
            Outcome::Failed(failure) => return Err(failure.message),
            Outcome::Pending(pending) => {
                job.continuation = Some(pending.continuation);
                let again = shared.clock.now();
                let again = again.plus_seconds(u64::from(pending.poll_after.max(1)));
                shared.clock.sleep_until(again).await;
            }
        }
    }
    Err("the provider did not end".to_owned())
}
