//! Makes an action or a rule ready: variables resolved, artifacts found (user
//! guide, "Variables"). Done just before it starts, never twice.

use crate::event::ResolvedAction;
use crate::execution::Execution;
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::definition::{
    Action, EnvironmentVariable, InputArtifact, OutputArtifact, Reference, Rule, Template,
};
use lockgate_model::job::{Failure, FailureType};
use lockgate_model::trigger::SourceRevisionType;
use std::collections::BTreeMap;
use std::fmt;

/// Bytes of everything resolved for one action (user guide, "Quotas").
const MOST_RESOLVED_BYTES: usize = 102_400;

/// The configuration key that an override of kind `S3_OBJECT_KEY` replaces.
const S3_OBJECT_KEY: &str = "S3ObjectKey";

/// What is to be resolved: an action, or a rule.
pub(super) struct Unresolved<'a> {
    action_type: &'a ActionTypeId,
    configuration: &'a BTreeMap<String, String>,
    environment_variables: &'a [EnvironmentVariable],
    commands: &'a [String],
    output_variables: &'a [String],
    input_artifacts: &'a [InputArtifact],
    output_artifacts: &'a [OutputArtifact],
    namespace: Option<&'a String>,
    /// Of the source action of this name, if it is one.
    source: Option<&'a str>,
}

impl<'a> From<&'a Action> for Unresolved<'a> {
    fn from(action: &'a Action) -> Self {
        let is_source = action.action_type_id.category == Category::Source;
        Self {
            action_type: &action.action_type_id,
            configuration: &action.configuration,
            environment_variables: &action.environment_variables,
            commands: &action.commands,
            output_variables: &action.output_variables,
            input_artifacts: &action.input_artifacts,
            output_artifacts: &action.output_artifacts,
            namespace: action.namespace.as_ref(),
            source: is_source.then_some(action.name.as_str()),
        }
    }
}

impl<'a> From<&'a Rule> for Unresolved<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self {
            action_type: &rule.rule_type_id,
            configuration: &rule.configuration,
            environment_variables: &[],
            commands: &rule.commands,
            output_variables: &[],
            input_artifacts: &rule.input_artifacts,
            output_artifacts: &[],
            namespace: None,
            source: None,
        }
    }
}

/// The action or rule as it is to be done; with the failure, where it cannot be
/// done, what could not be resolved stands as it is in the definition.
pub(super) fn resolve<'a>(
    execution: &Execution,
    wanted: impl Into<Unresolved<'a>>,
) -> (ResolvedAction, Option<Failure>) {
    let wanted = wanted.into();
    let mut resolver = Resolver {
        execution,
        id: execution.id.to_string(),
        category: wanted.action_type.category,
        bytes: 0,
        problem: None,
    };
    let mut configuration = BTreeMap::new();
    let mut templates = BTreeMap::new();
    for (key, value) in wanted.configuration {
        let resolved = resolver.text(format_args!("configuration key '{key}'"), value);
        if resolved != *value {
            templates.insert(key.clone(), value.clone());
        }
        configuration.insert(key.clone(), resolved);
    }
    let environment_variables = wanted
        .environment_variables
        .iter()
        .map(|variable| {
            let place = format_args!("environment variable '{}'", variable.name);
            let value = resolver.text(place, &variable.value);
            EnvironmentVariable {
                value,
                ..variable.clone()
            }
        })
        .collect();
    let commands = wanted
        .commands
        .iter()
        .zip(1..)
        .map(|(command, number)| resolver.text(format_args!("command {number}"), command))
        .collect();
    let mut problem = resolver.problem;
    let mut input_artifacts = vec![];
    for input in wanted.input_artifacts {
        match execution.products.artifact(&input.name) {
            Some(artifact) => input_artifacts.push(artifact.as_ref().clone()),
            None => {
                problem.get_or_insert_with(|| {
                    format!(
                        "no earlier action made input artifact '{}'; name it in an earlier action's outputArtifacts",
                        input.name
                    )
                });
            }
        }
    }
    let mut revision = None;
    for asked in execution
        .source_revisions
        .iter()
        .filter(|asked| wanted.source == Some(asked.action_name.as_str()))
    {
        if asked.revision_type == Some(SourceRevisionType::S3ObjectKey) {
            let key = S3_OBJECT_KEY.to_owned();
            let declared = configuration.insert(key.clone(), asked.revision_id.clone());
            templates.extend(declared.map(|declared| (key, declared)));
        } else {
            revision = Some(asked.revision_id.clone());
        }
    }
    let resolved = ResolvedAction {
        action_type: wanted.action_type.clone(),
        configuration,
        templates,
        environment_variables,
        commands,
        output_variables: wanted.output_variables.to_vec(),
        input_artifacts,
        output_artifacts: wanted.output_artifacts.to_vec(),
        namespace: wanted.namespace.cloned(),
        revision,
    };
    let failure = problem.map(|problem| Failure::new(FailureType::ConfigurationError, problem));
    (resolved, failure)
}

struct Resolver<'a> {
    execution: &'a Execution,
    id: String,
    category: Category,
    bytes: usize,
    /// The first thing that was wrong.
    problem: Option<String>,
}

impl Resolver<'_> {
    /// The text with its variables replaced; as it is, if that is not possible.
    fn text(&mut self, place: fmt::Arguments<'_>, text: &str) -> String {
        match self.try_text(text) {
            Ok(resolved) => resolved,
            Err(problem) => {
                self.problem
                    .get_or_insert_with(|| format!("{place}: {problem}"));
                text.to_owned()
            }
        }
    }

    fn try_text(&mut self, text: &str) -> Result<String, String> {
        if !text.contains("#{") {
            self.take(text.len())?;
            return Ok(text.to_owned());
        }
        let template = Template::parse(text).map_err(|error| error.to_string())?;
        // Counted before it is built: a short text can name a long value often.
        let mut bytes = text.len();
        for reference in template.references() {
            let value = self
                .value(reference)
                .ok_or_else(|| self.unknown(reference))?;
            bytes = bytes.saturating_add(value.len());
        }
        self.take(bytes)?;
        template
            .resolve(|reference| self.value(reference))
            .map_err(|reference| self.unknown(&reference))
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= MOST_RESOLVED_BYTES {
            return Ok(());
        }
        Err(format!(
            "with its variables resolved the action's configuration is more than {MOST_RESOLVED_BYTES} bytes; put large values into an artifact"
        ))
    }

    fn value(&self, reference: &Reference) -> Option<&str> {
        let key = reference.key.as_str();
        match reference.namespace.as_str() {
            "codepipeline" => (key == "PipelineExecutionId").then_some(self.id.as_str()),
            "variables" if self.category == Category::Source => None,
            "variables" => self.execution.variables.get(key).map(String::as_str),
            namespace => self
                .execution
                .products
                .variables(namespace)?
                .get(key)
                .map(String::as_str),
        }
    }

    fn unknown(&self, reference: &Reference) -> String {
        let namespace = reference.namespace.as_str();
        let known: Vec<&str> = match namespace {
            "codepipeline" => vec!["PipelineExecutionId"],
            "variables" if self.category == Category::Source => {
                return format!(
                    "{reference} cannot be used: pipeline variables have no meaning in source actions; write the value itself"
                );
            }
            "variables" => self
                .execution
                .variables
                .keys()
                .map(String::as_str)
                .collect(),
            _ => match self.execution.products.variables(namespace) {
                Some(variables) => variables.keys().map(String::as_str).collect(),
                None => {
                    return format!(
                        "{reference} is not known: no action before this one has the namespace '{namespace}'; give it to the action that sets the variable"
                    );
                }
            },
        };
        if known.is_empty() {
            return format!(
                "{reference} is not known: the namespace '{namespace}' has no variables; take the reference out, or set the variable in an earlier action"
            );
        }
        let shown: Vec<_> = known
            .iter()
            .take(10)
            .map(|key| format!("'{key}'"))
            .collect();
        format!(
            "{reference} is not known: the namespace '{namespace}' has {}{}; write one of its variables",
            shown.join(", "),
            if known.len() > shown.len() {
                ", …"
            } else {
                ""
            }
        )
    }
}
