//! Reads the conditions of a stage and their rules.

use super::fields::{Decoder, Fields, Shape};
use super::provider::OF_RULE;
use crate::definition::form;
use crate::definition::read::Format;
use crate::definition::tree::Node;
use crate::definition::{
    Condition, ConditionResult, Conditions, FailureConditions, RetryConfiguration, RetryMode, Rule,
};

const CONDITIONS: Shape = Shape {
    what: "a stage's conditions",
    keys: &["conditions"],
    refused: &[],
};

pub(super) const FAILURE: Shape = Shape {
    what: "what is done when a stage fails",
    keys: &["result", "retryConfiguration", "conditions"],
    refused: &[],
};

const RETRY: Shape = Shape {
    what: "a retry configuration",
    keys: RETRY_KEYS,
    refused: &[],
};

pub(super) const RETRY_KEYS: &[&str] = &["retryMode"];

pub(super) const CONDITION: Shape = Shape {
    what: "a condition",
    keys: &["result", "rules"],
    refused: &[],
};

pub(super) const RULE: Shape = Shape {
    what: "a rule",
    keys: &[
        "name",
        "ruleTypeId",
        "configuration",
        "commands",
        "inputArtifacts",
        "roleArn",
        "region",
        "timeoutInMinutes",
    ],
    refused: &[],
};

const RESULTS: &[(&str, ConditionResult)] = &[
    ("ROLLBACK", ConditionResult::Rollback),
    ("FAIL", ConditionResult::Fail),
    ("RETRY", ConditionResult::Retry),
    ("SKIP", ConditionResult::Skip),
];

const RETRY_MODES: &[(&str, RetryMode)] = &[
    ("FAILED_ACTIONS", RetryMode::FailedActions),
    ("ALL_ACTIONS", RetryMode::AllActions),
];

/// Rules in one condition (API reference, `RuleDeclarationList`).
const MOST_RULES: usize = 5;

/// Settings of one rule (API reference, `RuleConfigurationMap`).
const MOST_SETTINGS: usize = 200;

impl Decoder<'_> {
    /// `beforeEntry` or `onSuccess`.
    pub(super) fn conditions(&mut self, stage: &Fields<'_>, key: &str) -> Option<Conditions> {
        let node = stage.get(key)?;
        let fields = self.table(node, stage.path_of(key), &CONDITIONS)?;
        if fields.get("conditions").is_none() {
            self.missing(&fields, "conditions", "a list of one condition");
        }
        let conditions = self.only_condition(&fields);
        Some(Conditions { conditions })
    }

    /// `onFailure`.
    pub(super) fn failure_conditions(&mut self, stage: &Fields<'_>) -> Option<FailureConditions> {
        let node = stage.get("onFailure")?;
        let fields = self.table(node, stage.path_of("onFailure"), &FAILURE)?;
        let retry_configuration = fields.get("retryConfiguration").and_then(|node| {
            let fields = self.table(node, fields.path_of("retryConfiguration"), &RETRY)?;
            let retry_mode = fields.get("retryMode").and_then(|node| {
                self.choice(
                    node,
                    &fields.path_of("retryMode"),
                    "a retry mode",
                    RETRY_MODES,
                )
            });
            Some(RetryConfiguration { retry_mode })
        });
        Some(FailureConditions {
            result: self.result(&fields),
            retry_configuration,
            conditions: self.only_condition(&fields),
        })
    }

    fn only_condition(&mut self, fields: &Fields<'_>) -> Vec<Condition> {
        let items = self.list(fields, "conditions", "conditions");
        if let Some(node) = fields.get("conditions")
            && items.len() != 1
        {
            self.lose(
                node.at,
                &fields.path_of("conditions"),
                format!(
                    "the list has {} conditions and has exactly one; write one condition with all rules in it",
                    items.len()
                ),
            );
            return vec![];
        }
        items
            .into_iter()
            .filter_map(|(path, node)| self.condition(node, path))
            .collect()
    }

    fn condition(&mut self, node: &Node, path: String) -> Option<Condition> {
        let fields = self.table(node, path, &CONDITION)?;
        if fields.get("rules").is_none() {
            self.missing(&fields, "rules", "a list of 1 to 5 rules");
        }
        let result = self.result(&fields);
        let items = self.list(&fields, "rules", "rules");
        self.at_most(&fields, "rules", items.len(), MOST_RULES);
        if let (Some(node), true) = (fields.get("rules"), items.is_empty()) {
            let message = "a condition without rules says nothing; write 1 to 5 rules";
            self.note(node.at, &fields.path_of("rules"), message);
        }
        let rules = items
            .into_iter()
            .filter_map(|(path, node)| self.rule(node, path))
            .collect();
        Some(Condition { result, rules })
    }

    fn result(&mut self, fields: &Fields<'_>) -> Option<ConditionResult> {
        let node = fields.get("result")?;
        self.choice(node, &fields.path_of("result"), "a result", RESULTS)
    }

    fn rule(&mut self, node: &Node, path: String) -> Option<Rule> {
        let fields = self.table(node, path, &RULE)?;
        let name = self.required(&fields, "name", &form::RULE_NAME);
        let rule_type_id = match fields.get("ruleTypeId") {
            Some(node) => self.provider(node, fields.path_of("ruleTypeId"), &OF_RULE),
            None => {
                let what = match self.format {
                    Format::Json => {
                        "category and provider of a rule, such as \"Rule\" and \"VariableCheck\""
                    }
                    Format::Toml => {
                        "it as \"Rule/Owner/Provider/Version\", such as \"Rule/AWS/VariableCheck/1\""
                    }
                };
                self.missing(&fields, "ruleTypeId", what);
                None
            }
        };
        let configuration =
            self.configuration(&fields, "a rule's configuration", &form::RULE_VALUE);
        if let Some(node) = fields.get("configuration")
            && configuration.len() > MOST_SETTINGS
        {
            self.lose(
                node.at,
                &fields.path_of("configuration"),
                format!(
                    "the table has {} entries and may have {MOST_SETTINGS}; remove some",
                    configuration.len()
                ),
            );
        }
        let commands = self.commands(&fields);
        let input_artifacts = self
            .artifacts(&fields, "inputArtifacts")
            .into_iter()
            .filter_map(|(path, node)| self.input(node, path))
            .collect();
        let role_arn = self.role_arn(&fields);
        let region = self.optional(&fields, "region", &form::REGION);
        let timeout_in_minutes = self.number(&fields, "timeoutInMinutes", 5..=86_400);
        Some(Rule {
            name,
            rule_type_id: rule_type_id?,
            configuration,
            commands,
            input_artifacts,
            role_arn,
            region,
            timeout_in_minutes,
        })
    }
}
