//! The lines about conditions and their rules.

use super::super::output::{duration, safe};
use super::Progress;
use lockgate_execution::Event;
use lockgate_model::definition::ConditionType;
use lockgate_model::status::ConditionStatus;
use lockgate_model::time::Timestamp;

impl Progress {
    pub(super) fn condition(&mut self, at: Timestamp, by: &str, event: &Event) {
        let style = self.style;
        match event {
            Event::RuleStarted {
                stage,
                condition,
                rule,
                input,
                ..
            } => {
                let place = self.rule_place(stage, *condition, rule);
                self.started.insert(key(stage, *condition, rule), at);
                let what = style.dim(&input.action_type.to_string());
                self.say(at, &format!("{place} {what}"));
            }
            Event::RulePending {
                stage,
                condition,
                rule,
                external,
                ..
            } => {
                let place = self.rule_place(stage, *condition, rule);
                let summary = external.summary.as_deref().map(safe).unwrap_or_default();
                self.say(at, &format!("{place} cannot say yet {summary}"));
            }
            Event::RuleSucceeded {
                stage,
                condition,
                rule,
                external,
                ..
            } => {
                let place = self.rule_place(stage, *condition, rule);
                let took = self.rule_took(stage, *condition, rule, at);
                let done = style.good("succeeded");
                let summary = external.summary.as_deref().map(safe).unwrap_or_default();
                self.say(at, &format!("{place} {done} in {took} {summary}"));
            }
            Event::RuleFailed {
                stage,
                condition,
                rule,
                failure,
                ..
            } => {
                let place = self.rule_place(stage, *condition, rule);
                let took = self.rule_took(stage, *condition, rule, at);
                let done = style.bad("failed");
                let message = safe(&failure.message);
                self.say(at, &format!("{place} {done} after {took}: {message}"));
            }
            Event::RuleAbandoned {
                stage,
                condition,
                rule,
                ..
            } => {
                let place = self.rule_place(stage, *condition, rule);
                self.say(at, &format!("{place} {}", style.bad("abandoned")));
            }
            Event::ConditionEnded {
                stage,
                condition,
                status,
                result,
                ..
            } => {
                let so = result
                    .map(|result| format!(", so {}", result.as_str()))
                    .unwrap_or_default();
                let status = match status {
                    ConditionStatus::Succeeded => style.good("is met"),
                    ConditionStatus::Failed => style.bad("is not met"),
                    ConditionStatus::Errored => style.bad("could not be judged"),
                    other => other.as_str().to_owned(),
                };
                let place = format!("{} / {}", safe(stage), condition.member());
                self.say(at, &format!("{place} {status}{so}"));
            }
            Event::ConditionOverridden {
                stage,
                condition,
                resumed,
                ..
            } => {
                if *resumed {
                    self.status = None;
                    self.summary = None;
                }
                let place = format!("{} / {}", safe(stage), condition.member());
                let done = style.attention("overridden");
                self.say(at, &format!("{place} {done} by {}", safe(by)));
            }
            // That a condition is judged its rules say, in the same moment.
            _ => {}
        }
    }

    fn rule_took(&self, stage: &str, which: ConditionType, rule: &str, at: Timestamp) -> String {
        let started = self.started.get(&key(stage, which, rule));
        duration(started.map_or(0, |started| at.since(*started)))
    }
}

/// Where the start of a rule is remembered, apart from that of an action of the
/// same name.
fn key(stage: &str, condition: ConditionType, rule: &str) -> (String, String) {
    (stage.to_owned(), format!("{}\n{rule}", condition.member()))
}
