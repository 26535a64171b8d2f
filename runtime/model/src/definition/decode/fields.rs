//! The decoder's hands: take a table, a text, a number or a list out of the
//! tree, and note what is wrong with it.

use crate::definition::Pipeline;
use crate::definition::form::Form;
use crate::definition::lines::Lines;
use crate::definition::nearest::nearest;
use crate::definition::problem::{ProblemKind, Problems, below, listed, quoted};
use crate::definition::read::Format;
use crate::definition::tree::{Entry, Node, Value};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// What has been found wrong so far.
pub(super) struct Decoder<'t> {
    pub(super) format: Format,
    lines: &'t Lines,
    problems: Problems,
    /// Something that other parts depend on could not be read.
    lost: bool,
    /// Paths of keys that were misspelt or misplaced: not called missing too.
    meant: BTreeSet<String>,
}

/// A table's keys.
pub(super) struct Shape {
    /// With its article: `a stage`.
    pub(super) what: &'static str,
    /// Those that are carried out.
    pub(super) keys: &'static [&'static str],
    /// Those of CodePipeline that this version does not carry out, each with
    /// what to do instead. Empty lists and tables ask for nothing and pass.
    pub(super) refused: &'static [(&'static str, &'static str)],
}

/// A table whose keys are known.
pub(super) struct Fields<'n> {
    pub(super) at: usize,
    pub(super) path: String,
    node: &'n Node,
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        below(&self.path, key)
    }
}

impl<'t> Decoder<'t> {
    pub(super) fn new(format: Format, lines: &'t Lines) -> Self {
        Self {
            format,
            lines,
            problems: Problems::default(),
            lost: false,
            meant: BTreeSet::new(),
        }
    }

    pub(super) fn finish(self, pipeline: Pipeline) -> (Option<Pipeline>, Problems) {
        ((!self.lost).then_some(pipeline), self.problems)
    }

    /// Notes a problem that leaves the structure certain.
    pub(super) fn note(&mut self, at: usize, path: &str, message: impl Into<String>) {
        let place = Some(self.lines.place(at));
        self.problems
            .add(place, path, ProblemKind::Validation, message);
    }

    /// Notes something that has its form and cannot be done.
    pub(super) fn refuse(&mut self, at: usize, path: &str, message: impl Into<String>) {
        let place = Some(self.lines.place(at));
        self.problems
            .add(place, path, ProblemKind::of_part(path), message);
    }

    /// Notes a problem that leaves open what was meant.
    pub(super) fn lose(&mut self, at: usize, path: &str, message: impl Into<String>) {
        self.lost = true;
        self.note(at, path, message);
    }

    /// Something that other parts depend on could not be read, and that was
    /// noted already.
    pub(super) fn doubt(&mut self) {
        self.lost = true;
    }

    /// Notes a key that stands somewhere else than it belongs.
    pub(super) fn misplaced(&mut self, entry: &Entry, message: impl Into<String>) {
        self.meant.insert(entry.key.clone());
        self.lose(entry.at, &entry.key, message);
    }

    /// The entries of a table, each key once.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, path: &str, what: &str) -> Vec<&'n Entry> {
        let Value::Table(entries) = &node.value else {
            let found = node.describe();
            self.lose(
                node.at,
                path,
                format!("{found} stands where {what} belongs; write keys and values in {{ }}"),
            );
            return vec![];
        };
        let mut seen = BTreeSet::new();
        let mut once = Vec::with_capacity(entries.len());
        for entry in entries {
            if seen.insert(entry.key.as_str()) {
                once.push(entry);
            } else {
                self.lose(
                    entry.at,
                    &below(path, &entry.key),
                    "the key is written twice; keep one",
                );
            }
        }
        once
    }

    /// A table of known keys.
    pub(super) fn table<'n>(
        &mut self,
        node: &'n Node,
        path: String,
        shape: &Shape,
    ) -> Option<Fields<'n>> {
        for entry in self.entries(node, &path, shape.what) {
            if self.problems.is_full() {
                break;
            }
            let key = entry.key.as_str();
            if shape.keys.contains(&key) {
                continue;
            }
            let at = below(&path, key);
            if let Some((_, instead)) = shape.refused.iter().find(|(refused, _)| *refused == key) {
                if !entry.node.is_empty() {
                    self.refuse(
                        entry.at,
                        &at,
                        format!("'{key}' is not carried out by this version; {instead}"),
                    );
                }
                continue;
            }
            let instead = match nearest(key, shape.keys.iter().copied()) {
                Some(near) => {
                    self.meant.insert(below(&path, near));
                    format!("did you mean '{near}'?")
                }
                None => format!("write one of {}", shape.keys.join(", ")),
            };
            let message = format!("{} is not a key of {}; {instead}", quoted(key), shape.what);
            self.lose(entry.at, &at, message);
        }
        matches!(node.value, Value::Table(_)).then_some(Fields {
            at: node.at,
            path,
            node,
        })
    }

    /// The items of a list; none where the key is absent.
    pub(super) fn list<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
        what: &str,
    ) -> Vec<(String, &'n Node)> {
        let path = fields.path_of(key);
        match fields.get(key) {
            None => vec![],
            Some(Node {
                value: Value::List(items),
                ..
            }) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (format!("{path}[{index}]"), item))
                .collect(),
            Some(other) => {
                let found = other.describe();
                self.lose(
                    other.at,
                    &path,
                    format!("{found} stands where a list of {what} belongs; put it in [ ]"),
                );
                vec![]
            }
        }
    }

    /// Notes a list that is longer than allowed. What else would be said of it
    /// has no bounds, so it is not asked.
    pub(super) fn at_most(&mut self, fields: &Fields<'_>, key: &str, count: usize, most: usize) {
        if count > most
            && let Some(node) = fields.get(key)
        {
            self.lose(
                node.at,
                &fields.path_of(key),
                format!("the list has {count} entries and may have {most}; remove some"),
            );
        }
    }

    /// Notes that a key must be there.
    pub(super) fn missing(&mut self, fields: &Fields<'_>, key: &str, what: &str) {
        self.lost = true;
        if !self.meant.contains(&fields.path_of(key)) {
            self.note(
                fields.at,
                &fields.path,
                format!("the key '{key}' is missing; write {what}"),
            );
        }
    }

    /// A text of a form. In TOML, numbers and booleans are texts too where
    /// `loose` says so.
    pub(super) fn text(
        &mut self,
        node: &Node,
        path: &str,
        form: &Form,
        loose: bool,
    ) -> Option<String> {
        let loose = loose && self.format == Format::Toml;
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Number(text) if loose => text.clone(),
            Value::Boolean(value) if loose => value.to_string(),
            other => {
                let found = node.describe();
                let remedy = match other {
                    Value::Number(text) => {
                        format!(
                            "write it in quotes: \"{}\"",
                            quoted(text).trim_matches('\'')
                        )
                    }
                    Value::Boolean(value) => format!("write it in quotes: \"{value}\""),
                    _ => "write a text in quotes".to_owned(),
                };
                self.note(
                    node.at,
                    path,
                    format!("{found} stands where {} belongs; {remedy}", form.what),
                );
                return None;
            }
        };
        if let Some(fault) = form.fault(&text) {
            self.note(node.at, path, fault);
        }
        Some(text)
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, fields: &Fields<'_>, key: &str, form: &Form) -> String {
        let Some(node) = fields.get(key) else {
            self.missing(fields, key, form.what);
            return String::new();
        };
        let text = self.text(node, &fields.path_of(key), form, false);
        self.lost |= text.is_none();
        text.unwrap_or_default()
    }

    /// A name by which other parts refer to this one: where it is wrong, so
    /// would be all that is said of them.
    pub(super) fn name(&mut self, fields: &Fields<'_>, key: &str, form: &Form) -> String {
        let name = self.required(fields, key, form);
        self.lost |= form.fault(&name).is_some();
        name
    }

    /// A text that may be absent.
    pub(super) fn optional(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        form: &Form,
    ) -> Option<String> {
        let node = fields.get(key)?;
        self.text(node, &fields.path_of(key), form, false)
    }

    /// Notes a list that is there, holds nothing, and would have to.
    pub(super) fn at_least_one(&mut self, fields: &Fields<'_>, key: &str, what: &str, most: usize) {
        if let Some(node) = fields.get(key)
            && node.is_empty()
        {
            self.note(
                node.at,
                &fields.path_of(key),
                format!("the list is empty; write 1 to {most} {what}, or leave the key out"),
            );
        }
    }

    /// A list of tables that holds something where it is there: each item with
    /// its path.
    pub(super) fn some<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
        what: &str,
        most: usize,
    ) -> Vec<(String, &'n Node)> {
        let items = self.list(fields, key, what);
        self.at_most(fields, key, items.len(), most);
        self.at_least_one(fields, key, what, most);
        items
    }

    /// A list of texts; where it is there, it holds some.
    pub(super) fn texts(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        what: &str,
        form: &Form,
        most: usize,
    ) -> Vec<String> {
        self.some(fields, key, what, most)
            .into_iter()
            .filter_map(|(path, node)| {
                let text = self.text(node, &path, form, false);
                self.lost |= text.is_none();
                text
            })
            .collect()
    }

    /// A whole number within bounds; absent or wrong: none.
    pub(super) fn number(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        bounds: RangeInclusive<u32>,
    ) -> Option<u32> {
        let node = fields.get(key)?;
        let path = fields.path_of(key);
        let (low, high) = bounds.into_inner();
        let remedy = format!("write a whole number from {low} to {high}");
        let Value::Number(text) = &node.value else {
            let found = node.describe();
            self.lose(
                node.at,
                &path,
                format!("{found} stands where a number belongs; {remedy}, without quotes"),
            );
            return None;
        };
        match text.parse::<i64>() {
            Ok(number) => match u32::try_from(number) {
                Ok(number) if (low..=high).contains(&number) => Some(number),
                _ => {
                    let message = format!("{number} is not between {low} and {high}; {remedy}");
                    self.note(node.at, &path, message);
                    Some(if number < i64::from(low) { low } else { high })
                }
            },
            Err(_) => {
                let text = quoted(text);
                self.lose(
                    node.at,
                    &path,
                    format!("{text} is not a whole number in range; {remedy}"),
                );
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        path: &str,
        what: &str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let words = || choices.iter().map(|(word, _)| *word);
        if let Value::Text(text) = &node.value {
            if let Some((_, value)) = choices.iter().find(|(word, _)| word == text) {
                return Some(*value);
            }
            let instead = match nearest(text, words()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("write {}", listed(words(), "or")),
            };
            self.lose(
                node.at,
                path,
                format!("{} is not {what}; {instead}", quoted(text)),
            );
        } else {
            let found = node.describe();
            self.lose(
                node.at,
                path,
                format!(
                    "{found} stands where {what} belongs; write {}",
                    listed(words(), "or")
                ),
            );
        }
        None
    }
}
