//! The forms of names and texts: which characters, how many (API reference,
//! constraints of the shapes). Knows nothing of where they stand.

use super::problem::{quoted, shortened};

/// What a text must look like.
#[derive(Debug)]
pub(super) struct Form {
    /// With its article: `a stage name`.
    pub(super) what: &'static str,
    /// The characters for people; empty: any.
    characters: &'static str,
    allowed: fn(char) -> bool,
    min: usize,
    max: usize,
}

const NAME: &str = "A-Z a-z 0-9 . @ - _";
const WORD: &str = "A-Z a-z 0-9 @ - _";
const PLAIN: &str = "A-Z a-z 0-9 - _";

fn any(_: char) -> bool {
    true
}

fn name(c: char) -> bool {
    word(c) || c == '.'
}

fn word(c: char) -> bool {
    plain(c) || c == '@'
}

fn plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn variable(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn bucket(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

const fn form(
    what: &'static str,
    characters: &'static str,
    allowed: fn(char) -> bool,
    min: usize,
    max: usize,
) -> Form {
    Form {
        what,
        characters,
        allowed,
        min,
        max,
    }
}

pub(super) const PIPELINE_NAME: Form = form("a pipeline name", NAME, name, 1, 100);
pub(super) const STAGE_NAME: Form = form("a stage name", NAME, name, 1, 100);
pub(super) const ACTION_NAME: Form = form("an action name", NAME, name, 1, 100);
pub(super) const ARTIFACT_NAME: Form = form("an artifact name", PLAIN, plain, 1, 100);
pub(super) const NAMESPACE: Form = form("a namespace", WORD, word, 1, 100);
pub(super) const PROVIDER: Form = form("a provider name", PLAIN, plain, 1, 35);
pub(super) const VERSION: Form = form("a provider's version", PLAIN, plain, 1, 9);
pub(super) const VARIABLE_NAME: Form = form("a variable name", WORD, word, 1, 128);
pub(super) const VARIABLE_VALUE: Form = form("a variable's value", "", any, 1, 1000);
pub(super) const DESCRIPTION: Form = form("a description", "", any, 0, 200);
pub(super) const CONFIGURATION_KEY: Form = form("a configuration key", "", any, 1, 50);
pub(super) const CONFIGURATION_VALUE: Form = form("a configuration value", "", any, 1, 50_000);
pub(super) const RULE_NAME: Form = form("a rule name", NAME, name, 1, 100);
pub(super) const RULE_VALUE: Form = form("a configuration value", "", any, 1, 10_000);
pub(super) const PATTERN: Form = form("a pattern", "", any, 1, 255);
pub(super) const COMMAND: Form = form("a command", "", any, 1, 1000);
pub(super) const OUTPUT_VARIABLE: Form = form("an output variable", "", any, 1, 128);
pub(super) const FILE: Form = form("a file pattern", "", any, 1, 128);
pub(super) const ENVIRONMENT_NAME: Form = form(
    "an environment variable's name",
    "A-Z a-z 0-9 _",
    variable,
    1,
    128,
);
pub(super) const ENVIRONMENT_VALUE: Form =
    form("an environment variable's value", "", any, 1, 2000);
/// Any text: `role_arn_fault` looks closer.
pub(super) const ROLE_ARN: Form = form("the ARN of a role", "", any, 0, usize::MAX);
pub(super) const REGION: Form = form("a region", "", any, 4, 30);
pub(super) const BUCKET: Form = form("a bucket name", "A-Z a-z 0-9 . -", bucket, 3, 63);
pub(super) const KEY_ID: Form = form("an encryption key id", "", any, 1, 400);

impl Form {
    /// What is wrong with a text and what to write, where something is.
    pub(super) fn fault(&self, text: &str) -> Option<String> {
        let Self {
            what, characters, ..
        } = self;
        if text.is_empty() && self.min > 0 {
            return Some(if characters.is_empty() {
                format!(
                    "{what} cannot be empty; write {} to {} characters",
                    self.min, self.max
                )
            } else {
                format!(
                    "{what} cannot be empty; write {} to {} of the characters {characters}",
                    self.min, self.max
                )
            });
        }
        if let Some(wrong) = text.chars().find(|c| !(self.allowed)(*c)) {
            return Some(format!(
                "{} cannot be {what} because of {}; use only the characters {characters}",
                quoted(text),
                quoted(&wrong.to_string()),
            ));
        }
        let length = text.chars().count();
        (length < self.min || length > self.max).then(|| {
            let bound = if length > self.max {
                format!("at most {}", self.max)
            } else {
                format!("at least {}", self.min)
            };
            format!(
                "{} has {length} characters, and {what} has {bound}; write a {} one",
                quoted(text),
                if length > self.max {
                    "shorter"
                } else {
                    "longer"
                }
            )
        })
    }
}

/// What is wrong with the ARN of a role, where something is.
pub(super) fn role_arn_fault(text: &str) -> Option<String> {
    let valid = text.chars().count() <= 1024 && is_role_arn(text);
    (!valid).then(|| {
        format!(
            "'{}' is not the ARN of a role; write one such as arn:aws:iam::111122223333:role/Pipeline, or leave the key out",
            shortened(text)
        )
    })
}

/// `arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*`
fn is_role_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, resource) =
        (next(), next(), next(), next(), next(), next());
    let mut words = partition.split('-');
    arn == "arn"
        && words.next() == Some("aws")
        && words
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_'))
        && service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|digit| digit.is_ascii_digit())
        && resource.starts_with("role/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_arns_of_every_partition_are_known() {
        for arn in [
            "arn:aws:iam::111122223333:role/Pipeline",
            "arn:aws-cn:iam::111122223333:role/service-role/a:b",
            "arn:aws-us-gov:iam::111122223333:role/",
        ] {
            assert_eq!(role_arn_fault(arn), None);
        }
        for arn in [
            "",
            "Pipeline",
            "arn:aws:iam::1111:role/Pipeline",
            "arn:aws:iam::111122223333:user/me",
            "arn:aws-:iam::111122223333:role/x",
            "arn:amazon:iam::111122223333:role/x",
            "arn:aws:s3::111122223333:role/x",
        ] {
            assert!(role_arn_fault(arn).is_some(), "{arn}");
        }
    }

    #[test]
    fn lengths_count_characters_and_both_ends_are_allowed() {
        assert_eq!(STAGE_NAME.fault(&"s".repeat(100)), None);
        assert!(STAGE_NAME.fault(&"s".repeat(101)).is_some());
        assert_eq!(DESCRIPTION.fault(""), None);
        assert_eq!(DESCRIPTION.fault(&"ö".repeat(200)), None);
        assert!(REGION.fault("eu").is_some());
    }
}
