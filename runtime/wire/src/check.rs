//! Compares a tree with a shape: every constraint that is broken, all at once,
//! in the words that AWS uses. A value of the wrong kind ends the walk at once
//! (`SerializationException`), as it does there.
//!
//! CodePipeline never repeats a value in these messages (a configuration may
//! hold a secret), so neither do we. `protocol` calls it.

use crate::fault::{CommonError, Fault};
use crate::node::{Node, shown};
use crate::operation::ErrorCode;
use crate::read::{self, Misfit, called};
use crate::shape::{Kind, Member, Shape, Text};

/// Which limits apply where Lockgate may give more than AWS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The limits of the service model to the letter: a configuration value has
    /// 1,000 characters, not 50,000.
    pub aws_limits: bool,
}

/// As many are written out; all are counted. A body of broken values must not
/// be answered by one that is a hundred times its size.
const LISTED: usize = 100;

/// Compares; the error is what the caller is told.
pub(crate) fn check(shape: &'static Shape, node: &Node, rules: Rules) -> Result<(), Fault> {
    let mut walk = Walk {
        rules,
        path: Vec::new(),
        found: 0,
        listed: Vec::new(),
    };
    walk.value(shape, node)?;
    match walk.found {
        0 => Ok(()),
        found => {
            let errors = if found == 1 { "error" } else { "errors" };
            let listed = walk.listed.join("; ");
            Err(Fault::new(
                ErrorCode::Validation,
                format!("{found} validation {errors} detected: {listed}"),
            ))
        }
    }
}

/// One step of the way to a value.
#[derive(Clone, Copy)]
enum Step<'n> {
    Member(&'static str),
    /// From one.
    Item(usize),
    Entry(&'n str),
}

struct Walk<'n> {
    rules: Rules,
    path: Vec<Step<'n>>,
    found: usize,
    listed: Vec<String>,
}

impl<'n> Walk<'n> {
    fn value(&mut self, shape: &'static Shape, node: &'n Node) -> Result<(), Fault> {
        match (&shape.kind, node) {
            (Kind::Structure(members), Node::Map(entries)) => self.structure(members, entries),
            (Kind::List { member, min, max }, Node::List(items)) => {
                self.size(items.len(), *min, *max);
                self.items(member, items)
            }
            (
                Kind::Map {
                    key,
                    value,
                    min,
                    max,
                },
                Node::Map(entries),
            ) => {
                self.size(entries.len(), *min, *max);
                self.entries(key, value, entries)
            }
            _ => {
                for constraint in self.broken(shape, node)? {
                    self.violation(&constraint);
                }
                Ok(())
            }
        }
    }

    fn structure(
        &mut self,
        members: &'static [Member],
        entries: &'n [(String, Node)],
    ) -> Result<(), Fault> {
        for member in members {
            let value = entries.iter().find(|(name, _)| name == member.name);
            let value = value.map(|(_, value)| value);
            self.path.push(Step::Member(member.path));
            match value.filter(|value| **value != Node::Null) {
                Some(value) => self.value(member.shape, value)?,
                None if member.required => self.missing(),
                None => {}
            }
            self.path.pop();
        }
        Ok(())
    }

    /// Structures are walked each; of plain values one message names all
    /// constraints, whichever was broken and however often.
    fn items(&mut self, member: &'static Shape, items: &'n [Node]) -> Result<(), Fault> {
        let plain = plain(member);
        let mut broken = false;
        for (at, item) in items.iter().enumerate() {
            self.path.push(Step::Item(at + 1));
            if plain {
                broken |= !self.broken(member, item)?.is_empty();
            } else {
                self.value(member, item)?;
            }
            self.path.pop();
        }
        if broken {
            let all = self.constraints(member);
            self.violation(&format!("Member must satisfy constraint: [{all}]"));
        }
        Ok(())
    }

    fn entries(
        &mut self,
        key: &'static Shape,
        value: &'static Shape,
        entries: &'n [(String, Node)],
    ) -> Result<(), Fault> {
        let (mut keys, mut values) = (false, false);
        for (name, entry) in entries {
            if let Kind::Text(text) = &key.kind {
                keys |= !self.text(text, name).is_empty();
            }
            self.path.push(Step::Entry(name));
            if plain(value) {
                values |= !self.broken(value, entry)?.is_empty();
            } else {
                self.value(value, entry)?;
            }
            self.path.pop();
        }
        for (broken, what, shape) in [(keys, "keys", key), (values, "value", value)] {
            if broken {
                let all = self.constraints(shape);
                self.violation(&format!("Map {what} must satisfy constraint: [{all}]"));
            }
        }
        Ok(())
    }

    /// The constraints that a plain value breaks.
    fn broken(&self, shape: &'static Shape, node: &Node) -> Result<Vec<String>, Fault> {
        let wanted = match (&shape.kind, node) {
            (Kind::Text(text), Node::Text(value)) => return Ok(self.text(text, value)),
            (Kind::Integer { min, max }, Node::Integer(value)) if i32::try_from(*value).is_ok() => {
                let low = min.filter(|min| value < min).map(at_least);
                let high = max.filter(|max| value > max).map(at_most);
                return Ok(low.into_iter().chain(high).collect());
            }
            (Kind::Boolean, Node::Boolean(_)) => return Ok(Vec::new()),
            (Kind::Timestamp, Node::Time(_)) => return Ok(Vec::new()),
            (Kind::Timestamp, Node::Integer(_) | Node::Float(_))
                if read::time(node.clone()).is_ok() =>
            {
                return Ok(Vec::new());
            }
            (Kind::Text(_), _) => "a String",
            (Kind::Integer { .. }, _) => "an Integer",
            (Kind::Boolean, _) => "a Boolean",
            (Kind::Timestamp, _) => "a Timestamp",
            (Kind::List { .. }, _) => "a list",
            (Kind::Map { .. }, _) => "a map",
            (Kind::Structure(_), _) => "a structure",
        };
        let misfit = Misfit::Type(called(node), wanted);
        let place = match self.path.is_empty() {
            true => "the body itself".to_owned(),
            false => format!("'{}'", self.place()),
        };
        Err(Fault::new(
            CommonError::Serialization,
            format!("{misfit}: {place} must be {wanted}."),
        ))
    }

    fn text(&self, text: &Text, value: &str) -> Vec<String> {
        if !text.values.is_empty() {
            return match text.values.contains(&value) {
                true => Vec::new(),
                false => vec![one_of(text.values)],
            };
        }
        let length = value.chars().count();
        let max = self.max(text).filter(|max| length > *max);
        let min = text.min.filter(|min| length < *min);
        let pattern = text.pattern.filter(|pattern| !pattern.matches(value));
        let max = max.map(no_longer);
        let min = min.map(no_shorter);
        let pattern = pattern.map(|pattern| matching(pattern.source()));
        max.into_iter().chain(min).chain(pattern).collect()
    }

    /// Everything that is asked of a plain value.
    fn constraints(&self, shape: &Shape) -> String {
        let mut all = Vec::new();
        match &shape.kind {
            Kind::Text(text) => {
                all.extend(self.max(text).map(no_longer));
                all.extend(text.min.map(no_shorter));
                all.extend(text.pattern.map(|pattern| matching(pattern.source())));
                if !text.values.is_empty() {
                    all.push(one_of(text.values));
                }
            }
            Kind::Integer { min, max } => {
                all.extend(max.map(at_most));
                all.extend(min.map(at_least));
            }
            _ => {}
        }
        all.join(", ")
    }

    fn max(&self, text: &Text) -> Option<usize> {
        match self.rules.aws_limits {
            true => text.max,
            false => text.relaxed.or(text.max),
        }
    }

    fn size(&mut self, size: usize, min: Option<usize>, max: Option<usize>) {
        if let Some(max) = max.filter(|max| size > *max) {
            self.violation(&no_longer(max));
        }
        if let Some(min) = min.filter(|min| size < *min) {
            self.violation(&no_shorter(min));
        }
    }

    fn violation(&mut self, constraint: &str) {
        self.list("Value", constraint);
    }

    fn missing(&mut self) {
        self.list("Value null", "Member must not be null");
    }

    fn list(&mut self, value: &str, constraint: &str) {
        self.found += 1;
        if self.listed.len() < LISTED {
            let place = self.place();
            let line = format!("{value} at '{place}' failed to satisfy constraint: {constraint}");
            self.listed.push(line);
        }
    }

    fn place(&self) -> String {
        let mut place = String::new();
        for step in &self.path {
            if !place.is_empty() {
                place.push('.');
            }
            place += &match step {
                Step::Member(name) => (*name).to_owned(),
                Step::Item(at) => format!("{at}.member"),
                Step::Entry(key) => format!("{}.member", shown(key)),
            };
        }
        place
    }
}

/// Whether all that can be said of it is one line.
fn plain(shape: &Shape) -> bool {
    !matches!(
        shape.kind,
        Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. }
    )
}

fn no_longer(max: usize) -> String {
    format!("Member must have length less than or equal to {max}")
}

fn no_shorter(min: usize) -> String {
    format!("Member must have length greater than or equal to {min}")
}

fn at_most(max: i64) -> String {
    format!("Member must have value less than or equal to {max}")
}

fn at_least(min: i64) -> String {
    format!("Member must have value greater than or equal to {min}")
}

fn matching(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn one_of(values: &[&str]) -> String {
    format!(
        "Member must satisfy enum value set: [{}]",
        values.join(", ")
    )
}
