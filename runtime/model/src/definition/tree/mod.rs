//! A parsed text before it means anything: one small tree for both languages,
//! where everything knows its place. `json` and `toml` make it, the decoder
//! reads it.

mod json;
mod toml;

use super::problem::{below, quoted};
use super::read::Format;
use std::collections::BTreeMap;

/// A value and the byte where it begins.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Value,
}

/// What can be written in either language.
#[derive(Debug)]
pub(super) enum Value {
    /// JSON's `null`.
    Null,
    Boolean(bool),
    /// In decimal, as it was written.
    Number(String),
    Text(String),
    /// TOML's dates and times.
    Date(String),
    List(Vec<Node>),
    /// In the order of the text. JSON may hold a key twice.
    Table(Vec<Entry>),
}

/// A key, where it stands, and what it holds.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: usize,
    pub(super) node: Node,
}

/// What the parser says of a text that is not of its language.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) at: usize,
    pub(super) message: String,
}

/// Parses a text; nesting is bounded by the parsers.
pub(super) fn parse(text: &str, format: Format) -> Result<Node, Vec<SyntaxError>> {
    match format {
        Format::Json => json::parse(text).map_err(|error| vec![error]),
        Format::Toml => toml::parse(text),
    }
}

impl Node {
    /// For a message: what stands here.
    pub(super) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "null".to_owned(),
            Value::Boolean(value) => value.to_string(),
            Value::Number(text) => format!("the number {}", super::problem::shortened(text)),
            Value::Text(text) => format!("the text {}", quoted(text)),
            Value::Date(text) => format!("the date {text}"),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
        }
    }

    /// An empty list or table.
    pub(super) fn is_empty(&self) -> bool {
        match &self.value {
            Value::List(items) => items.is_empty(),
            Value::Table(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// What a key of a table holds; the first where it stands twice.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Table(entries) = &self.value else {
            return None;
        };
        entries
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.node)
    }

    /// The same as serde's JSON value, for what is kept and not understood.
    pub(super) fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Null => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Number(text) => text
                .parse()
                .map_or_else(|_| Json::String(text.clone()), Json::Number),
            Value::Text(text) | Value::Date(text) => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.to_json()))
                .collect(),
        }
    }

    /// Where every part stands, by its path.
    pub(super) fn offsets(&self) -> BTreeMap<String, usize> {
        let mut offsets = BTreeMap::new();
        self.collect_offsets(String::new(), &mut offsets);
        offsets
    }

    fn collect_offsets(&self, path: String, offsets: &mut BTreeMap<String, usize>) {
        match &self.value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_offsets(format!("{path}[{index}]"), offsets);
                }
            }
            Value::Table(entries) => {
                for entry in entries {
                    entry
                        .node
                        .collect_offsets(below(&path, &entry.key), offsets);
                }
            }
            _ => {}
        }
        offsets.insert(path, self.at);
    }
}
