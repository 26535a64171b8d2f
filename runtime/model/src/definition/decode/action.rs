//! Reads one action.

use super::fields::{Decoder, Fields, Shape};
use super::provider::OF_ACTION;
use crate::definition::form::{self, Form};
use crate::definition::problem::{below, shortened};
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
            Some(node) => self.provider(node, fields.path_of("actionTypeId"), &OF_ACTION),
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
        let configuration = self.configuration(
            &fields,
            "an action's configuration",
            &form::CONFIGURATION_VALUE,
        );
        let commands = self.commands(&fields);
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

    /// The provider's own settings, of an action or a rule.
    pub(super) fn configuration(
        &mut self,
        fields: &Fields<'_>,
        what: &str,
        value: &Form,
    ) -> BTreeMap<String, String> {
        let Some(node) = fields.get("configuration") else {
            return BTreeMap::new();
        };
        let path = fields.path_of("configuration");
        let mut configuration = BTreeMap::new();
        for entry in self.entries(node, &path, what) {
            let path = below(&path, &entry.key);
            if let Some(fault) = form::CONFIGURATION_KEY.fault(&entry.key) {
                self.note(entry.at, &path, fault);
            }
            let text = self.text(&entry.node, &path, value, true);
            if let Some(text) = &text {
                self.template(entry.node.at, &path, text);
            }
            // A key is kept even where its value is wrong, so that it is not
            // called missing too.
            configuration.insert(entry.key.clone(), text.unwrap_or_default());
        }
        configuration
    }

    /// What a shell is to run.
    pub(super) fn commands(&mut self, fields: &Fields<'_>) -> Vec<String> {
        let commands = self.texts(fields, "commands", "commands", &form::COMMAND, 50);
        for (path, node) in self.list(fields, "commands", "commands") {
            if let Value::Text(command) = &node.value {
                self.template(node.at, &path, command);
            }
        }
        commands
    }

    fn environment(&mut self, fields: &Fields<'_>) -> Vec<EnvironmentVariable> {
        self.some(fields, "environmentVariables", "environment variables", 10)
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
                        self.refuse(
                            node.at,
                            &path,
                            "'SECRETS_MANAGER' is not carried out, for secrets never enter a sandbox; remove the variable and let the provider name the secret that its requests are to carry",
                        );
                    }
                }
                Some(EnvironmentVariable { name, value })
            })
            .collect()
    }

    pub(super) fn artifacts<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &str,
    ) -> Vec<(String, &'n Node)> {
        let items = self.list(fields, key, "artifacts");
        self.at_most(fields, key, items.len(), MOST_ARTIFACTS);
        items
    }

    pub(super) fn input(&mut self, node: &Node, path: String) -> Option<InputArtifact> {
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
            self.refuse(
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
