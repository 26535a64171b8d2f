//! Pipelines and the action types they are made of.

use lockgate_model::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Catalogue, Category, Property, PropertyType,
};
use lockgate_model::definition::Pipeline;
use serde_json::{Value, json};

pub(crate) fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::core();
    let any = ArtifactCount {
        minimum: 0,
        maximum: 5,
    };
    for (category, provider) in [
        (Category::Source, "Fetch"),
        (Category::Build, "Make"),
        (Category::Deploy, "Ship"),
        (Category::Invoke, "Webhook"),
    ] {
        let property = |name: &str, secret| Property {
            name: name.into(),
            description: String::new(),
            kind: PropertyType::String,
            required: false,
            secret,
            default: None,
        };
        catalogue.insert(ActionType {
            id: ActionTypeId {
                category,
                owner: "Custom".into(),
                provider: provider.into(),
                version: "1".into(),
            },
            summary: String::new(),
            properties: vec![
                property("Setting", false),
                property("Password", true),
                property("PollForSourceChanges", false),
            ],
            input_artifacts: any,
            output_artifacts: any,
            worker: false,
            output_variables: vec!["*".into()],
        });
    }
    catalogue
}

pub(crate) fn action(name: &str, category: &str, provider: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId": {
            "category": category, "owner": "Custom", "provider": provider, "version": "1"
        },
        "configuration": {},
    })
}

pub(crate) fn source() -> Value {
    action("Fetch", "Source", "Fetch")
}

pub(crate) fn make(name: &str) -> Value {
    action(name, "Build", "Make")
}

pub(crate) fn ship(name: &str) -> Value {
    action(name, "Deploy", "Ship")
}

pub(crate) fn approval(name: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId": {
            "category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"
        },
    })
}

/// With these members added.
pub(crate) fn with(mut value: Value, more: Value) -> Value {
    let (Value::Object(fields), Value::Object(more)) = (&mut value, more) else {
        panic!("not objects");
    };
    fields.extend(more);
    value
}

pub(crate) fn stage(name: &str, actions: &[Value]) -> Value {
    json!({ "name": name, "actions": actions })
}

pub(crate) fn pipeline(name: &str, stages: &[Value]) -> Pipeline {
    serde_json::from_value(json!({ "name": name, "stages": stages })).unwrap()
}

/// Fetch, then make, then ship, without artifacts.
pub(crate) fn three(name: &str) -> Pipeline {
    pipeline(
        name,
        &[
            stage("Source", &[source()]),
            stage("Build", &[make("Make")]),
            stage("Deploy", &[ship("Ship")]),
        ],
    )
}

/// Fetch, then a question.
pub(crate) fn asking(name: &str, configuration: Value) -> Pipeline {
    pipeline(
        name,
        &[
            stage("Source", &[source()]),
            stage(
                "Gate",
                &[with(
                    approval("Ask"),
                    json!({ "configuration": configuration }),
                )],
            ),
        ],
    )
}
