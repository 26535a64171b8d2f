//! Telling people that an approval waits: an action's `NotificationUrl` is
//! handed to the webhook provider, which runs in its sandbox like any other.

use crate::runner::LogSink;
use crate::shared::Shared;
use lockgate_execution::{Approval, PipelineState};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::id::JobId;
use lockgate_model::job::{Job, LogLine, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;

/// How often a provider that answers "not yet" is asked again.
const ATTEMPTS: u32 = 5;
/// Seconds that one announcement may take.
const SECONDS: u64 = 60;

/// Tells once, in the background. A failure is a line in the approval's log:
/// the approval itself can be answered all the same.
pub(crate) fn announce(shared: &Arc<Shared>, state: &PipelineState, approval: Approval) {
    let Some(configuration) = message(state, &approval) else {
        return;
    };
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
    let shared = shared.clone();
    tokio::spawn(async move {
        for attempt in 1..=ATTEMPTS {
            job.attempt = attempt;
            job.deadline = shared.clock.now().plus_seconds(SECONDS);
            let (log, lines) = mpsc::unbounded_channel();
            let outcome = run(&shared, &job, log, lines).await;
            match outcome {
                Outcome::Succeeded(_) => return,
                Outcome::Pending(pending) => {
                    job.continuation = Some(pending.continuation);
                    let wait = u64::from(pending.poll_after);
                    shared
                        .clock
                        .sleep_until(shared.clock.now().plus_seconds(wait))
                        .await;
                }
                Outcome::Failed(failure) => {
                    let line = LogLine {
                        at: shared.clock.now(),
                        level: lockgate_model::job::LogLevel::Host,
                        text: format!("nobody could be told of this approval: {}", failure.message),
                    };
                    keep(&shared, &job, vec![line]).await;
                    return;
                }
            }
        }
    });
}

async fn run(
    shared: &Shared,
    job: &Job,
    log: LogSink,
    mut lines: mpsc::UnboundedReceiver<LogLine>,
) -> Outcome {
    let collect = async {
        let mut all = Vec::new();
        while let Some(line) = lines.recv().await {
            all.push(line);
        }
        all
    };
    let (outcome, lines) = tokio::join!(shared.runner.run(job, vec![], log), collect);
    if !lines.is_empty() {
        keep(shared, job, lines).await;
    }
    outcome
}

async fn keep(shared: &Shared, job: &Job, lines: Vec<LogLine>) {
    let kept = shared
        .store
        .append_logs(&job.tenant, job.action_execution, job.attempt, &lines)
        .await;
    if let Err(error) = kept {
        tracing::warn!(job = %job.id, %error, "log lines were not kept");
    }
    shared.ring(job.execution);
}

/// The webhook provider's configuration; `None` where nobody is to be told.
fn message(state: &PipelineState, approval: &Approval) -> Option<BTreeMap<String, String>> {
    let definition = state.definition_of(state.execution(approval.execution)?)?;
    let (_, stage) = definition.stage(&approval.stage)?;
    let given = &stage.action(&approval.action)?.configuration;
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
