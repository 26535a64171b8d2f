//! Secrets in a definition: hidden in every view, and kept where a view is sent
//! back as a new definition (API reference, `ActionConfigurationProperty`,
//! "secret"). What is secret the catalogue says. Called by whoever shows a
//! definition and whoever takes a new one.

use super::problem::{ProblemKind, below, quoted};
use super::{Action, ConditionType, Pipeline, Problem, Rule, Stage};
use crate::action_type::{ActionTypeId, Catalogue};
use std::collections::BTreeMap;

/// What stands in a view instead of a secret.
const MASK: &str = "****";

/// Puts `****` in place of the values of secret properties.
pub fn mask(
    configuration: &mut BTreeMap<String, String>,
    provider: &ActionTypeId,
    catalogue: &Catalogue,
) {
    for name in secrets_of(provider, catalogue) {
        if let Some(value) = configuration.get_mut(name) {
            MASK.clone_into(value);
        }
    }
}

/// The definition as it may be shown: the values of secret properties of its
/// actions and rules are `****`.
#[must_use]
pub fn masked(pipeline: &Pipeline, catalogue: &Catalogue) -> Pipeline {
    let mut shown = pipeline.clone();
    for stage in &mut shown.stages {
        for action in &mut stage.actions {
            mask(&mut action.configuration, &action.action_type_id, catalogue);
        }
        for kind in ConditionType::ALL {
            for condition in stage.conditions_mut(kind) {
                for rule in &mut condition.rules {
                    mask(&mut rule.configuration, &rule.rule_type_id, catalogue);
                }
            }
        }
    }
    shown
}

/// Secrets that a definition only pretends to give: shown as `****` somewhere,
/// and copied from there. For a definition that is the first of its name.
#[must_use]
pub fn unknown_secrets(pipeline: &Pipeline, catalogue: &Catalogue) -> Vec<Problem> {
    let restored = restored(pipeline, None, catalogue);
    restored.err().unwrap_or_default()
}

/// The new definition with the secrets that it shows as four or five stars:
/// they keep the values that they have in the old one.
///
/// # Errors
/// Where it cannot be known whether a secret is still meant for what it was
/// given for: any other value of its action or rule has changed, or the action,
/// the rule or the stage has another name.
pub fn unmasked(
    new: &Pipeline,
    old: &Pipeline,
    catalogue: &Catalogue,
) -> Result<Pipeline, Vec<Problem>> {
    restored(new, Some(old), catalogue)
}

fn restored(
    new: &Pipeline,
    old: Option<&Pipeline>,
    catalogue: &Catalogue,
) -> Result<Pipeline, Vec<Problem>> {
    let mut pipeline = new.clone();
    let mut problems = vec![];
    for (index, stage) in pipeline.stages.iter_mut().enumerate() {
        let name = stage.name.clone();
        let old_stage = old.and_then(|old| old.stage(&name)).map(|(_, stage)| stage);
        let path = format!("stages[{index}]");
        let mut tell = |masked: Vec<Masked>, path: &str, who: &str| {
            let who = format!("{who} of stage {}", quoted(&name));
            problems.extend(masked.iter().map(|masked| masked.problem(path, &who)));
        };
        for (index, action) in stage.actions.iter_mut().enumerate() {
            let old = old.map(|_| old_stage.and_then(|stage| stage.action(&action.name)));
            let masked = restore(action, old, catalogue);
            let path = format!("{path}.actions[{index}].configuration");
            tell(masked, &path, &format!("action {}", quoted(&action.name)));
        }
        for kind in ConditionType::ALL {
            for (index, condition) in stage.conditions_mut(kind).iter_mut().enumerate() {
                let path = format!("{path}.{}.conditions[{index}]", kind.member());
                for (index, rule) in condition.rules.iter_mut().enumerate() {
                    let old =
                        old.map(|_| old_stage.and_then(|stage| rule_of(stage, kind, &rule.name)));
                    let masked = restore(rule, old, catalogue);
                    let path = format!("{path}.rules[{index}].configuration");
                    tell(masked, &path, &format!("rule {}", quoted(&rule.name)));
                }
            }
        }
    }
    if problems.is_empty() {
        Ok(pipeline)
    } else {
        Err(problems)
    }
}

/// A secret that stays unknown.
struct Masked {
    key: String,
    why: Why,
}

/// Why a secret stays unknown.
#[derive(Clone, Copy)]
enum Why {
    /// The definition is the first of its name.
    First,
    /// The old definition has no such action or rule.
    New,
    /// Something else of it has changed.
    Changed,
}

impl Masked {
    fn problem(&self, configuration: &str, who: &str) -> Problem {
        let why = match self.why {
            Why::First => String::new(),
            Why::New => format!(" and cannot be kept, for {who} is new"),
            Why::Changed => {
                format!(" and cannot be kept, for other values of {who} have changed")
            }
        };
        let path = below(configuration, &self.key);
        Problem {
            place: None,
            message: format!(
                "the value of the secret {} is masked{why}; write the secret itself",
                quoted(&self.key)
            ),
            kind: ProblemKind::of_part(&path),
            path,
        }
    }
}

/// An action or a rule.
trait Configured: Clone + PartialEq {
    fn provider(&self) -> &ActionTypeId;
    fn configuration(&mut self) -> &mut BTreeMap<String, String>;
}

impl Configured for Action {
    fn provider(&self) -> &ActionTypeId {
        &self.action_type_id
    }

    fn configuration(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.configuration
    }
}

impl Configured for Rule {
    fn provider(&self) -> &ActionTypeId {
        &self.rule_type_id
    }

    fn configuration(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.configuration
    }
}

/// Gives what is masked the values that it had. `old`: none where there is no
/// old definition, and none in it where it has no such action or rule. What is
/// returned stays masked.
fn restore<T: Configured>(
    new: &mut T,
    old: Option<Option<&T>>,
    catalogue: &Catalogue,
) -> Vec<Masked> {
    let secrets: Vec<&str> = secrets_of(new.provider(), catalogue).collect();
    let configuration = new.configuration();
    let masked: Vec<String> = secrets
        .into_iter()
        .filter(|name| configuration.get(*name).is_some_and(|v| is_masked(v)))
        .map(ToOwned::to_owned)
        .collect();
    if masked.is_empty() {
        return vec![];
    }
    let why = match old {
        None => Why::First,
        Some(None) => Why::New,
        Some(Some(old)) => {
            let mut known = old.clone();
            let mut filled = new.clone();
            for name in &masked {
                if let Some(value) = known.configuration().get(name) {
                    filled.configuration().insert(name.clone(), value.clone());
                }
            }
            // Whatever else has changed might send the secret to somebody else.
            if filled == *old {
                *new = filled;
                return vec![];
            }
            Why::Changed
        }
    };
    masked.into_iter().map(|key| Masked { key, why }).collect()
}

fn rule_of<'p>(stage: &'p Stage, kind: ConditionType, name: &str) -> Option<&'p Rule> {
    stage
        .conditions(kind)
        .iter()
        .flat_map(|condition| &condition.rules)
        .find(|rule| rule.name == name)
}

fn secrets_of<'c>(
    provider: &ActionTypeId,
    catalogue: &'c Catalogue,
) -> impl Iterator<Item = &'c str> {
    catalogue
        .get(provider)
        .into_iter()
        .flat_map(|known| &known.properties)
        .filter(|property| property.secret)
        .map(|property| property.name.as_str())
}

/// Four stars are ours; some of AWS's own tools show five.
pub(super) fn is_masked(value: &str) -> bool {
    matches!(value, "****" | "*****")
}
