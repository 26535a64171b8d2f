//! From a tree to typed values, one function for every kind of shape. What is
//! wrong is one sentence, not a list: constraints were checked before (`check`),
//! and answers are written by us. The generated types call it.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::node::Node;

/// A tree that is not of the shape it is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Misfit {
    #[error("{0} can not be converted to {1}")]
    Type(&'static str, &'static str),
    #[error("The member '{0}' is required and is not there")]
    Missing(&'static str),
    #[error("The value is none of the values of {0}")]
    Value(&'static str),
}

/// What AWS calls a value whose kind is wrong.
pub(crate) fn called(node: &Node) -> &'static str {
    match node {
        Node::Null => "NULL_VALUE",
        Node::Boolean(true) => "TRUE_VALUE",
        Node::Boolean(false) => "FALSE_VALUE",
        Node::Integer(_) => "NUMBER_VALUE",
        Node::Float(_) => "DECIMAL_VALUE",
        Node::Text(_) => "STRING_VALUE",
        Node::Bytes => "BINARY_VALUE",
        Node::Time(_) => "TIMESTAMP_VALUE",
        Node::List(_) => "START_ARRAY",
        Node::Map(_) => "START_OBJECT",
    }
}

pub(crate) fn text(node: Node) -> Result<String, Misfit> {
    match node {
        Node::Text(text) => Ok(text),
        other => Err(Misfit::Type(called(&other), "a String")),
    }
}

pub(crate) fn integer(node: Node) -> Result<i32, Misfit> {
    match node {
        Node::Integer(number) => {
            i32::try_from(number).map_err(|_| Misfit::Type("NUMBER_VALUE", "an Integer"))
        }
        other => Err(Misfit::Type(called(&other), "an Integer")),
    }
}

pub(crate) fn boolean(node: Node) -> Result<bool, Misfit> {
    match node {
        Node::Boolean(value) => Ok(value),
        other => Err(Misfit::Type(called(&other), "a Boolean")),
    }
}

/// A time under its tag (CBOR) or as a plain number (JSON).
pub(crate) fn time(node: Node) -> Result<Timestamp, Misfit> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "what a float cannot hold is refused as too large"
    )]
    let seconds = match node {
        Node::Time(time) => return Ok(time),
        Node::Integer(seconds) => seconds as f64,
        Node::Float(seconds) => seconds,
        other => return Err(Misfit::Type(called(&other), "a Timestamp")),
    };
    Timestamp::from_seconds(seconds).ok_or(Misfit::Type("NUMBER_VALUE", "a Timestamp"))
}

/// The members that are there. One that is null is not there.
pub(crate) fn members(node: Node) -> Result<impl Iterator<Item = (String, Node)>, Misfit> {
    match node {
        Node::Map(members) => Ok(members
            .into_iter()
            .filter(|(_, value)| *value != Node::Null)),
        other => Err(Misfit::Type(called(&other), "a structure")),
    }
}

pub(crate) fn list<T>(
    item: impl Fn(Node) -> Result<T, Misfit>,
) -> impl Fn(Node) -> Result<Vec<T>, Misfit> {
    move |node| match node {
        Node::List(items) => items.into_iter().map(&item).collect(),
        other => Err(Misfit::Type(called(&other), "a list")),
    }
}

pub(crate) fn map<T>(
    value: impl Fn(Node) -> Result<T, Misfit>,
) -> impl Fn(Node) -> Result<BTreeMap<String, T>, Misfit> {
    move |node| match node {
        Node::Map(entries) => entries
            .into_iter()
            .map(|(key, entry)| Ok((key, value(entry)?)))
            .collect(),
        other => Err(Misfit::Type(called(&other), "a map")),
    }
}
