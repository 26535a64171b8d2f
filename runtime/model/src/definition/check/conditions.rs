//! Which results may follow where, and what a condition's rules may be (user
//! guide, "Configure conditions for a stage").

use super::Search;
use super::work::{Judge, Work};
use crate::definition::problem::{listed, quoted};
use crate::definition::{
    Condition, ConditionResult, ConditionType, ExecutionMode, FailureConditions, Stage,
};

/// The providers whose rules may pass over a stage.
const MAY_SKIP: [&str; 2] = ["LambdaInvoke", "VariableCheck"];

/// The provider whose rules run commands.
const COMMANDS: &str = "Commands";

/// What a condition may lead to.
fn results(when: ConditionType) -> &'static [ConditionResult] {
    match when {
        ConditionType::BeforeEntry => &[ConditionResult::Fail, ConditionResult::Skip],
        ConditionType::OnSuccess => &[ConditionResult::Rollback, ConditionResult::Fail],
        ConditionType::OnFailure => &[ConditionResult::Rollback],
    }
}

impl Search<'_> {
    pub(super) fn conditions(&mut self, index: usize, stage: &Stage) {
        for when in ConditionType::ALL {
            for (position, condition) in stage.conditions(when).iter().enumerate() {
                let path = format!("stages[{index}].{}.conditions[{position}]", when.member());
                self.result(index, when, condition, &path);
                self.rule_names(condition, &path);
            }
        }
        if let Some(failure) = &stage.on_failure {
            self.failure(index, failure);
        }
    }

    fn result(&mut self, stage: usize, when: ConditionType, condition: &Condition, path: &str) {
        let Some(result) = condition.result else {
            return;
        };
        let path = format!("{path}.result");
        if !results(when).contains(&result) {
            let known = results(when).iter().map(|known| known.as_str());
            self.note(
                path,
                format!(
                    "'{}' is not a result of a condition in {}; write {}",
                    result.as_str(),
                    when.member(),
                    listed(known, "or")
                ),
            );
        } else if result == ConditionResult::Rollback {
            let instead = match when {
                ConditionType::OnFailure => "remove the condition",
                _ => "write \"FAIL\"",
            };
            self.rollback(stage, path, instead);
        } else if result == ConditionResult::Skip
            && let Some(rule) = condition
                .rules
                .iter()
                .find(|rule| !MAY_SKIP.contains(&rule.rule_type_id.provider.as_str()))
        {
            self.note(
                path,
                format!(
                    "'SKIP' goes with rules of LambdaInvoke and VariableCheck alone, and rule {} is of {}; write \"FAIL\" or remove the rule",
                    quoted(&rule.name),
                    rule.rule_type_id
                ),
            );
        }
    }

    /// Notes a rollback where there can be none.
    fn rollback(&mut self, stage: usize, path: String, instead: &str) {
        let reason = if stage == 0 {
            "'ROLLBACK' is not for the first stage, whose sources cannot be taken back"
        } else if self.pipeline.execution_mode == ExecutionMode::Parallel {
            "'ROLLBACK' does not go with executionMode 'PARALLEL'"
        } else {
            return;
        };
        self.note(path, format!("{reason}; {instead}"));
    }

    fn rule_names(&mut self, condition: &Condition, path: &str) {
        for (index, rule) in condition.rules.iter().enumerate() {
            let mut before = condition.rules.iter().take(index);
            if let Some(first) = before.position(|other| other.name == rule.name) {
                self.note(
                    format!("{path}.rules[{index}].name"),
                    format!(
                        "rules[{first}] is named {} already; give one of them another name",
                        quoted(&rule.name)
                    ),
                );
            }
        }
    }

    fn failure(&mut self, stage: usize, failure: &FailureConditions) {
        let path = format!("stages[{stage}].onFailure");
        let has_condition = !failure.conditions.is_empty();
        if failure.retry_configuration.is_some() && failure.result != Some(ConditionResult::Retry) {
            self.note(
                format!("{path}.retryConfiguration"),
                "'retryConfiguration' goes with result 'RETRY' alone; write result \"RETRY\" beside it or remove the key",
            );
        }
        match failure.result {
            Some(ConditionResult::Rollback) => {
                let instead = "write \"RETRY\" or remove 'onFailure'";
                self.rollback(stage, format!("{path}.result"), instead);
            }
            Some(ConditionResult::Retry) if has_condition => self.note(
                format!("{path}.result"),
                "'RETRY' does not go with conditions; remove 'conditions', or write \"ROLLBACK\"",
            ),
            Some(ConditionResult::Retry) => {}
            Some(other) => self.note(
                format!("{path}.result"),
                format!(
                    "'{}' is not a result of onFailure; write 'ROLLBACK' or 'RETRY'",
                    other.as_str()
                ),
            ),
            None if has_condition || failure.retry_configuration.is_some() => {}
            None => self.note(
                path,
                "'onFailure' says nothing; write a result or a condition, or remove the key",
            ),
        }
    }

    pub(super) fn rule(&mut self, judge: Judge<'_>) {
        let rule = judge.rule;
        let work = Work::Rule(judge);
        let runs_commands = rule.rule_type_id.provider == COMMANDS;
        if runs_commands && rule.commands.is_empty() {
            self.note(
                work.path(""),
                format!(
                    "{} runs commands and has none; write 1 to 50 of them as 'commands'",
                    work.name()
                ),
            );
        }
        if !runs_commands && !rule.commands.is_empty() {
            self.note(
                work.path("commands"),
                format!(
                    "'commands' belongs to rules of Rule/AWS/Commands/1 alone, and {} is of {}; remove the key",
                    work.name(),
                    rule.rule_type_id
                ),
            );
        }
    }
}
