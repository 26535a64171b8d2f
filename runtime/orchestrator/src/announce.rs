//! Telling people that an approval waits: an action's `NotificationUrl` is
//! handed to the webhook provider, which runs in its sandbox like any other.

use crate::background::Background;
use crate::job_log::{JobLog, keep};
use crate::shared::Shared;
use lockgate_execution::{Approval, PipelineState};
use lockgate_model::action_type::{ActionTypeId, Category};
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
    let configuration = message(state, &approval)?;
    let mut job = Job {
        id: JobId(
            approval
                .execution
                .derive(&format!("announce {}", approval.token)),
        ),
        action_execution: approval.id,
        attempt: 1,
        tenant: state.tenant().clone(),
        pipeline: state.name().to_owned(),
        execution: approval.execution,
        stage: approval.stage,
        action: approval.action,
        action_type: ActionTypeId {
            category: Category::Invoke,
            owner: "Custom".into(),
            provider: "Webhook".into(),
            version: "1".into(),
        },
        configuration,
        input_artifacts: vec![],
        output_artifacts: vec![],
        environment_variables: vec![],
        commands: vec![],
        output_variables: vec![],
        revision: None,
        continuation: None,
        deadline: shared.clock.now().plus_seconds(SECONDS),
    };
    let teller = shared.clone();
    let task = shared.tasks.spawn(async move {
        if is_told(&teller, &job).await {
            return;
        }
        let text = match tell(&teller, &mut job).await {
            Ok(()) => TOLD.to_owned(),
            Err(reason) => format!("{NOT_TOLD}: {reason}"),
        };
        let line = LogLine {
            at: teller.clock.now(),
            level: LogLevel::Host,
            text,
        };
        keep(&teller, &job, &[line]).await;
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
        let running = shared.runner.run(job, vec![], sink);
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

/// The webhook provider's configuration; `None` where nobody is to be told.
fn message(state: &PipelineState, approval: &Approval) -> Option<BTreeMap<String, String>> {
    let stage = state
        .execution(approval.execution)?
        .stage(&approval.stage)?;
    // Variables are resolved in it.
    let given = &stage.action(&approval.action)?.input.configuration;
    let url = given.get("NotificationUrl")?;
    let mut text = format!(
        "Pipeline {} waits for approval '{}' in stage '{}' (execution {}).",
        state.name(),
        approval.action,
        approval.stage,
        approval.execution
    );
    for more in [&approval.custom_data, &approval.link]
        .into_iter()
        .flatten()
    {
        text.push('\n');
        text.push_str(more);
    }
    let mut configuration = BTreeMap::from([
        ("Url".to_owned(), url.clone()),
        ("Message".to_owned(), text),
    ]);
    if let Some(format) = given.get("NotificationFormat") {
        configuration.insert("Format".to_owned(), format.clone());
    }
    Some(configuration)
}
