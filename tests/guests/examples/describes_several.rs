//! A provider of two action types with different keys, which gives out the one
//! that a job is for.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package lockgate:guests;
        world several { export lockgate:action/provider@0.1.0; }
    ",
    generate_all,
});

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{
    ActionTypeId, ArtifactCount, Category, Description, Job, Outcome, Pair, Property, PropertyType,
    Succeeded,
};

struct Several;

export!(Several);

fn description(category: Category, key: &str) -> Description {
    let none = ArtifactCount {
        minimum: 0,
        maximum: 0,
    };
    Description {
        action_types: vec![ActionTypeId {
            category,
            owner: "Custom".into(),
            provider: "Several".into(),
            version: "1".into(),
        }],
        summary: String::new(),
        properties: vec![Property {
            name: key.into(),
            description: String::new(),
            kind: PropertyType::Text,
            required: false,
            secret: false,
            default_value: Some("default".into()),
        }],
        input_artifacts: none,
        output_artifacts: none,
        output_variables: vec!["*".into()],
    }
}

impl Guest for Several {
    fn describe() -> Vec<Description> {
        vec![
            description(Category::Build, "ToBuild"),
            description(Category::Rule, "ToJudge"),
        ]
    }

    fn run(job: Job) -> Outcome {
        let mut variables = job.configuration;
        variables.push(Pair {
            name: "served".into(),
            value: format!("{:?}", job.action_type.category),
        });
        Outcome::Succeeded(Succeeded {
            variables,
            revision: None,
            external_id: None,
            external_url: None,
            summary: None,
        })
    }
}
