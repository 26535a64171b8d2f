//! JSON into a tree. Depth, number of values and repeated names are bounded
//! while it is read. Knows no shape. `protocol` calls it.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use crate::node::{Budget, Node, Unreadable, repeated, shown};

/// Reads a whole body. An empty one asks nothing, as `{}` does.
pub(crate) fn read(body: &[u8]) -> Result<Node, Unreadable> {
    if body.is_empty() {
        return Ok(Node::Map(Vec::new()));
    }
    let mut budget = Budget::new();
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Value {
        budget: &mut budget,
        depth: 0,
    };
    value
        .deserialize(&mut reader)
        .and_then(|node| reader.end().map(|()| node))
        .map_err(|error| Unreadable(format!("The body is no JSON that can be read: {error}.")))
}

/// One value at its depth.
struct Value<'b> {
    budget: &'b mut Budget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Node, D::Error> {
        self.budget.value(self.depth).map_err(D::Error::custom)?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a number this large is refused wherever it stands"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::Float(value as f64), Node::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Value {
            budget: self.budget,
            depth: self.depth + 1,
        })? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Value {
                budget: self.budget,
                depth: self.depth + 1,
            })?;
            members.push((name, value));
        }
        match repeated(&members) {
            Some(name) => Err(A::Error::custom(format!(
                "the name '{}' comes twice in one object; write it once",
                shown(name)
            ))),
            None => Ok(Node::Map(members)),
        }
    }
}
