//! The configuration of an action or a rule against the properties that its
//! provider declares.

use super::Search;
use super::work::Work;
use crate::action_type::{ActionType, Property, PropertyType};
use crate::definition::Template;
use crate::definition::nearest::nearest;
use crate::definition::problem::{ProblemKind, below, cut, listed, quoted};
use crate::definition::secret::is_masked;

impl Search<'_> {
    pub(super) fn configuration(&mut self, work: Work<'_>) {
        self.aws_lengths(work);
        let Some(action_type) = self.catalogue.get(work.provider()) else {
            return;
        };
        let configuration = work.configuration();
        for property in &action_type.properties {
            if property.required && !configuration.contains_key(&property.name) {
                self.note(
                    work.path("configuration"),
                    format!(
                        "the key {} is missing, which {} needs; write it{}",
                        quoted(&property.name),
                        action_type.id,
                        meaning(property)
                    ),
                );
            }
        }
        for (key, value) in configuration {
            if self.problems.is_full() {
                break;
            }
            let path = below(&work.path("configuration"), key);
            match action_type
                .properties
                .iter()
                .find(|known| known.name == *key)
            {
                None => {
                    let message = unknown_key(key, action_type);
                    self.note(path, message);
                }
                Some(property) => {
                    if let Some(message) = misfit(value, property) {
                        self.note(path, message);
                    }
                }
            }
        }
    }

    /// Values that only AWS finds too long.
    fn aws_lengths(&mut self, work: Work<'_>) {
        if !self.catalogue.aws_limits || work.action().is_none() {
            return;
        }
        for (key, value) in work.configuration() {
            let length = value.chars().count();
            if length > AWS_VALUE {
                self.note_as(
                    ProblemKind::Validation,
                    below(&work.path("configuration"), key),
                    format!(
                        "{} has {length} characters, and under AWS's limits a configuration value has at most {AWS_VALUE}; write a shorter one",
                        quoted(key)
                    ),
                );
            }
        }
    }
}

/// AWS's own limit on a value of an action (API reference,
/// `ActionConfigurationValue`).
const AWS_VALUE: usize = 1000;

/// The first sentence of what the plugin says of a key, where it says
/// something.
fn meaning(property: &Property) -> String {
    let words: Vec<&str> = property.description.split_whitespace().collect();
    let text = words.join(" ");
    let first = text.split(". ").next().unwrap_or_default();
    let first = first.trim_end_matches('.');
    if first.is_empty() {
        String::new()
    } else {
        format!(": {}", cut(first, 120))
    }
}

fn unknown_key(key: &str, action_type: &ActionType) -> String {
    let known = || {
        action_type
            .properties
            .iter()
            .map(|known| known.name.as_str())
    };
    let instead = match nearest(key, known()) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None if action_type.properties.is_empty() => "remove it, for there are no keys".to_owned(),
        None => format!("write one of {}", listed(known(), "and")),
    };
    format!(
        "{} is not a configuration key of {}; {instead}",
        quoted(key),
        action_type.id
    )
}

/// What is wrong with a value of a number or a boolean. With a reference in it
/// that is known only when the action starts.
fn misfit(value: &str, property: &Property) -> Option<String> {
    let unknowable =
        Template::parse(value).map_or(true, |template| template.references().next().is_some());
    // An empty value was told of when it was read; a masked one is not yet known.
    if unknowable || value.is_empty() || (property.secret && is_masked(value)) {
        return None;
    }
    match property.kind {
        PropertyType::String => None,
        PropertyType::Number if is_decimal(value) => None,
        PropertyType::Boolean if matches!(value, "true" | "false") => None,
        PropertyType::Number => Some(format!(
            "{} is not a number; write decimal digits such as \"30\"",
            secretly(value, property)
        )),
        PropertyType::Boolean => Some(format!(
            "{} is neither true nor false; write \"true\" or \"false\"",
            secretly(value, property)
        )),
    }
}

/// A secret is not repeated in messages, which go to logs and screens.
fn secretly(value: &str, property: &Property) -> String {
    if property.secret {
        "the value".to_owned()
    } else {
        quoted(value)
    }
}

fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}
