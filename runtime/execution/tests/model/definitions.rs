//! Random pipelines: every mode, conditions of all kinds and results, artifacts
//! and variables that fit and some that never come to be.

use crate::chance::Chance;
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::definition::{
    Action, Condition, ConditionResult, Conditions, ExecutionMode, FailureConditions,
    GitConfiguration, GlobFilter, InputArtifact, OutputArtifact, Pipeline, PipelineType,
    PushFilter, RetryConfiguration, RetryMode, Rule, Stage, TriggerDeclaration, TriggerProvider,
    VariableDeclaration,
};
use std::collections::BTreeMap;

/// What may be used by what comes later.
#[derive(Default)]
struct Made {
    artifacts: Vec<String>,
    namespaces: Vec<String>,
}

/// A pipeline.
pub(crate) fn random(chance: &mut Chance) -> Pipeline {
    let execution_mode = match chance.below(10) {
        0..=4 => ExecutionMode::Superseded,
        5..=7 => ExecutionMode::Queued,
        _ => ExecutionMode::Parallel,
    };
    let mut made = Made::default();
    let mut stages = vec![sources(chance, &mut made)];
    for index in 1..2 + chance.below(5) {
        stages.push(stage(chance, index, execution_mode, &mut made));
    }
    let mut variables = vec![];
    if chance.percent(50) {
        variables.push(VariableDeclaration {
            name: "colour".to_owned(),
            default_value: chance.percent(70).then(|| "red".to_owned()),
            description: None,
        });
    }
    Pipeline {
        name: "site".to_owned(),
        role_arn: None,
        artifact_store: None,
        artifact_stores: None,
        stages,
        version: 1,
        execution_mode,
        pipeline_type: PipelineType::V2,
        variables,
        triggers: triggers(chance),
    }
}

fn triggers(chance: &mut Chance) -> Vec<TriggerDeclaration> {
    if chance.percent(60) {
        return vec![];
    }
    let glob = |includes: &[&str]| {
        Some(GlobFilter {
            includes: includes.iter().map(|p| (*p).to_owned()).collect(),
            excludes: vec![],
        })
    };
    vec![TriggerDeclaration {
        provider_type: TriggerProvider::default(),
        git_configuration: GitConfiguration {
            source_action_name: "get0".to_owned(),
            push: vec![PushFilter {
                tags: None,
                branches: glob(&["main"]),
                file_paths: chance.percent(50).then(|| glob(&["src/**"])).flatten(),
            }],
            pull_request: vec![],
        },
    }]
}

fn action(name: String, category: Category, owner: &str, provider: &str) -> Action {
    Action {
        name,
        action_type_id: ActionTypeId {
            category,
            owner: owner.to_owned(),
            provider: provider.to_owned(),
            version: "1".to_owned(),
        },
        run_order: 1,
        configuration: BTreeMap::new(),
        commands: vec![],
        environment_variables: vec![],
        input_artifacts: vec![],
        output_artifacts: vec![],
        output_variables: vec![],
        role_arn: None,
        region: None,
        namespace: None,
        timeout_in_minutes: None,
    }
}

fn sources(chance: &mut Chance, made: &mut Made) -> Stage {
    let mut actions = vec![];
    for number in 0..1 + chance.below(2) {
        let mut source = action(format!("get{number}"), Category::Source, "Custom", "Git");
        let artifact = format!("src{number}");
        source.output_artifacts.push(OutputArtifact {
            name: artifact.clone(),
            files: vec![],
        });
        source
            .configuration
            .insert("BranchName".to_owned(), "main".to_owned());
        source.namespace = Some(format!("git{number}"));
        made.artifacts.push(artifact);
        made.namespaces.push(format!("git{number}"));
        actions.push(source);
    }
    let on_failure = chance.percent(15).then(|| retry(chance));
    Stage {
        name: "Source".to_owned(),
        actions,
        before_entry: None,
        on_success: None,
        on_failure,
    }
}

fn stage(chance: &mut Chance, index: usize, mode: ExecutionMode, made: &mut Made) -> Stage {
    let mut actions = vec![];
    let mut later = Made::default();
    let count = match chance.below(10) {
        0 => 7,
        n => 1 + n % 4,
    };
    for number in 0..count {
        let mut action = one_action(chance, index, number);
        action.run_order = 1 + chance.below(3) as u32;
        if action.action_type_id.category != Category::Approval {
            if chance.percent(60)
                && let Some(name) = chance.of(&made.artifacts)
            {
                action
                    .input_artifacts
                    .push(InputArtifact { name: name.clone() });
            }
            if chance.percent(40) {
                let name = format!("art{index}{number}");
                later.artifacts.push(name.clone());
                action.output_artifacts.push(OutputArtifact {
                    name,
                    files: vec![],
                });
            }
            if chance.percent(40) {
                let name = format!("ns{index}{number}");
                later.namespaces.push(name.clone());
                action.namespace = Some(name);
            }
            if chance.percent(30)
                && let Some(text) = reference(chance, made)
            {
                action.configuration.insert("Text".to_owned(), text);
            }
        }
        actions.push(action);
    }
    let parallel = mode == ExecutionMode::Parallel;
    let stage = Stage {
        name: format!("S{index}"),
        actions,
        before_entry: chance.percent(25).then(|| {
            let result = [
                None,
                Some(ConditionResult::Fail),
                Some(ConditionResult::Skip),
            ];
            conditions(chance, made, result.to_vec())
        }),
        on_success: chance.percent(20).then(|| {
            let mut results = vec![None, Some(ConditionResult::Fail)];
            if !parallel {
                results.push(Some(ConditionResult::Rollback));
            }
            conditions(chance, made, results)
        }),
        on_failure: chance.percent(40).then(|| match chance.below(3) {
            0 if !parallel => FailureConditions {
                result: Some(ConditionResult::Rollback),
                ..FailureConditions::default()
            },
            1 if !parallel => FailureConditions {
                result: None,
                retry_configuration: None,
                conditions: vec![condition(
                    chance,
                    made,
                    vec![Some(ConditionResult::Rollback)],
                )],
            },
            _ => retry(chance),
        }),
    };
    made.artifacts.extend(later.artifacts);
    made.namespaces.extend(later.namespaces);
    stage
}

fn retry(chance: &mut Chance) -> FailureConditions {
    let modes = [
        None,
        Some(RetryMode::FailedActions),
        Some(RetryMode::AllActions),
    ];
    FailureConditions {
        result: Some(ConditionResult::Retry),
        retry_configuration: chance
            .of(&modes)
            .copied()
            .flatten()
            .map(|mode| RetryConfiguration {
                retry_mode: Some(mode),
            }),
        conditions: vec![],
    }
}

fn one_action(chance: &mut Chance, index: usize, number: usize) -> Action {
    let name = format!("a{index}{number}");
    match chance.below(10) {
        0 | 1 => Action {
            action_type_id: ActionTypeId::manual_approval(),
            timeout_in_minutes: chance.percent(50).then_some(60),
            ..action(name, Category::Approval, "AWS", "Manual")
        },
        2 => action(name, Category::Test, "Custom", "Worker"),
        3 => action(name, Category::Deploy, "AWS", "S3"),
        4 => action(name, Category::Invoke, "AWS", "Lambda"),
        _ => action(name, Category::Build, "Custom", "BuildSpec"),
    }
}

/// Mostly what will be there, sometimes what never is.
fn reference(chance: &mut Chance, made: &Made) -> Option<String> {
    if chance.percent(20) {
        return Some("#{codepipeline.PipelineExecutionId}".to_owned());
    }
    let namespace = chance.of(&made.namespaces)?;
    let key = if chance.percent(90) { "by" } else { "nothing" };
    Some(format!("by #{{{namespace}.{key}}}"))
}

fn conditions(
    chance: &mut Chance,
    made: &Made,
    results: Vec<Option<ConditionResult>>,
) -> Conditions {
    Conditions {
        conditions: vec![condition(chance, made, results)],
    }
}

fn condition(chance: &mut Chance, made: &Made, results: Vec<Option<ConditionResult>>) -> Condition {
    let result = chance.of(&results).copied().flatten();
    let rules = (0..1 + chance.below(3))
        .map(|number| rule(chance, made, number, result))
        .collect();
    Condition { result, rules }
}

fn rule(chance: &mut Chance, made: &Made, number: usize, result: Option<ConditionResult>) -> Rule {
    let provider = if result == Some(ConditionResult::Skip) || chance.percent(60) {
        "VariableCheck"
    } else {
        "DeploymentWindow"
    };
    let mut configuration = BTreeMap::new();
    if provider == "VariableCheck" {
        let variable = reference(chance, made).unwrap_or_else(|| "plain".to_owned());
        configuration.insert("Variable".to_owned(), variable);
        configuration.insert("Value".to_owned(), "by x".to_owned());
        configuration.insert("Operator".to_owned(), "EQ".to_owned());
    } else {
        configuration.insert("Cron".to_owned(), "* * 9-17 ? * *".to_owned());
    }
    Rule {
        name: format!("r{number}"),
        rule_type_id: ActionTypeId {
            category: Category::Rule,
            owner: "AWS".to_owned(),
            provider: provider.to_owned(),
            version: "1".to_owned(),
        },
        configuration,
        commands: vec![],
        input_artifacts: vec![],
        role_arn: None,
        region: None,
        timeout_in_minutes: chance.percent(50).then_some(30),
    }
}
