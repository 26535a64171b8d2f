//! Reads a definition from text: TOML, or CodePipeline's JSON as exported. The
//! command line, the server and the tests come in here; nothing that did not
//! pass is ever started.

use super::check::find_problems;
use super::decode::decode;
use super::default_trigger::add_default_triggers;
use super::lines::Lines;
use super::problem::{ProblemKind, Problems};
use super::tree;
use super::{Pipeline, Place, Problem};
use crate::action_type::Catalogue;
use std::collections::BTreeMap;

/// The longest text that is read, in bytes.
pub const MAX_TEXT: usize = 2 << 20;

/// The language a definition is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, with or without the `pipeline`/`metadata` envelope of `get-pipeline`.
    Json,
    /// The same structure in TOML.
    Toml,
}

/// Remembers where in the text each part of the structure stands.
#[derive(Debug, Clone, Default)]
pub struct Source {
    lines: Lines,
    offsets: BTreeMap<String, usize>,
}

impl Source {
    /// Where the part at `path` stands, or its nearest parent.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<Place> {
        let mut path = path;
        loop {
            if let Some(at) = self.offsets.get(path) {
                return Some(self.lines.place(*at));
            }
            if path.is_empty() {
                return None;
            }
            path = path
                .rfind(['.', '['])
                .and_then(|end| path.get(..end))
                .unwrap_or_default();
        }
    }
}

/// Reads a definition. What it refers to is not looked at: `check` does that.
///
/// # Errors
/// Everything wrong with its form, at once, in order of place.
pub fn read(text: &str, format: Format) -> Result<(Pipeline, Source), Vec<Problem>> {
    let draft = draft(text, format);
    match draft.pipeline {
        Some(pipeline) if draft.problems.is_empty() => Ok((pipeline, draft.source)),
        _ => Err(draft.problems.finish()),
    }
}

/// Reads a definition and checks it against the action types that can be used:
/// what everyone wants who is going to run it.
///
/// # Errors
/// Everything wrong with it, at once, in order of place. Where its form leaves
/// open what was meant (a key misspelt, a name missing), only its form is told:
/// the rest would be guesses.
///
/// Under AWS's own limits, a source of a connection gets the trigger that AWS
/// gives it.
pub fn load(text: &str, format: Format, catalogue: &Catalogue) -> Result<Pipeline, Vec<Problem>> {
    let mut draft = draft(text, format);
    let Some(mut pipeline) = draft.pipeline else {
        return Err(draft.problems.finish());
    };
    draft
        .problems
        .take_in(find_problems(&pipeline, catalogue), |path| {
            draft.source.place(path)
        });
    if draft.problems.is_empty() {
        if catalogue.aws_limits {
            add_default_triggers(&mut pipeline);
        }
        Ok(pipeline)
    } else {
        Err(draft.problems.finish())
    }
}

/// What a text gave.
struct Draft {
    /// Present where its structure is certain, though single values may be wrong.
    pipeline: Option<Pipeline>,
    source: Source,
    problems: Problems,
}

fn draft(text: &str, format: Format) -> Draft {
    // Some editors and shells put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut draft = Draft {
        pipeline: None,
        source: Source::default(),
        problems: Problems::default(),
    };
    if text.len() > MAX_TEXT {
        draft.problems.add(
            None,
            "",
            ProblemKind::Validation,
            format!(
                "the definition has {} bytes and may have {MAX_TEXT}; move long texts into files of the source",
                text.len()
            ),
        );
        return draft;
    }
    draft.source.lines = Lines::of(text);
    match tree::parse(text, format) {
        Ok(root) => {
            let (pipeline, problems) = decode(&root, format, &draft.source.lines);
            if pipeline.is_some() {
                draft.source.offsets = super::decode::declaration(&root).offsets();
            }
            draft.pipeline = pipeline;
            draft.problems = problems;
        }
        Err(errors) => {
            for error in errors {
                let place = draft.source.lines.place(error.at);
                draft
                    .problems
                    .add(Some(place), "", ProblemKind::Validation, error.message);
            }
        }
    }
    draft
}
