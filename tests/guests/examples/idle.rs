//! The least a provider can be: it imports nothing of ours and succeeds at once.
//! The measure of the host's own cost.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, missing_docs, reason = "generated from wit/")]

wit_bindgen::generate!({
    path: "../../wit",
    inline: "
        package lockgate:guests;
        world idle { export lockgate:action/provider@0.1.0; }
    ",
    generate_all,
});

use exports::lockgate::action::provider::Guest;
use lockgate::action::types::{ArtifactCount, Description, Job, Outcome, Succeeded};

struct Idle;

export!(Idle);

fn description() -> Description {
    Description {
        action_types: vec![],
        summary: String::new(),
        properties: vec![],
        input_artifacts: ArtifactCount {
            minimum: 0,
            maximum: 0,
        },
        output_artifacts: ArtifactCount {
            minimum: 0,
            maximum: 0,
        },
        output_variables: vec![],
    }
}

impl Guest for Idle {
    fn describe() -> Vec<Description> {
        vec![description()]
    }

    fn run(_: Job) -> Outcome {
        Outcome::Succeeded(Succeeded {
            variables: vec![],
            revision: None,
            external_id: None,
            external_url: None,
            summary: None,
        })
    }
}
