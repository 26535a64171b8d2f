//! An execution as text: what it runs, and for each stage its conditions with
//! their rules, and its actions.

use super::output::{Style, date_time, duration, safe};
use crate::api::{ActionSummary, ExecutionDocument, RuleSummary, StageSummary};
use lockgate_execution::StartedChange;
use lockgate_model::definition::ConditionType;
use lockgate_model::trigger::{ExecutionType, RetryTrigger};
use lockgate_orchestrator::ConditionDetail;

/// Everything that is known of an execution.
pub fn execution(document: &ExecutionDocument) -> String {
    let style = Style::of_stdout();
    let mut text = head(document, style);
    for stage in &document.stages {
        text.push('\n');
        text.push_str(&self::stage(document, stage, style));
    }
    text
}

fn head(document: &ExecutionDocument, style: Style) -> String {
    let execution = &document.execution;
    let detail = &execution.detail;
    let mode = document
        .execution_mode
        .map(|mode| format!(", mode {}", mode.as_str()))
        .unwrap_or_default();
    let mut text = format!(
        "execution  {}\npipeline   {}, version {}{mode}\nstatus     {}\nstarted    {} by {:?} {}\n",
        execution.pipeline_execution_id,
        safe(&document.pipeline_name),
        execution.pipeline_version,
        style.status(&execution.status),
        date_time(execution.started),
        detail.trigger.trigger_type,
        safe(&detail.trigger.trigger_detail),
    );
    let mut more = |name: &str, value: String| {
        text.push_str(&format!("{name:<10} {}\n", safe(&value)));
    };
    if detail.execution_type == ExecutionType::Rollback
        && let Some(rollback) = &detail.rollback
    {
        let because = rollback
            .failed
            .map(|failed| format!(", because {failed} failed"))
            .unwrap_or_default();
        more(
            "rollback",
            format!(
                "of stage {} to {}{because}",
                rollback.stage, rollback.target
            ),
        );
    }
    if detail.attempt > 1 {
        more("attempt", detail.attempt.to_string());
    }
    if let Some(change) = &detail.change {
        more("change", started_change(change));
    }
    match &detail.stop_trigger {
        Some(stop) => {
            let how = if stop.abandon { ", abandoning" } else { "" };
            let reason = match stop.reason.as_str() {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            more("stopped", format!("by {}{how}{reason}", stop.by));
        }
        None => {
            if let Some(summary) = &detail.status_summary {
                more("summary", summary.clone());
            }
        }
    }
    if let Some(stage) = &detail.waiting_for {
        more("waits for", stage.clone());
    }
    if let Some(by) = detail.superseded_by {
        more("superseded", format!("by {by}"));
    }
    if let Some(by) = detail.rolled_back_by {
        more("rolledback", format!("by {by}"));
    }
    for (artifact, revision) in &detail.revisions {
        let summary = revision.summary.as_deref().unwrap_or_default();
        more("revision", format!("{artifact}: {} {summary}", revision.id));
    }
    for (name, value) in detail.variables.iter() {
        more("variable", format!("{name}={value}"));
    }
    text
}

fn started_change(started: &StartedChange) -> String {
    let mut text = started.verdict.to_string();
    if let Some(author) = &started.change.author
        && let Some(name) = author.name.as_ref().or(author.email.as_ref())
    {
        text.push_str(&format!(" (by {name})"));
    }
    text
}

fn stage(document: &ExecutionDocument, stage: &StageSummary, style: Style) -> String {
    let detail = &stage.detail;
    let mut again = vec![];
    if detail.attempt > 1 {
        again.push(format!("attempt {}", detail.attempt));
    }
    if let Some(latest) = detail.retries.latest {
        again.push(match latest {
            RetryTrigger::AutomatedStageRetry => "retried automatically".to_owned(),
            RetryTrigger::ManualStageRetry => "retried by hand".to_owned(),
        });
    }
    let mut text = format!(
        "{} {}",
        style.bold(&safe(&stage.name)),
        style.status(&stage.status)
    );
    if !again.is_empty() {
        text.push_str(&format!("  ({})", again.join(", ")));
    }
    text.push('\n');
    if let Some(reason) = &detail.reason {
        text.push_str(&format!("  {}\n", safe(reason)));
    }
    let conditions = |which: ConditionType| {
        detail
            .conditions
            .iter()
            .filter(move |asked| asked.condition == which)
            .map(|asked| condition(document, &stage.name, asked, style))
            .collect::<String>()
    };
    text.push_str(&conditions(ConditionType::BeforeEntry));
    for action in &document.actions {
        if action.stage == stage.name {
            text.push_str(&self::action(action, style));
        }
    }
    text.push_str(&conditions(ConditionType::OnSuccess));
    text.push_str(&conditions(ConditionType::OnFailure));
    text
}

/// A condition and the rules of its last run; earlier runs stand in JSON.
fn condition(
    document: &ExecutionDocument,
    stage: &str,
    asked: &ConditionDetail,
    style: Style,
) -> String {
    let mut text = format!("  {}", condition_line(asked, style));
    text.push('\n');
    let rules = document.rules.iter().filter(|rule| {
        let id = &rule.rule_execution_id;
        rule.stage == stage
            && asked
                .rules
                .iter()
                .any(|known| known.rule_execution_id.to_string() == *id)
    });
    for rule in rules {
        text.push_str(&self::rule(rule, style));
    }
    text
}

/// `beforeEntry Failed, so FAIL`
pub fn condition_line(asked: &ConditionDetail, style: Style) -> String {
    let mut text = format!(
        "{} {}",
        asked.condition.member(),
        style.status(asked.status.as_str())
    );
    if let Some(result) = asked.result {
        text.push_str(&format!(", so {}", result.as_str()));
    }
    if let Some(by) = &asked.overridden_by {
        text.push_str(&format!(" by {}", safe(&by.to_string())));
    }
    text
}

fn rule(rule: &RuleSummary, style: Style) -> String {
    let ended = rule.detail.ended.unwrap_or(rule.updated);
    let failure = rule.detail.failure.as_ref();
    let what = failure
        .map(|failure| failure.message.as_str())
        .or(rule.detail.external.summary.as_deref())
        .unwrap_or_default();
    let line = format!(
        "    {}  {}  {}  {}",
        safe(&rule.name),
        style.status(&rule.status),
        duration(ended.since(rule.started)),
        safe(what)
    );
    format!("{}\n", line.trim_end())
}

fn action(action: &ActionSummary, style: Style) -> String {
    let detail = &action.detail;
    let ended = detail.ended.unwrap_or(action.updated);
    let failure = detail.failure.as_ref();
    let what = failure
        .map(|failure| failure.message.as_str())
        .or(detail.external.summary.as_deref())
        .unwrap_or_default();
    let mut text = format!(
        "  {}  {}  {}  {}\n",
        safe(&action.name),
        style.status(&action.status),
        duration(ended.since(action.started)),
        safe(what)
    );
    if let Some(url) = &detail.external.url {
        text.push_str(&format!("    {}\n", safe(url)));
    }
    if let Some(worker) = detail.worker
        && detail.ended.is_none()
    {
        text.push_str(&format!("    for job workers: {worker}\n"));
    }
    text
}
