//! The rollback that a stage's failure leads to, and what a rollback takes over
//! from the execution that it goes back to.

use super::Inside;
use crate::event::{Event, Fetched, Rollback};
use crate::mode;
use crate::products::Products;
use lockgate_model::definition::{Action, Conditions, PipelineType, Rule, Stage, Template};
use lockgate_model::id::ExecutionId;
use lockgate_model::trigger::{Trigger, TriggerType};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The start of a rollback to the last success in this stage, or why there can
/// be none.
pub(super) fn start(inside: Inside<'_>) -> Result<Event, String> {
    let Inside {
        state,
        execution,
        run,
        request,
        ..
    } = inside;
    if execution.rollback.is_some() {
        return Err("a rollback that fails is not rolled back".to_owned());
    }
    if !mode::locks(execution.mode) {
        return Err("executions in PARALLEL mode are not rolled back".to_owned());
    }
    let definition = state
        .definition()
        .ok_or_else(|| "the pipeline was deleted".to_owned())?;
    // The rollback runs what is current, whatever failed ran.
    if !mode::locks(definition.execution_mode) {
        return Err("the pipeline is in PARALLEL mode by now, which has none".to_owned());
    }
    if definition.pipeline_type == PipelineType::V1 {
        return Err("the pipeline is of type V1 by now, which has none".to_owned());
    }
    let stage = match definition.stage(&run.name) {
        Some((0, _)) => return Err("the source stage is not rolled back".to_owned()),
        Some((_, stage)) => stage,
        None => return Err("the pipeline no longer has this stage".to_owned()),
    };
    let past = state
        .gates
        .get(&run.name)
        .and_then(|gate| gate.success.as_ref())
        .filter(|past| state.is_valid(past.version))
        .ok_or_else(|| "no execution has succeeded in this stage before".to_owned())?;
    let rollback = taken_over(
        stage,
        past.execution,
        Some(execution.id),
        &past.products,
        past.revisions.to_vec(),
    )?;
    let name = format!("rollback/{}/{}/{}", execution.id, run.name, run.attempt);
    Ok(Event::ExecutionStarted {
        execution: ExecutionId::following(request.at, request.seed, &name),
        version: definition.version,
        trigger: Trigger {
            trigger_type: TriggerType::AutomatedRollback,
            trigger_detail: execution.id.to_string(),
        },
        variables: past.variables.clone(),
        source_revisions: past.source_revisions.clone(),
        change: None,
        rollback: Some(Arc::new(rollback)),
    })
}

/// What the stage needs of the target's products.
///
/// # Errors
/// What the target does not have.
pub(in super::super) fn taken_over(
    stage: &Stage,
    target: ExecutionId,
    failed: Option<ExecutionId>,
    products: &Products,
    revisions: Vec<Fetched>,
) -> Result<Rollback, String> {
    let Needs {
        artifacts,
        namespaces,
    } = Needs::of(stage);
    let artifacts = artifacts
        .into_iter()
        .map(|name| {
            products
                .artifact(name)
                .cloned()
                .ok_or_else(|| format!("execution {target} did not make the artifact '{name}'"))
        })
        .collect::<Result<_, _>>()?;
    let namespaces: BTreeMap<_, _> = namespaces
        .into_iter()
        .filter_map(|name| {
            let variables = products.variables(&name)?.clone();
            Some((name, variables))
        })
        .collect();
    Ok(Rollback {
        target,
        stage: stage.name.clone(),
        failed,
        artifacts,
        namespaces,
        revisions,
    })
}

/// What a stage takes from the stages before it.
#[derive(Default)]
struct Needs<'a> {
    artifacts: BTreeSet<&'a str>,
    namespaces: BTreeSet<String>,
}

impl<'a> Needs<'a> {
    fn of(stage: &'a Stage) -> Self {
        let mut needs = Self::default();
        for action in &stage.actions {
            needs.add_action(action);
        }
        let entry = rules(stage.before_entry.as_ref());
        let success = rules(stage.on_success.as_ref());
        let failure = stage
            .on_failure
            .iter()
            .flat_map(|all| &all.conditions)
            .flat_map(|condition| &condition.rules);
        for rule in entry.chain(success).chain(failure) {
            needs.add_rule(rule);
        }
        for made in stage.actions.iter().flat_map(|a| &a.output_artifacts) {
            needs.artifacts.remove(made.name.as_str());
        }
        // What its own actions set, they set anew.
        for own in stage.actions.iter().filter_map(|a| a.namespace.as_ref()) {
            needs.namespaces.remove(own);
        }
        needs
    }

    fn add_action(&mut self, action: &'a Action) {
        self.artifacts.extend(
            action
                .input_artifacts
                .iter()
                .map(|input| input.name.as_str()),
        );
        let variables = action.environment_variables.iter().map(|v| &v.value);
        for text in action
            .configuration
            .values()
            .chain(&action.commands)
            .chain(variables)
        {
            self.add_text(text);
        }
    }

    fn add_rule(&mut self, rule: &'a Rule) {
        self.artifacts
            .extend(rule.input_artifacts.iter().map(|input| input.name.as_str()));
        for text in rule.configuration.values().chain(&rule.commands) {
            self.add_text(text);
        }
    }

    fn add_text(&mut self, text: &str) {
        if text.contains("#{")
            && let Ok(template) = Template::parse(text)
        {
            let names = template.references().map(|r| r.namespace.clone());
            self.namespaces.extend(names);
        }
    }
}

fn rules(conditions: Option<&Conditions>) -> impl Iterator<Item = &Rule> {
    conditions
        .into_iter()
        .flat_map(|all| &all.conditions)
        .flat_map(|condition| &condition.rules)
}
