//! What a provider does for a pipeline: an action, or a rule of a condition.
//! Both have a provider, a configuration and input artifacts, and both use only
//! what is there when they start.

use super::site::{Order, Site};
use crate::action_type::{ActionTypeId, Category};
use crate::definition::problem::{below, quoted};
use crate::definition::{Action, ConditionType, InputArtifact, OutputArtifact, Rule, Stage};
use std::collections::BTreeMap;

/// An action or a rule, and its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work<'p> {
    Action(Site<'p>),
    Rule(Judge<'p>),
}

/// A rule and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judge<'p> {
    pub(super) stage_index: usize,
    pub(super) stage: &'p Stage,
    pub(super) when: ConditionType,
    pub(super) condition: usize,
    pub(super) index: usize,
    pub(super) rule: &'p Rule,
}

/// The rules of one stage, in the order in which they are asked.
pub(super) fn rules(stage_index: usize, stage: &Stage) -> impl Iterator<Item = Judge<'_>> {
    ConditionType::ALL.into_iter().flat_map(move |when| {
        let conditions = stage.conditions(when).iter().enumerate();
        conditions.flat_map(move |(condition, held)| {
            let rules = held.rules.iter().enumerate();
            rules.map(move |(index, rule)| Judge {
                stage_index,
                stage,
                when,
                condition,
                index,
                rule,
            })
        })
    })
}

impl<'p> Work<'p> {
    /// Of this work's part; `""`: of the whole.
    pub(super) fn path(self, part: &str) -> String {
        match self {
            Self::Action(site) => site.path(part),
            Self::Rule(judge) => {
                let dot = if part.is_empty() { "" } else { "." };
                format!(
                    "stages[{}].{}.conditions[{}].rules[{}]{dot}{part}",
                    judge.stage_index,
                    judge.when.member(),
                    judge.condition,
                    judge.index
                )
            }
        }
    }

    /// Its name for a message.
    pub(super) fn name(self) -> String {
        match self {
            Self::Action(site) => site.name(),
            Self::Rule(judge) => format!("rule {}", quoted(&judge.rule.name)),
        }
    }

    /// Its and the stage's name for a message.
    pub(super) fn full_name(self) -> String {
        match self {
            Self::Action(site) => site.full_name(),
            Self::Rule(judge) => {
                format!("{} of stage {}", self.name(), quoted(&judge.stage.name))
            }
        }
    }

    pub(super) fn provider(self) -> &'p ActionTypeId {
        match self {
            Self::Action(site) => &site.action.action_type_id,
            Self::Rule(judge) => &judge.rule.rule_type_id,
        }
    }

    pub(super) fn configuration(self) -> &'p BTreeMap<String, String> {
        match self {
            Self::Action(site) => &site.action.configuration,
            Self::Rule(judge) => &judge.rule.configuration,
        }
    }

    pub(super) fn inputs(self) -> &'p [InputArtifact] {
        match self {
            Self::Action(site) => &site.action.input_artifacts,
            Self::Rule(judge) => &judge.rule.input_artifacts,
        }
    }

    /// A rule makes none.
    pub(super) fn outputs(self) -> &'p [OutputArtifact] {
        self.action()
            .map_or(&[], |action| action.output_artifacts.as_slice())
    }

    pub(super) fn action(self) -> Option<&'p Action> {
        match self {
            Self::Action(site) => Some(site.action),
            Self::Rule(_) => None,
        }
    }

    pub(super) fn is_source(self) -> bool {
        self.provider().category == Category::Source
    }

    /// Every text in which variables are resolved, with its path.
    pub(super) fn templates(self) -> impl Iterator<Item = (String, &'p str)> {
        let settings = self.path("configuration");
        let configuration = self
            .configuration()
            .iter()
            .map(move |(key, value)| (below(&settings, key), value.as_str()));
        let commands = match self {
            Self::Action(site) => &site.action.commands,
            Self::Rule(judge) => &judge.rule.commands,
        };
        let commands = commands
            .iter()
            .enumerate()
            .map(move |(index, value)| (self.path(&format!("commands[{index}]")), value.as_str()));
        let environment = self
            .action()
            .map_or(&[][..], |action| &action.environment_variables)
            .iter()
            .enumerate()
            .map(move |(index, variable)| {
                let path = self.path(&format!("environmentVariables[{index}].value"));
                (path, variable.value.as_str())
            });
        configuration.chain(commands).chain(environment)
    }

    /// How an action stands to this in time.
    pub(super) fn after(self, maker: Site<'_>) -> Order {
        let judge = match self {
            Self::Action(site) => return maker.order(site),
            Self::Rule(judge) => judge,
        };
        if maker.stage_index < judge.stage_index {
            Order::Before
        } else if maker.stage_index > judge.stage_index {
            Order::InLaterStage
        } else {
            match judge.when {
                ConditionType::BeforeEntry => Order::AfterEntry,
                ConditionType::OnSuccess => Order::Before,
                ConditionType::OnFailure => Order::PerhapsNever,
            }
        }
    }
}
