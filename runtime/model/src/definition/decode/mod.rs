//! A tree to a `Pipeline`: types, keys, forms and numbers, every mistake noted
//! and reading goes on. Knows no other part of the definition than the one it
//! reads: how the parts fit together is for `check`.

mod action;
mod fields;
mod pipeline;

use super::Pipeline;
use super::lines::Lines;
use super::problem::Problems;
use super::read::Format;
use super::tree::Node;
use fields::Decoder;

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
            let message = if pipeline::KEYS.contains(&entry.key.as_str()) {
                match self.format {
                    Format::Json => format!(
                        "'{}' stands beside 'pipeline'; move it into 'pipeline'",
                        entry.key
                    ),
                    Format::Toml => format!(
                        "'{0}' stands beside 'pipeline'; write it as pipeline.{0}",
                        entry.key
                    ),
                }
            } else {
                format!(
                    "{} is not known beside 'pipeline'; remove it",
                    super::problem::quoted(&entry.key)
                )
            };
            self.lose(entry.at, &entry.key, message);
        }
    }
}
