//! The tables by which constraints are checked: one static for every shape.

use std::collections::BTreeMap;

use crate::model::{Kind, Model};
use crate::names::{constant, path};

/// Limits that are ours to relax: what applies unless AWS's are asked for.
const RELAXED: [(&str, i64); 1] = [("ActionConfigurationValue", 50_000)];

pub fn write(model: &Model) -> String {
    let mut rust = String::new();
    let mut patterns = BTreeMap::new();
    let enums = model.enums.keys();
    for shape in model.structures.keys().chain(enums).chain(model.others()) {
        let kind = kind(model, shape, &mut patterns);
        rust += &format!(
            "pub(crate) static {}: Shape = Shape {{ name: {shape:?}, sensitive: {}, kind: {kind} }};\n",
            constant(shape),
            model.sensitive(shape)
        );
    }
    for (pattern, at) in &patterns {
        rust += &format!("static PATTERN_{at}: Pattern = Pattern::new({pattern:?});\n");
    }
    rust
}

fn kind(model: &Model, shape: &str, patterns: &mut BTreeMap<String, usize>) -> String {
    let limit = |which| literal(model.limit(shape, which));
    let size = |which| match model.limit(shape, which) {
        Some(limit) => format!("Some({limit}_usize)"),
        None => "None".to_owned(),
    };
    match model.kind(shape) {
        Kind::Structure => {
            let mut members = String::new();
            for member in &model.structures[shape].members {
                members += &format!(
                    "Member {{ name: {:?}, path: {:?}, required: {}, shape: &{} }}, ",
                    member.name,
                    path(&member.name),
                    member.required,
                    constant(&member.shape)
                );
            }
            format!("Kind::Structure(&[{members}])")
        }
        Kind::Enum => text("None", "None", "None", "None", &model.enums[shape]),
        Kind::Text => {
            let pattern = model.pattern(shape).map_or("None".to_owned(), |pattern| {
                let next = patterns.len();
                format!("Some(&PATTERN_{})", patterns.entry(pattern).or_insert(next))
            });
            let relaxed = RELAXED.iter().find(|(name, _)| *name == shape);
            let relaxed = relaxed.map_or("None".to_owned(), |(_, max)| format!("Some({max})"));
            text(&size("min"), &size("max"), &relaxed, &pattern, &[])
        }
        Kind::List(member) => format!(
            "Kind::List {{ member: &{}, min: {}, max: {} }}",
            constant(&member),
            size("min"),
            size("max")
        ),
        Kind::Map(key, value) => format!(
            "Kind::Map {{ key: &{}, value: &{}, min: {}, max: {} }}",
            constant(&key),
            constant(&value),
            size("min"),
            size("max")
        ),
        Kind::Integer => format!(
            "Kind::Integer {{ min: {}, max: {} }}",
            limit("min"),
            limit("max")
        ),
        Kind::Boolean => "Kind::Boolean".to_owned(),
        Kind::Timestamp => "Kind::Timestamp".to_owned(),
    }
}

fn text(min: &str, max: &str, relaxed: &str, pattern: &str, values: &[String]) -> String {
    format!(
        "Kind::Text(Text {{ min: {min}, max: {max}, relaxed: {relaxed}, pattern: {pattern}, values: &{values:?} }})"
    )
}

fn literal(limit: Option<i64>) -> String {
    limit.map_or("None".to_owned(), |limit| format!("Some({limit})"))
}
