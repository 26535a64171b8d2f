//! Random pipelines of every mode, and the action types they are made of. All of
//! them are accepted; how they go is for the provider to say.

use crate::chance::Chance;
use lockgate_model::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Catalogue, Category, Property, PropertyType,
};
use lockgate_model::definition::{Pipeline, check};
use serde_json::{Value, json};

/// Where notifications and announcements go.
pub(crate) const TARGET: &str = "https://target.example";

pub(crate) fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::core();
    for (category, owner, provider) in [
        (Category::Source, "Custom", "Fetch"),
        (Category::Build, "Custom", "Make"),
        (Category::Deploy, "AWS", "S3"),
        (Category::Invoke, "AWS", "Poke"),
        (Category::Invoke, "Custom", "Webhook"),
        (Category::Rule, "AWS", "VariableCheck"),
        (Category::Rule, "AWS", "DeploymentWindow"),
    ] {
        catalogue.insert(one(category, owner, provider));
    }
    catalogue
}

fn one(category: Category, owner: &str, provider: &str) -> ActionType {
    let property = |name: &str| Property {
        name: name.into(),
        description: String::new(),
        kind: PropertyType::String,
        required: false,
        secret: false,
        default: None,
    };
    let keys = ["Setting", "PollForSourceChanges", "Variable", "Value"];
    let more = ["Operator", "Cron"];
    let any = ArtifactCount {
        minimum: 0,
        maximum: 5,
    };
    ActionType {
        id: ActionTypeId {
            category,
            owner: owner.into(),
            provider: provider.into(),
            version: "1".into(),
        },
        summary: String::new(),
        properties: keys.into_iter().chain(more).map(property).collect(),
        input_artifacts: any,
        output_artifacts: any,
        worker: provider == "Worker",
        output_variables: vec!["*".into()],
    }
}

fn type_id(category: &str, owner: &str, provider: &str) -> Value {
    json!({ "category": category, "owner": owner, "provider": provider, "version": "1" })
}

/// What a random pipeline is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taste {
    /// Its actions hand on artifacts.
    pub(crate) files: bool,
}

/// A pipeline of this name.
pub(crate) fn random(chance: &mut Chance, name: &str, taste: Taste) -> Pipeline {
    let mode = match chance.below(20) {
        0..9 => "SUPERSEDED",
        9..16 => "QUEUED",
        _ => "PARALLEL",
    };
    let mut stages = vec![sources(chance, name, taste)];
    for index in 1..2 + chance.below(3) {
        stages.push(stage(chance, index, mode, taste));
    }
    let filter = json!([{
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {
            "sourceActionName": "Fetch",
            "push": [{ "branches": { "includes": ["main"] } }],
        },
    }]);
    let triggers = if chance.percent(40) {
        filter
    } else {
        json!([])
    };
    let pipeline: Pipeline = serde_json::from_value(json!({
        "name": name,
        "pipelineType": "V2",
        "executionMode": mode,
        "stages": stages,
        "triggers": triggers,
        "variables": [{ "name": "colour", "defaultValue": "red" }],
    }))
    .unwrap();
    let mut catalogue = catalogue();
    catalogue.insert(one(Category::Test, "Custom", "Worker"));
    let problems = check(&pipeline, &catalogue);
    assert!(problems.is_empty(), "{problems:?}");
    pipeline
}

fn sources(chance: &mut Chance, name: &str, taste: Taste) -> Value {
    let polled = if chance.percent(60) { "true" } else { "false" };
    let mut source = json!({
        "name": "Fetch",
        "actionTypeId": type_id("Source", "Custom", "Fetch"),
        "configuration": { "Setting": name, "PollForSourceChanges": polled },
        "namespace": "src",
    });
    if taste.files {
        source["outputArtifacts"] = json!([{ "name": "Code" }]);
    }
    let mut stage = json!({ "name": "Source", "actions": [source] });
    if chance.percent(10) {
        stage["onFailure"] = json!({ "result": "RETRY" });
    }
    stage
}

fn stage(chance: &mut Chance, index: u64, mode: &str, taste: Taste) -> Value {
    let count = match chance.below(10) {
        0 if mode == "PARALLEL" => 7,
        n => 1 + n % 3,
    };
    let actions: Vec<Value> = (0..count)
        .map(|number| action(chance, index, number, taste))
        .collect();
    let mut stage = json!({ "name": format!("S{index}"), "actions": actions });
    let may_roll_back = mode != "PARALLEL";
    if chance.percent(20) {
        let result = ["FAIL", "SKIP"][chance.below(2) as usize];
        stage["beforeEntry"] = json!({ "conditions": [condition(chance, Some(result))] });
    }
    if chance.percent(20) {
        let roll_back = may_roll_back && chance.percent(50);
        let result = if roll_back { "ROLLBACK" } else { "FAIL" };
        stage["onSuccess"] = json!({ "conditions": [condition(chance, Some(result))] });
    }
    if chance.percent(40) {
        stage["onFailure"] = match chance.below(4) {
            0 if may_roll_back => json!({ "result": "ROLLBACK" }),
            1 if may_roll_back => {
                json!({ "conditions": [condition(chance, Some("ROLLBACK"))] })
            }
            2 => json!({
                "result": "RETRY",
                "retryConfiguration": { "retryMode": "ALL_ACTIONS" },
            }),
            _ => json!({ "result": "RETRY" }),
        };
    }
    stage
}

fn action(chance: &mut Chance, stage: u64, number: u64, taste: Taste) -> Value {
    let name = format!("A{stage}{number}");
    let order = 1 + chance.below(2);
    if chance.percent(12) {
        let mut configuration = json!({});
        if chance.percent(50) {
            configuration["NotificationUrl"] = json!(TARGET);
        }
        let mut approval = json!({
            "name": name,
            "actionTypeId": type_id("Approval", "AWS", "Manual"),
            "runOrder": order,
            "configuration": configuration,
        });
        if chance.percent(50) {
            approval["timeoutInMinutes"] = json!(30);
        }
        return approval;
    }
    let works_in_a_directory = taste.files && chance.percent(50);
    let (category, owner, provider) = match chance.below(5) {
        _ if works_in_a_directory => ("Build", "Custom", "Make"),
        0 => ("Test", "Custom", "Worker"),
        1 => ("Deploy", "AWS", "S3"),
        _ => ("Invoke", "AWS", "Poke"),
    };
    let mut action = json!({
        "name": name,
        "actionTypeId": type_id(category, owner, provider),
        "runOrder": order,
        "configuration": { "Setting": "#{src.by} #{variables.colour}" },
        "namespace": format!("n{stage}{number}"),
    });
    if taste.files && chance.percent(60) {
        action["inputArtifacts"] = json!([{ "name": "Code" }]);
    }
    if works_in_a_directory && chance.percent(50) {
        action["outputArtifacts"] = json!([{ "name": format!("Out{stage}{number}") }]);
    }
    action
}

fn condition(chance: &mut Chance, result: Option<&str>) -> Value {
    let rules: Vec<Value> = (0..1 + chance.below(2))
        .map(|number| {
            let check = result == Some("SKIP") || chance.percent(50);
            let (provider, configuration) = if check {
                let setting = json!({ "Variable": "#{src.by}", "Value": "x", "Operator": "EQ" });
                ("VariableCheck", setting)
            } else {
                ("DeploymentWindow", json!({ "Cron": "* * 9-17 ? * *" }))
            };
            json!({
                "name": format!("R{number}"),
                "ruleTypeId": type_id("Rule", "AWS", provider),
                "configuration": configuration,
                "timeoutInMinutes": 30,
            })
        })
        .collect();
    json!({ "result": result, "rules": rules })
}
