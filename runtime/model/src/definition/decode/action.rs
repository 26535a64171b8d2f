//! Reads one action.

use super::fields::{Decoder, Fields, Shape};
use crate::action_type::{ActionTypeId, Category};
use crate::definition::form;
use crate::definition::problem::{below, quoted, shortened};
use crate::definition::read::Format;
use crate::definition::tree::{Node, Value};
use crate::definition::{Action, EnvironmentVariable, InputArtifact, OutputArtifact, Template};
use std::collections::BTreeMap;

pub(super) const ACTION: Shape = Shape {
    what: "an action",
    keys: &[
        "name",
        "actionTypeId",
        "runOrder",
        "configuration",
        "commands",
        "environmentVariables",
        "inputArtifacts",
        "outputArtifacts",
        "outputVariables",
        "roleArn",
        "region",
        "namespace",
        "timeoutInMinutes",
    ],
    refused: &[],
};

pub(super) const ACTION_TYPE: Shape = Shape {
    what: "an action type",
    keys: &["category", "owner", "provider", "version"],
    refused: &[],
};

const INPUT: Shape = Shape {
    what: "an input artifact",
    keys: &["name"],
    refused: &[],
};

pub(super) const OUTPUT: Shape = Shape {
    what: "an output artifact",
    keys: &["name", "files"],
    refused: &[],
};

pub(super) const ENVIRONMENT: Shape = Shape {
    what: "an environment variable",
    keys: &["name", "value", "type"],
    refused: &[],
};

const OWNERS: &[(&str, &str)] = &[
    ("AWS", "AWS"),
    ("ThirdParty", "ThirdParty"),
    ("Custom", "Custom"),
];

/// No action type takes or makes more (API reference, `MaximumArtifactCount`).
const MOST_ARTIFACTS: usize = 10;

#[derive(Clone, Copy, PartialEq)]
enum EnvironmentType {
    Plaintext,
    SecretsManager,
}

impl Decoder<'_> {
    pub(super) fn action(&mut self, node: &Node, path: String) -> Option<Action> {
        let fields = self.table(node, path, &ACTION)?;
        let name = self.required(&fields, "name", &form::ACTION_NAME);
        let action_type_id = match fields.get("actionTypeId") {
            Some(node) => self.action_type(node, fields.path_of("actionTypeId")),
            None => {
                let what = match self.format {
                    Format::Json => "category, owner, provider and version of a provider",
                    Format::Toml => "it as \"Category/Owner/Provider/Version\"",
                };
                self.missing(&fields, "actionTypeId", what);
                None
            }
        };
        let run_order = self.number(&fields, "runOrder", 1..=999).unwrap_or(1);
        let timeout_in_minutes = self.number(&fields, "timeoutInMinutes", 5..=86_400);
        let configuration = self.configuration(&fields);
        let commands = self.texts(&fields, "commands", "commands", &form::COMMAND, 50);
        for (path, node) in self.list(&fields, "commands", "commands") {
            if let Value::Text(command) = &node.value {
                self.template(node.at, &path, command);
            }
        }
        let environment_variables = self.environment(&fields);
        let input_artifacts = self
            .artifacts(&fields, "inputArtifacts")
            .into_iter()
            .filter_map(|(path, node)| self.input(node, path))
            .collect();
        let output_artifacts = self
            .artifacts(&fields, "outputArtifacts")
            .into_iter()
            .filter_map(|(path, node)| self.output(node, path))
            .collect();
        let output_variables = self.texts(
            &fields,
            "outputVariables",
            "variable names",
            &form::OUTPUT_VARIABLE,
            15,
        );
        let role_arn = self.role_arn(&fields);
        let region = self.optional(&fields, "region", &form::REGION);
        let namespace = fields
            .get("namespace")
            .map(|_| self.name(&fields, "namespace", &form::NAMESPACE));
        Some(Action {
            name,
            action_type_id: action_type_id?,
            run_order,
            configuration,
            commands,
            environment_variables,
            input_artifacts,
            output_artifacts,
            output_variables,
            role_arn,
            region,
            namespace,
            timeout_in_minutes,
        })
    }

    /// A table, or in TOML `"Category/Owner/Provider/Version"`.
    fn action_type(&mut self, node: &Node, path: String) -> Option<ActionTypeId> {
        if let (Value::Text(text), Format::Toml) = (&node.value, self.format) {
            return self.short_action_type(text, node, &path);
        }
        let fields = self.table(node, path, &ACTION_TYPE)?;
        let part = |key: &str| fields.get(key).map(|node| (node, fields.path_of(key)));
        let category = match part("category") {
            Some((node, path)) => self.category(node, &path),
            None => {
                self.missing(
                    &fields,
                    "category",
                    "what the action does, such as \"Build\"",
                );
                None
            }
        };
        let owner = match part("owner") {
            Some((node, path)) => self.choice(node, &path, "an owner", OWNERS),
            None => {
                self.missing(&fields, "owner", "\"AWS\", \"ThirdParty\" or \"Custom\"");
                None
            }
        };
        let provider = self.required(&fields, "provider", &form::PROVIDER);
        let version = match part("version") {
            // Version 1 reads as a number to everyone but AWS.
            Some((node, path)) => self.text(node, &path, &form::VERSION, true),
            None => {
                self.missing(&fields, "version", "the provider's version, usually \"1\"");
                None
            }
        };
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

    fn short_action_type(&mut self, text: &str, node: &Node, path: &str) -> Option<ActionTypeId> {
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
                    "{} is not an action type; write Category/Owner/Provider/Version, such as \"Source/Custom/Git/1\"",
                    quoted(text)
                ),
            );
            return None;
        };
        let part = |text: &str| Node {
            at: node.at,
            value: Value::Text(text.to_owned()),
        };
        let category = self.category(&part(category), path);
        let owner = self.choice(&part(owner), path, "an owner", OWNERS);
        let provider = self.text(&part(provider), path, &form::PROVIDER, false)?;
        let version = self.text(&part(version), path, &form::VERSION, false)?;
        Some(ActionTypeId {
            category: category?,
            owner: owner?.to_owned(),
            provider,
            version,
        })
    }

    fn category(&mut self, node: &Node, path: &str) -> Option<Category> {
        let choices = Category::ACTIONS.map(|category| (category.as_str(), category));
        self.choice(node, path, "a category", &choices)
    }

    fn configuration(&mut self, fields: &Fields<'_>) -> BTreeMap<String, String> {
        let Some(node) = fields.get("configuration") else {
            return BTreeMap::new();
        };
        let path = fields.path_of("configuration");
        let mut configuration = BTreeMap::new();
        for entry in self.entries(node, &path, "an action's configuration") {
            let path = below(&path, &entry.key);
            if let Some(fault) = form::CONFIGURATION_KEY.fault(&entry.key) {
                self.note(entry.at, &path, fault);
            }
            let text = self.text(&entry.node, &path, &form::CONFIGURATION_VALUE, true);
            if let Some(text) = &text {
                self.template(entry.node.at, &path, text);
            }
            // A key is kept even where its value is wrong, so that it is not
            // called missing too.
            configuration.insert(entry.key.clone(), text.unwrap_or_default());
        }
        configuration
    }

    fn environment(&mut self, fields: &Fields<'_>) -> Vec<EnvironmentVariable> {
        let items = self.list(fields, "environmentVariables", "environment variables");
        self.at_most(fields, "environmentVariables", items.len(), 10);
        items
            .into_iter()
            .filter_map(|(path, node)| {
                let fields = self.table(node, path, &ENVIRONMENT)?;
                let name = self.required(&fields, "name", &form::ENVIRONMENT_NAME);
                let value = match fields.get("value") {
                    Some(node) => {
                        let path = fields.path_of("value");
                        let text = self.text(node, &path, &form::ENVIRONMENT_VALUE, true)?;
                        self.template(node.at, &path, &text);
                        text
                    }
                    None => {
                        self.missing(&fields, "value", "the variable's value");
                        return None;
                    }
                };
                if let Some(node) = fields.get("type") {
                    let path = fields.path_of("type");
                    let kind = self.choice(
                        node,
                        &path,
                        "a type of environment variable",
                        &[
                            ("PLAINTEXT", EnvironmentType::Plaintext),
                            ("SECRETS_MANAGER", EnvironmentType::SecretsManager),
                        ],
                    );
                    if kind == Some(EnvironmentType::SecretsManager) {
                        self.note(
                            node.at,
                            &path,
                            "'SECRETS_MANAGER' is not carried out by this version; write \"PLAINTEXT\" or remove the variable",
                        );
                    }
                }
                Some(EnvironmentVariable { name, value })
            })
            .collect()
    }

    fn artifacts<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Vec<(String, &'n Node)> {
        let items = self.list(fields, key, "artifacts");
        self.at_most(fields, key, items.len(), MOST_ARTIFACTS);
        items
    }

    fn input(&mut self, node: &Node, path: String) -> Option<InputArtifact> {
        let fields = self.table(node, path, &INPUT)?;
        let name = self.name(&fields, "name", &form::ARTIFACT_NAME);
        Some(InputArtifact { name })
    }

    fn output(&mut self, node: &Node, path: String) -> Option<OutputArtifact> {
        let fields = self.table(node, path, &OUTPUT)?;
        let name = self.name(&fields, "name", &form::ARTIFACT_NAME);
        let files = self.texts(&fields, "files", "file patterns", &form::FILE, 10);
        Some(OutputArtifact { name, files })
    }

    /// Notes a `#{` that is not a reference.
    fn template(&mut self, at: usize, path: &str, text: &str) {
        if let Err(error) = Template::parse(text) {
            self.note(
                at,
                path,
                format!(
                    "'{}' is not a reference to a variable; write #{{namespace.key}}",
                    shortened(&error.0)
                ),
            );
        }
    }
}
