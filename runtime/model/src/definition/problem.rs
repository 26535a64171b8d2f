//! One thing wrong with a definition: where, what, and what to write instead.
//! Made by `read` and `check`; printed by whoever holds the file's name.

use std::collections::BTreeSet;
use std::fmt;

/// Where in a text: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// A mistake in a definition. Printed without the file's name:
/// `12:8: stages[1].actions[0].runOrder: 0 is not between 1 and 999; …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In the text, where the text is known.
    pub place: Option<Place>,
    /// In the structure, such as `stages[1].actions[0].name`; empty: the whole.
    pub path: String,
    /// One sentence with the value and the remedy, without a full stop.
    pub message: String,
    /// What CodePipeline would call it.
    pub kind: ProblemKind,
}

/// Which of its exceptions CodePipeline answers with (API reference,
/// `CreatePipeline`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A value has not the form of its shape: characters, length, bounds, a
    /// known word.
    Validation,
    /// Parts of the pipeline do not fit together.
    InvalidStructure,
    /// Something about a stage: its conditions, its count of actions.
    InvalidStageDeclaration,
    /// Something about an action.
    InvalidActionDeclaration,
    /// Something about a blocker.
    InvalidBlockerDeclaration,
}

impl ProblemKind {
    /// The API's name, such as `InvalidStructureException`.
    #[must_use]
    pub fn exception(self) -> &'static str {
        match self {
            Self::Validation => "ValidationException",
            Self::InvalidStructure => "InvalidStructureException",
            Self::InvalidStageDeclaration => "InvalidStageDeclarationException",
            Self::InvalidActionDeclaration => "InvalidActionDeclarationException",
            Self::InvalidBlockerDeclaration => "InvalidBlockerDeclarationException",
        }
    }

    /// Of a part that has its form and still does not fit: what it is a part of.
    pub(super) fn of_part(path: &str) -> Self {
        let Some(behind) = path
            .strip_prefix("stages[")
            .and_then(|rest| rest.split_once(']'))
            .map(|(_, behind)| behind)
        else {
            return Self::InvalidStructure;
        };
        if behind.starts_with(".actions[") {
            Self::InvalidActionDeclaration
        } else if behind.starts_with(".blockers") {
            Self::InvalidBlockerDeclaration
        } else {
            Self::InvalidStageDeclaration
        }
    }
}

impl Problem {
    /// The API's name for it, such as `InvalidActionDeclarationException`.
    #[must_use]
    pub fn exception(&self) -> &'static str {
        self.kind.exception()
    }
}

/// The one exception that answers for all problems of a definition: as
/// CodePipeline, which looks at the forms of values before anything else.
/// None where there are no problems.
#[must_use]
pub fn exception_of(problems: &[Problem]) -> Option<&'static str> {
    problems
        .iter()
        .find(|problem| problem.kind == ProblemKind::Validation)
        .or_else(|| problems.first())
        .map(Problem::exception)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// So many problems are told at once: more help nobody, and a definition made
/// of mistakes must not become an answer many times its size.
const MOST: usize = 100;

/// Problems as they are found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    more: bool,
}

impl Problems {
    pub(super) fn add(
        &mut self,
        place: Option<Place>,
        path: impl Into<String>,
        kind: ProblemKind,
        message: impl Into<String>,
    ) {
        if self.found.len() < MOST {
            self.found.push(Problem {
                place,
                path: path.into(),
                message: message.into(),
                kind,
            });
        } else {
            self.more = true;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Nothing more will be told, so nothing more need be sought.
    pub(super) fn is_full(&self) -> bool {
        self.more
    }

    /// Takes in what another search found, giving each its place. Of what is
    /// told already to be wrong, nothing follows.
    pub(super) fn take_in(&mut self, other: Self, place: impl Fn(&str) -> Option<Place>) {
        self.more |= other.more;
        let told: BTreeSet<String> = self.found.iter().map(|p| p.path.clone()).collect();
        for problem in other.found {
            if told.contains(&problem.path) {
                continue;
            }
            let place = place(&problem.path);
            self.add(place, problem.path, problem.kind, problem.message);
        }
    }

    /// In order of their places; those without one keep the order in which
    /// they were found.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.place);
        if self.more {
            self.found.push(Problem {
                place: None,
                path: String::new(),
                message: format!("there are more than these {MOST} problems; correct these first"),
                kind: ProblemKind::InvalidStructure,
            });
        }
        self.found
    }
}

/// A text from the definition as it may stand in a message: in quotes, on one
/// line, not longer than a line.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text))
}

/// The same without quotes.
pub(super) fn shortened(text: &str) -> String {
    cut(text, 60)
}

/// At most so many characters, control characters escaped.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let mut characters = text.chars();
    let mut short = String::new();
    for c in characters.by_ref().take(longest) {
        if c.is_control() {
            short.extend(c.escape_default());
        } else {
            short.push(c);
        }
    }
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

/// `'a', 'b' and 'c'`, at most ten of them.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>, joint: &str) -> String {
    const MOST: usize = 10;
    let mut names: Vec<String> = names.into_iter().take(MOST + 1).map(quoted).collect();
    if names.len() > MOST {
        names.truncate(MOST);
        return format!("{}, …", names.join(", "));
    }
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} {joint} {last}", names.join(", ")),
    }
}

/// The path of a key below `parent`, quoted where it would not read as one word.
pub(super) fn below(parent: &str, key: &str) -> String {
    let word = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@'));
    let dot = if parent.is_empty() { "" } else { "." };
    if word && key.len() <= 60 {
        format!("{parent}{dot}{key}")
    } else {
        format!("{parent}{dot}\"{}\"", shortened(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_named_for_the_part_it_stands_in() {
        use ProblemKind as Kind;
        for (path, kind) in [
            ("", Kind::InvalidStructure),
            ("triggers[0].gitConfiguration", Kind::InvalidStructure),
            ("stages", Kind::InvalidStructure),
            ("stages[1].name", Kind::InvalidStageDeclaration),
            ("stages[1].actions", Kind::InvalidStageDeclaration),
            ("stages[1].onFailure.result", Kind::InvalidStageDeclaration),
            ("stages[12].actions[3].name", Kind::InvalidActionDeclaration),
            ("stages[1].blockers", Kind::InvalidBlockerDeclaration),
        ] {
            assert_eq!(Kind::of_part(path), kind, "{path}");
        }
    }

    #[test]
    fn a_wrong_form_is_answered_before_a_wrong_fit() {
        let problem = |kind| Problem {
            place: None,
            path: String::new(),
            message: String::new(),
            kind,
        };
        let fit = problem(ProblemKind::InvalidStageDeclaration);
        let form = problem(ProblemKind::Validation);
        assert_eq!(exception_of(&[]), None);
        assert_eq!(
            exception_of(std::slice::from_ref(&fit)),
            Some("InvalidStageDeclarationException")
        );
        assert_eq!(exception_of(&[fit, form]), Some("ValidationException"));
    }
}
