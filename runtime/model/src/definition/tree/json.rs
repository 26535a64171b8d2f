//! JSON to a tree. Two parsers look at the text: jsonc-parser says where
//! everything stands and explains the usual mistakes well; serde_json is the
//! judge of what is JSON, and of how deep it may nest.

use super::{Entry, Node, SyntaxError, Value};
use crate::definition::lines::Lines;
use jsonc_parser::ast;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    if text.trim().is_empty() {
        return Err(SyntaxError {
            at: 0,
            message: "the text is empty; write a pipeline in { }".to_owned(),
        });
    }
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed =
        parse_to_ast(text, &CollectOptions::default(), &strict).map_err(|error| SyntaxError {
            at: error.range().start,
            message: not_json(&error.kind().to_string()),
        })?;
    // Also bounds the nesting, to 128.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(strict_error(text, &error));
    }
    parsed.value.map(node).ok_or_else(|| SyntaxError {
        at: 0,
        message: not_json("there is no value"),
    })
}

fn strict_error(text: &str, error: &serde_json::Error) -> SyntaxError {
    let full = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let message = full.strip_suffix(&position).unwrap_or(&full);
    // serde_json counts the bytes up to and with the one it stumbled over.
    let start = Lines::of(text).start(error.line());
    SyntaxError {
        at: start + error.column().saturating_sub(1),
        message: not_json(message),
    }
}

fn not_json(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    let message: String = first.into_iter().chain(characters).collect();
    format!("this is not JSON: {message}")
}

fn node(value: ast::Value<'_>) -> Node {
    match value {
        ast::Value::NullKeyword(null) => Node {
            at: null.range.start,
            value: Value::Null,
        },
        ast::Value::BooleanLit(boolean) => Node {
            at: boolean.range.start,
            value: Value::Boolean(boolean.value),
        },
        ast::Value::NumberLit(number) => Node {
            at: number.range.start,
            value: Value::Number(number.value.to_owned()),
        },
        ast::Value::StringLit(text) => Node {
            at: text.range.start,
            value: Value::Text(text.value.into_owned()),
        },
        ast::Value::Array(array) => Node {
            at: array.range.start,
            value: Value::List(array.elements.into_iter().map(node).collect()),
        },
        ast::Value::Object(object) => Node {
            at: object.range.start,
            value: Value::Table(object.properties.into_iter().map(entry).collect()),
        },
    }
}

fn entry(property: ast::ObjectProp<'_>) -> Entry {
    Entry {
        at: property.range.start,
        key: property.name.into_string(),
        node: node(property.value),
    }
}
