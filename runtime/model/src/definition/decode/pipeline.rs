//! Reads the pipeline itself, its variables, its artifact stores and its
//! stages.

use super::fields::{Decoder, Fields, Shape};
use crate::definition::form::{self, role_arn_fault};
use crate::definition::problem::below;
use crate::definition::tree::Node;
use crate::definition::{
    Action, ExecutionMode, Pipeline, PipelineType, Stage, VariableDeclaration,
};

pub(super) const KEYS: &[&str] = &[
    "name",
    "roleArn",
    "artifactStore",
    "artifactStores",
    "stages",
    "version",
    "executionMode",
    "pipelineType",
    "variables",
    "triggers",
];

const PIPELINE: Shape = Shape {
    what: "a pipeline",
    keys: KEYS,
    refused: &[],
};

pub(super) const STAGE: Shape = Shape {
    what: "a stage",
    keys: &["name", "actions", "beforeEntry", "onSuccess", "onFailure"],
    refused: &[(
        "blockers",
        "remove the key and disable the stage's transition instead",
    )],
};

/// API reference, `PipelineTriggerDeclarationList`.
const MOST_TRIGGERS: usize = 50;

pub(super) const VARIABLE: Shape = Shape {
    what: "a variable",
    keys: &["name", "defaultValue", "description"],
    refused: &[],
};

pub(super) const STORE: Shape = Shape {
    what: "an artifact store",
    keys: &["type", "location", "encryptionKey"],
    refused: &[],
};

const ENCRYPTION_KEY: Shape = Shape {
    what: "an encryption key",
    keys: &["id", "type"],
    refused: &[],
};

impl Decoder<'_> {
    /// Reads the declaration. Where something was lost, the answer has gaps.
    pub(super) fn pipeline(&mut self, node: &Node) -> Pipeline {
        let mut pipeline = Pipeline {
            name: String::new(),
            role_arn: None,
            artifact_store: None,
            artifact_stores: None,
            stages: vec![],
            version: 1,
            execution_mode: ExecutionMode::default(),
            pipeline_type: PipelineType::default(),
            variables: vec![],
            triggers: vec![],
        };
        let Some(fields) = self.table(node, String::new(), &PIPELINE) else {
            return pipeline;
        };
        pipeline.name = self.required(&fields, "name", &form::PIPELINE_NAME);
        pipeline.role_arn = self.role_arn(&fields);
        if let Some(store) = fields.get("artifactStore") {
            self.store(store, fields.path_of("artifactStore"));
            pipeline.artifact_store = Some(store.to_json());
        }
        if let Some(stores) = fields.get("artifactStores") {
            self.stores(stores, &fields.path_of("artifactStores"));
            pipeline.artifact_stores = Some(stores.to_json());
        }
        if fields.get("stages").is_none() {
            self.missing(&fields, "stages", "a list of two or more stages");
        }
        for (path, node) in self.list(&fields, "stages", "stages") {
            pipeline.stages.extend(self.stage(node, path));
        }
        if let Some(version) = self.number(&fields, "version", 1..=u32::MAX) {
            pipeline.version = version;
        }
        if let Some(node) = fields.get("executionMode") {
            pipeline.execution_mode = self
                .choice(
                    node,
                    &fields.path_of("executionMode"),
                    "an execution mode",
                    &[
                        ("SUPERSEDED", ExecutionMode::Superseded),
                        ("QUEUED", ExecutionMode::Queued),
                        ("PARALLEL", ExecutionMode::Parallel),
                    ],
                )
                .unwrap_or_default();
        }
        if let Some(node) = fields.get("pipelineType") {
            pipeline.pipeline_type = self
                .choice(
                    node,
                    &fields.path_of("pipelineType"),
                    "a pipeline type",
                    &[("V1", PipelineType::V1), ("V2", PipelineType::V2)],
                )
                .unwrap_or_default();
        }
        for (path, node) in self.list(&fields, "variables", "variables") {
            pipeline.variables.extend(self.variable(node, path));
        }
        let triggers = self.list(&fields, "triggers", "triggers");
        self.at_most(&fields, "triggers", triggers.len(), MOST_TRIGGERS);
        for (path, node) in triggers {
            pipeline.triggers.extend(self.trigger(node, path));
        }
        pipeline
    }

    /// `roleArn`, accepted as exported.
    pub(super) fn role_arn(&mut self, fields: &Fields<'_>) -> Option<String> {
        let arn = self.optional(fields, "roleArn", &form::ROLE_ARN)?;
        if let (Some(fault), Some(node)) = (role_arn_fault(&arn), fields.get("roleArn")) {
            self.note(node.at, &fields.path_of("roleArn"), fault);
        }
        Some(arn)
    }

    fn stage(&mut self, node: &Node, path: String) -> Option<Stage> {
        let fields = self.table(node, path, &STAGE)?;
        let name = self.required(&fields, "name", &form::STAGE_NAME);
        if fields.get("actions").is_none() {
            self.missing(&fields, "actions", "a list of one or more actions");
        }
        let actions: Vec<Action> = self
            .list(&fields, "actions", "actions")
            .into_iter()
            .filter_map(|(path, node)| self.action(node, path))
            .collect();
        Some(Stage {
            name,
            actions,
            before_entry: self.conditions(&fields, "beforeEntry"),
            on_success: self.conditions(&fields, "onSuccess"),
            on_failure: self.failure_conditions(&fields),
        })
    }

    fn variable(&mut self, node: &Node, path: String) -> Option<VariableDeclaration> {
        let fields = self.table(node, path, &VARIABLE)?;
        let name = self.name(&fields, "name", &form::VARIABLE_NAME);
        let default_value = fields.get("defaultValue").and_then(|node| {
            let path = fields.path_of("defaultValue");
            self.text(node, &path, &form::VARIABLE_VALUE, true)
        });
        let description = self.optional(&fields, "description", &form::DESCRIPTION);
        Some(VariableDeclaration {
            name,
            default_value,
            description,
        })
    }

    fn stores(&mut self, node: &Node, path: &str) {
        for entry in self.entries(node, path, "a table of regions and their stores") {
            self.store(&entry.node, below(path, &entry.key));
        }
    }

    fn store(&mut self, node: &Node, path: String) {
        let Some(fields) = self.table(node, path, &STORE) else {
            return;
        };
        self.required(&fields, "location", &form::BUCKET);
        self.fixed(&fields, "S3");
        if let Some(node) = fields.get("encryptionKey") {
            let path = fields.path_of("encryptionKey");
            if let Some(fields) = self.table(node, path, &ENCRYPTION_KEY) {
                self.required(&fields, "id", &form::KEY_ID);
                self.fixed(&fields, "KMS");
            }
        }
    }

    /// `type`, which can be only one thing.
    fn fixed(&mut self, fields: &Fields<'_>, only: &'static str) {
        match fields.get("type") {
            None => self.missing(fields, "type", &format!("\"{only}\"")),
            Some(node) => {
                self.choice(node, &fields.path_of("type"), "a known type", &[(only, ())]);
            }
        }
    }
}
