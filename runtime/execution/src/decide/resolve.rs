//! Makes an action ready: variables resolved, artifacts found (user guide,
//! "Variables"). Done just before it starts, never twice.

use crate::event::ResolvedAction;
use crate::execution::Execution;
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, EnvironmentVariable, Reference, Template};
use lockgate_model::job::{Failure, FailureType};
use std::fmt;

/// Bytes of everything resolved for one action (user guide, "Quotas").
const MOST_RESOLVED_BYTES: usize = 102_400;

/// The action as it is to be done; with the failure, where it cannot be done,
/// what could not be resolved stands as it is in the definition.
pub(super) fn resolve(execution: &Execution, action: &Action) -> (ResolvedAction, Option<Failure>) {
    let mut resolver = Resolver {
        execution,
        id: execution.id.to_string(),
        category: action.action_type_id.category,
        bytes: 0,
        problem: None,
    };
    let configuration = action
        .configuration
        .iter()
        .map(|(key, value)| {
            let place = format_args!("configuration key '{key}'");
            (key.clone(), resolver.text(place, value))
        })
        .collect();
    let environment_variables = action
        .environment_variables
        .iter()
        .map(|variable| EnvironmentVariable {
            name: variable.name.clone(),
            value: resolver.text(
                format_args!("environment variable '{}'", variable.name),
                &variable.value,
            ),
        })
        .collect();
    let commands = action
        .commands
        .iter()
        .zip(1..)
        .map(|(command, number)| resolver.text(format_args!("command {number}"), command))
        .collect();
    let mut problem = resolver.problem;
    let mut input_artifacts = vec![];
    for wanted in &action.input_artifacts {
        match execution.artifacts.get(&wanted.name) {
            Some(artifact) => input_artifacts.push(artifact.as_ref().clone()),
            None => {
                problem.get_or_insert_with(|| {
                    format!(
                        "no earlier action made input artifact '{}'; name it in an earlier action's outputArtifacts",
                        wanted.name
                    )
                });
            }
        }
    }
    let resolved = ResolvedAction {
        action_type: action.action_type_id.clone(),
        configuration,
        environment_variables,
        commands,
        output_variables: action.output_variables.clone(),
        input_artifacts,
        output_artifacts: action.output_artifacts.clone(),
        namespace: action.namespace.clone(),
        revision: execution
            .source_revisions
            .iter()
            .find(|revision| revision.action_name == action.name)
            .filter(|_| action.action_type_id.category == Category::Source)
            .map(|revision| revision.revision_id.clone()),
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
                .namespaces
                .get(namespace)?
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
            _ => match self.execution.namespaces.get(namespace) {
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
