//! What happens in an execution, line by line as it happens. The same for `run`
//! and for a server's feed.

mod condition;

use super::Output;
use super::output::{Style, clock, duration, line, safe};
use crate::api::FeedEntry;
use lockgate_execution::{Event, StartedWork};
use lockgate_model::definition::ConditionType;
use lockgate_model::job::LogLevel;
use lockgate_model::status::ExecutionStatus;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::RetryTrigger;
use std::collections::BTreeMap;

/// Prints entries and remembers how the execution ended.
pub struct Progress {
    output: Output,
    style: Style,
    logs: bool,
    started: BTreeMap<(String, String), Timestamp>,
    status: Option<ExecutionStatus>,
    summary: Option<String>,
}

impl Progress {
    pub fn new(output: Output) -> Self {
        Self {
            output,
            style: Style::of_stdout(),
            logs: true,
            started: BTreeMap::new(),
            status: None,
            summary: None,
        }
    }

    /// How the execution ended, if it did.
    pub fn status(&self) -> Option<ExecutionStatus> {
        self.status
    }

    pub fn show(&mut self, entry: &FeedEntry) {
        if self.output == Output::Json {
            line(&serde_json::to_string(entry).unwrap_or_default());
        }
        match entry {
            FeedEntry::Event { at, by, event, .. } => self.event(*at, by, event),
            FeedEntry::Log {
                stage,
                action,
                condition,
                at,
                level,
                text,
            } if self.logs => {
                let place = match condition {
                    Some(condition) => self.rule_place(stage, *condition, action),
                    None => self.place(stage, action),
                };
                let text = safe(text);
                let text = match level {
                    LogLevel::Info => text,
                    LogLevel::Warning => self.style.attention(&text),
                    LogLevel::Error => text,
                    LogLevel::Host => self.style.dim(&text),
                };
                self.say(*at, &format!("{place} │ {text}"));
            }
            FeedEntry::Log { .. } => {}
            FeedEntry::Broken { message } => eprintln!("error: {}", safe(message)),
        }
    }

    fn event(&mut self, at: Timestamp, by: &str, event: &Event) {
        let style = self.style;
        match event {
            Event::ExecutionStarted {
                execution,
                trigger,
                change,
                rollback,
                ..
            } => {
                let detail = safe(&trigger.trigger_detail);
                self.say(
                    at,
                    &format!(
                        "execution {execution} started: {:?} {detail}",
                        trigger.trigger_type
                    ),
                );
                if let Some(rollback) = rollback {
                    let to = format!(
                        "goes back with stage {} to execution {}",
                        safe(&rollback.stage),
                        rollback.target
                    );
                    self.say(at, &style.attention(&to));
                }
                if let Some(change) = change {
                    self.say(at, &safe(&change.verdict.to_string()));
                }
            }
            Event::ExecutionWaiting { stage, .. } => {
                self.say(
                    at,
                    &style.attention(&format!("waits in front of stage {}", safe(stage))),
                );
            }
            Event::StageEntered { stage, .. } => {
                self.say(at, &style.bold(&format!("stage {}", safe(stage))));
            }
            Event::StageRetried {
                stage,
                attempt,
                trigger,
                ..
            } => {
                self.status = None;
                self.summary = None;
                let why = match trigger {
                    RetryTrigger::AutomatedStageRetry => ", as its definition says",
                    RetryTrigger::ManualStageRetry => "",
                };
                let text = format!("stage {} again{why}, attempt {attempt}", safe(stage));
                self.say(at, &style.bold(&text));
            }
            Event::StageSkipped { stage, .. } => {
                self.say(
                    at,
                    &style.attention(&format!("stage {} is skipped", safe(stage))),
                );
            }
            Event::StageFailed {
                stage,
                reason: Some(reason),
                ..
            } => {
                let reason = format!("{}: {}", safe(stage), safe(reason));
                self.say(at, &style.bad(&reason));
                self.summary.get_or_insert(reason);
            }
            Event::ConditionStarted { .. }
            | Event::ConditionEnded { .. }
            | Event::ConditionOverridden { .. }
            | Event::RuleStarted { .. }
            | Event::RulePending { .. }
            | Event::RuleSucceeded { .. }
            | Event::RuleFailed { .. }
            | Event::RuleAbandoned { .. } => self.condition(at, by, event),
            Event::JobQueued { stage, action, .. } => {
                let waits = style.attention("waits for a job worker");
                self.say(at, &format!("{} {waits}", self.place(stage, action)));
            }
            Event::JobAcknowledged { stage, action, .. } => {
                self.say(
                    at,
                    &format!("{} begun by {}", self.place(stage, action), safe(by)),
                );
            }
            Event::ActionStarted {
                stage,
                action,
                work,
                input,
                ..
            } => {
                self.started.insert((stage.clone(), action.clone()), at);
                let what = match work {
                    StartedWork::Approval(_) => style.attention("waits for approval"),
                    StartedWork::Job(_) | StartedWork::Impossible(_) => {
                        style.dim(&format!("{}", input.action_type))
                    }
                };
                self.say(at, &format!("{} {what}", self.place(stage, action)));
            }
            Event::ActionPending {
                stage,
                action,
                percent,
                external,
                ..
            } => {
                let percent = percent
                    .map(|percent| format!(" {percent} %"))
                    .unwrap_or_default();
                let summary = external.summary.as_deref().map(safe).unwrap_or_default();
                self.say(
                    at,
                    &format!("{} goes on{percent} {summary}", self.place(stage, action)),
                );
            }
            Event::ActionSucceeded {
                stage,
                action,
                revision,
                external,
                ..
            } => {
                let took = self.took(stage, action, at);
                let what = revision
                    .as_ref()
                    .map(|r| match &r.summary {
                        Some(summary) => format!("{} {summary}", r.id),
                        None => r.id.clone(),
                    })
                    .or_else(|| external.summary.clone())
                    .unwrap_or_default();
                let done = style.good("succeeded");
                self.say(
                    at,
                    &format!(
                        "{} {done} in {took} {}",
                        self.place(stage, action),
                        safe(&what)
                    ),
                );
            }
            Event::ActionFailed {
                stage,
                action,
                failure,
                ..
            } => {
                let took = self.took(stage, action, at);
                let message = safe(&failure.message);
                self.summary.get_or_insert_with(|| {
                    format!("{} / {}: {message}", safe(stage), safe(action))
                });
                let done = style.bad("failed");
                self.say(
                    at,
                    &format!(
                        "{} {done} after {took}: {message}",
                        self.place(stage, action)
                    ),
                );
            }
            Event::ActionAbandoned { stage, action, .. } => {
                self.say(
                    at,
                    &format!("{} {}", self.place(stage, action), style.bad("abandoned")),
                );
            }
            Event::ApprovalAnswered {
                stage,
                action,
                approved,
                summary,
                ..
            } => {
                let word = if *approved { "approved" } else { "rejected" };
                let summary = safe(summary);
                self.say(
                    at,
                    &format!(
                        "{} {word} by {} {summary}",
                        self.place(stage, action),
                        safe(by)
                    ),
                );
            }
            Event::ExecutionStopping { reason, .. } | Event::ExecutionCancelling { reason, .. } => {
                self.say(at, &style.attention(&format!("stopping: {}", safe(reason))));
            }
            Event::ExecutionSucceeded { .. } => self.end(at, ExecutionStatus::Succeeded),
            Event::ExecutionFailed { .. } => self.end(at, ExecutionStatus::Failed),
            Event::ExecutionStopped { .. } => self.end(at, ExecutionStatus::Stopped),
            Event::ExecutionCancelled { .. } => self.end(at, ExecutionStatus::Cancelled),
            Event::ExecutionSuperseded { by, .. } => {
                self.summary = Some(format!("execution {by} took its place"));
                self.end(at, ExecutionStatus::Superseded);
            }
            _ => {}
        }
    }

    fn end(&mut self, at: Timestamp, status: ExecutionStatus) {
        self.status = Some(status);
        let summary = self
            .summary
            .as_deref()
            .map(|text| format!(": {text}"))
            .unwrap_or_default();
        self.say(
            at,
            &format!("execution {}{summary}", self.style.status(status.as_str())),
        );
    }

    fn took(&self, stage: &str, action: &str, at: Timestamp) -> String {
        let started = self.started.get(&(stage.to_owned(), action.to_owned()));
        duration(started.map_or(0, |started| at.since(*started)))
    }

    pub(super) fn rule_place(&self, stage: &str, condition: ConditionType, rule: &str) -> String {
        format!("{} / {} / {}", safe(stage), condition.member(), safe(rule))
    }

    fn place(&self, stage: &str, action: &str) -> String {
        format!("{} / {}", safe(stage), safe(action))
    }

    fn say(&self, at: Timestamp, text: &str) {
        if self.output == Output::Text {
            line(&format!(
                "{}  {}",
                self.style.dim(&clock(at)),
                text.trim_end()
            ));
        }
    }
}
