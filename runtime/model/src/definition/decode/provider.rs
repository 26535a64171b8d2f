//! Reads which provider does an action or judges a rule.

use super::fields::{Decoder, Fields, Shape};
use crate::action_type::{ActionTypeId, Category};
use crate::definition::form::{self, Form};
use crate::definition::problem::quoted;
use crate::definition::read::Format;
use crate::definition::tree::{Node, Value};

pub(super) const ACTION_TYPE: Shape = Shape {
    what: "an action type",
    keys: KEYS,
    refused: &[],
};

const RULE_TYPE: Shape = Shape {
    what: "a rule type",
    keys: KEYS,
    refused: &[],
};

const KEYS: &[&str] = &["category", "owner", "provider", "version"];

/// How the type of an action differs from that of a rule.
pub(super) struct Kind {
    shape: &'static Shape,
    categories: &'static [(&'static str, Category)],
    category: &'static str,
    /// Of the short form.
    example: &'static str,
    /// What a part that is left out stands for.
    default: Option<Default>,
}

struct Default {
    category: Category,
    owner: &'static str,
    version: &'static str,
}

pub(super) const OF_ACTION: Kind = Kind {
    shape: &ACTION_TYPE,
    categories: &[
        ("Source", Category::Source),
        ("Build", Category::Build),
        ("Deploy", Category::Deploy),
        ("Test", Category::Test),
        ("Invoke", Category::Invoke),
        ("Approval", Category::Approval),
        ("Compute", Category::Compute),
    ],
    category: "a category",
    example: "Source/Custom/Git/1",
    default: None,
};

pub(super) const OF_RULE: Kind = Kind {
    shape: &RULE_TYPE,
    categories: &[("Rule", Category::Rule)],
    category: "a rule's category",
    example: "Rule/AWS/VariableCheck/1",
    default: Some(Default {
        category: Category::Rule,
        owner: "AWS",
        version: "1",
    }),
};

const OWNERS: &[(&str, &str)] = &[
    ("AWS", "AWS"),
    ("ThirdParty", "ThirdParty"),
    ("Custom", "Custom"),
];

impl Decoder<'_> {
    /// A table, or in TOML `"Category/Owner/Provider/Version"`.
    pub(super) fn provider(
        &mut self,
        node: &Node,
        path: String,
        kind: &Kind,
    ) -> Option<ActionTypeId> {
        if let (Value::Text(text), Format::Toml) = (&node.value, self.format) {
            return self.short_provider(text, node, &path, kind);
        }
        let fields = self.table(node, path, kind.shape)?;
        let default = kind.default.as_ref();
        let category = match fields.get("category") {
            Some(node) => self.choice(
                node,
                &fields.path_of("category"),
                kind.category,
                kind.categories,
            ),
            None => default.map(|default| default.category).or_else(|| {
                self.missing(
                    &fields,
                    "category",
                    "what the action does, such as \"Build\"",
                );
                None
            }),
        };
        let owner = match fields.get("owner") {
            Some(node) => self.choice(node, &fields.path_of("owner"), "an owner", OWNERS),
            None => default.map(|default| default.owner).or_else(|| {
                self.missing(&fields, "owner", "\"AWS\", \"ThirdParty\" or \"Custom\"");
                None
            }),
        };
        let provider = self.required(&fields, "provider", &form::PROVIDER);
        let version = self.version(&fields, default);
        if version.is_none() {
            self.doubt();
        }
        Some(ActionTypeId {
            category: category?,
            owner: owner?.to_owned(),
            provider,
            version: version?,
        })
    }

    fn version(&mut self, fields: &Fields<'_>, default: Option<&Default>) -> Option<String> {
        match fields.get("version") {
            // Version 1 reads as a number to everyone but AWS.
            Some(node) => self.text(node, &fields.path_of("version"), &form::VERSION, true),
            None => default
                .map(|default| default.version.to_owned())
                .or_else(|| {
                    self.missing(fields, "version", "the provider's version, usually \"1\"");
                    None
                }),
        }
    }

    fn short_provider(
        &mut self,
        text: &str,
        node: &Node,
        path: &str,
        kind: &Kind,
    ) -> Option<ActionTypeId> {
        let mut parts = text.split('/');
        let (Some(category), Some(owner), Some(provider), Some(version), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            self.lose(
                node.at,
                path,
                format!(
                    "{} is not {}; write Category/Owner/Provider/Version, such as \"{}\"",
                    quoted(text),
                    kind.shape.what,
                    kind.example
                ),
            );
            return None;
        };
        let part = |text: &str| Node {
            at: node.at,
            value: Value::Text(text.to_owned()),
        };
        let category = self.choice(&part(category), path, kind.category, kind.categories);
        let owner = self.choice(&part(owner), path, "an owner", OWNERS);
        let mut text = |text: &str, form: &Form| self.text(&part(text), path, form, false);
        let provider = text(provider, &form::PROVIDER)?;
        let version = text(version, &form::VERSION)?;
        Some(ActionTypeId {
            category: category?,
            owner: owner?.to_owned(),
            provider,
            version,
        })
    }
}
