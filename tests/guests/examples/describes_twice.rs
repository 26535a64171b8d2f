//! A provider that describes one action type twice.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package lockgate:guests;
        world twice { export lockgate:action/provider@0.1.0; }
    ",
    generate_all,
});

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{
    ActionTypeId, ArtifactCount, Category, Description, Failure, FailureType, Job, Outcome,
};

struct Twice;

export!(Twice);

impl Guest for Twice {
    fn describe() -> Vec<Description> {
        let none = ArtifactCount {
            minimum: 0,
            maximum: 0,
        };
        let description = Description {
            action_types: vec![ActionTypeId {
                category: Category::Build,
                owner: "Custom".into(),
                provider: "Twice".into(),
                version: "1".into(),
            }],
            summary: String::new(),
            properties: vec![],
            input_artifacts: none,
            output_artifacts: none,
            output_variables: vec![],
        };
        vec![description.clone(), description]
    }

    fn run(_: Job) -> Outcome {
        Outcome::Failed(Failure {
            kind: FailureType::JobFailed,
            message: "nobody should get here".into(),
            external_id: None,
            external_url: None,
        })
    }
}
