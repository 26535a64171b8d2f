//! TOML to a tree.

use super::{Entry, Node, SyntaxError, Value};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// Parsers recover badly from badly broken texts: the first few say enough.
const MOST_ERRORS: usize = 10;

pub(super) fn parse(text: &str) -> Result<Node, Vec<SyntaxError>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(Node {
            at: 0,
            value: table(root.into_inner()),
        });
    }
    let mut errors: Vec<SyntaxError> = errors
        .into_iter()
        .take(MOST_ERRORS)
        .map(|error| SyntaxError {
            at: error.span().map_or(0, |span| span.start),
            message: format!("this is not TOML: {}", error.message()),
        })
        .collect();
    // One mistake often gives a second error at the same place.
    errors.dedup_by_key(|error| error.at);
    Err(errors)
}

fn node(value: Spanned<DeValue<'_>>) -> Node {
    let at = value.span().start;
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Number(decimal(&number)),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::List(items.into_iter().map(node).collect()),
        DeValue::Table(entries) => table(entries),
    };
    Node { at, value }
}

fn table(entries: DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = entries
        .into_iter()
        .map(|(key, value)| Entry {
            at: key.span().start,
            key: key.into_inner().into_owned(),
            node: node(value),
        })
        .collect();
    // The parser sorts them by name; messages follow the text.
    entries.sort_by_key(|entry| entry.at);
    Value::Table(entries)
}

fn decimal(number: &DeInteger<'_>) -> String {
    let text = number.as_str();
    match number.radix() {
        10 => text.strip_prefix('+').unwrap_or(text).to_owned(),
        radix => u128::from_str_radix(text, radix)
            .map_or_else(|_| number.to_string(), |value| value.to_string()),
    }
}
