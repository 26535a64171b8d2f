//! A tree to a `Pipeline`: types, keys, forms and numbers, every mistake noted
//! and reading goes on. Knows no other part of the definition than the one it
//! reads: how the parts fit together is for `check`.

mod action;
mod condition;
mod fields;
mod pipeline;
mod provider;
mod trigger;

use super::Pipeline;
use super::lines::Lines;
use super::problem::{Problems, below, quoted};
use super::read::Format;
use super::tree::Node;
use fields::Decoder;

/// Every key that is read, so that the book leaves none out.
#[cfg(test)]
pub(super) const KNOWN_KEYS: &[&[&str]] = &[
    pipeline::KEYS,
    pipeline::STAGE.keys,
    pipeline::VARIABLE.keys,
    pipeline::STORE.keys,
    action::ACTION.keys,
    provider::ACTION_TYPE.keys,
    action::OUTPUT.keys,
    action::ENVIRONMENT.keys,
    condition::FAILURE.keys,
    condition::RETRY_KEYS,
    condition::CONDITION.keys,
    condition::RULE.keys,
    trigger::TRIGGER.keys,
    trigger::GIT.keys,
    trigger::PUSH.keys,
    trigger::PULL_REQUEST.keys,
    trigger::PATTERNS.keys,
];

/// Reads the declaration out of a whole text. The pipeline is present where
/// its structure is certain, even if single values in it are wrong.
pub(super) fn decode(root: &Node, format: Format, lines: &Lines) -> (Option<Pipeline>, Problems) {
    let mut decoder = Decoder::new(format, lines);
    decoder.envelope(root);
    let pipeline = decoder.pipeline(declaration(root));
    decoder.finish(pipeline)
}

/// The declaration within a whole text: it may stand alone, or as `pipeline`
/// in what `get-pipeline` answers.
pub(super) fn declaration(root: &Node) -> &Node {
    root.get("pipeline").unwrap_or(root)
}

impl Decoder<'_> {
    fn envelope(&mut self, root: &Node) {
        if root.get("pipeline").is_none() {
            return;
        }
        for entry in self.entries(root, "", "a pipeline") {
            // The server's own notes on a pipeline: told anew by every server.
            if matches!(entry.key.as_str(), "pipeline" | "metadata") {
                continue;
            }
            let key = entry.key.as_str();
            if pipeline::KEYS.contains(&key) {
                let remedy = match self.format {
                    Format::Json => "move it into 'pipeline'".to_owned(),
                    Format::Toml => format!("write it as pipeline.{key}"),
                };
                self.misplaced(entry, format!("'{key}' stands beside 'pipeline'; {remedy}"));
            } else {
                let message = format!("{} is not known beside 'pipeline'; remove it", quoted(key));
                self.lose(entry.at, &below("", key), message);
            }
        }
    }
}
