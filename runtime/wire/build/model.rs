//! The service model as the writers of Rust want to ask it.

use std::collections::BTreeMap;

use serde_json::Value;

pub struct Model {
    pub prefix: String,
    pub operations: Vec<Operation>,
    pub structures: BTreeMap<String, Structure>,
    pub enums: BTreeMap<String, Vec<String>>,
    pub errors: BTreeMap<String, u64>,
    shapes: BTreeMap<String, Value>,
    constraints: BTreeMap<String, Value>,
}

pub struct Operation {
    pub name: String,
    pub group: String,
    /// Without one the answer has no body.
    pub has_output: bool,
    pub errors: Vec<String>,
    /// Wire names of the members that ask for a page: token, limit.
    pub page: Option<(String, Option<String>)>,
}

pub struct Structure {
    pub members: Vec<Member>,
    pub sensitive: bool,
}

pub struct Member {
    pub name: String,
    pub shape: String,
    pub required: bool,
}

pub enum Kind {
    Structure,
    Enum,
    List(String),
    Map(String, String),
    Text,
    Integer,
    Boolean,
    Timestamp,
}

/// Not marked in the model, and a secret all the same.
const SECRET: [&str; 1] = ["WebhookAuthConfigurationSecretToken"];

impl Model {
    pub fn read(text: &str) -> Self {
        let model: Value = serde_json::from_str(text).expect("the model is JSON");
        let table = |key: &str| -> BTreeMap<String, Value> {
            let table = model[key].as_object();
            let table = table.unwrap_or_else(|| panic!("the model has no {key}"));
            table.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
        };
        let operations = table("operations");
        let mut structures: BTreeMap<_, _> = table("structures")
            .iter()
            .map(|(name, entry)| (name.clone(), structure(entry)))
            .collect();
        // An operation without an output still has a type for its answer.
        for name in operations.keys() {
            structures
                .entry(format!("{name}Output"))
                .or_insert(Structure {
                    members: Vec::new(),
                    sensitive: false,
                });
        }
        Self {
            prefix: string(&model["metadata"]["targetPrefix"]),
            operations: operations.iter().map(operation).collect(),
            structures,
            enums: table("enums")
                .iter()
                .map(|(name, values)| (name.clone(), strings(values)))
                .collect(),
            errors: table("errors")
                .iter()
                .map(|(name, entry)| (name.clone(), entry["http"].as_u64().expect("a status")))
                .collect(),
            shapes: table("shapes"),
            constraints: table("constraints"),
        }
    }

    pub fn kind(&self, shape: &str) -> Kind {
        if self.structures.contains_key(shape) {
            return Kind::Structure;
        }
        if self.enums.contains_key(shape) {
            return Kind::Enum;
        }
        let entry = self
            .shapes
            .get(shape)
            .unwrap_or_else(|| panic!("the model has no shape {shape}"));
        match string(&entry["type"]).as_str() {
            "list" => Kind::List(string(&entry["member"])),
            "map" => Kind::Map(string(&entry["key"]), string(&entry["value"])),
            "string" => Kind::Text,
            "integer" => Kind::Integer,
            "boolean" => Kind::Boolean,
            "timestamp" => Kind::Timestamp,
            other => panic!("{shape} is of type {other}, for which nothing is written"),
        }
    }

    pub fn sensitive(&self, shape: &str) -> bool {
        let marked = |entry: &Value| entry["sensitive"] == true;
        SECRET.contains(&shape)
            || self.shapes.get(shape).is_some_and(marked)
            || self.structures.get(shape).is_some_and(|s| s.sensitive)
    }

    pub fn limit(&self, shape: &str, which: &str) -> Option<i64> {
        self.constraints.get(shape)?[which].as_i64()
    }

    pub fn pattern(&self, shape: &str) -> Option<String> {
        let pattern = &self.constraints.get(shape)?["pattern"];
        pattern.as_str().map(str::to_owned)
    }

    /// Every shape that is neither a structure nor an enum.
    pub fn others(&self) -> impl Iterator<Item = &String> {
        self.shapes.keys()
    }
}

fn structure(entry: &Value) -> Structure {
    let required = strings(&entry["required"]);
    let members = entry["members"].as_object().expect("members");
    let mut members: Vec<_> = members
        .iter()
        .map(|(name, shape)| Member {
            name: name.clone(),
            shape: string(shape),
            required: required.contains(name),
        })
        .collect();
    // The order that deterministic CBOR asks for; JSON does not care.
    members.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    Structure {
        members,
        sensitive: entry["sensitive"] == true,
    }
}

fn operation((name, entry): (&String, &Value)) -> Operation {
    let page = &entry["paginated"];
    Operation {
        name: name.clone(),
        group: string(&entry["group"]),
        has_output: !entry["output"].is_null(),
        errors: strings(&entry["errors"]),
        page: page["input_token"].as_str().map(|token| {
            let limit = page["limit_key"].as_str().map(str::to_owned);
            (token.to_owned(), limit)
        }),
    }
}

fn string(value: &Value) -> String {
    let text = value.as_str();
    text.unwrap_or_else(|| panic!("{value} is no string"))
        .to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(string).collect()
}
