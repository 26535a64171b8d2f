//! CodePipeline's Lambda event, as far as it makes sense for a function that is
//! given its event alone: which job this is, what the definition says, and which
//! artifacts there are. It holds no places of artifacts, no credentials and no
//! continuation: a function sees no files, and its return value ends the action.

use lockgate_plugin::{Artifact, Job};
use serde_json::{Map, Value, json};

/// The event as JSON text. `function` and `parameters` are as the definition
/// has them.
#[must_use]
pub fn event(function: &str, parameters: Option<&str>, job: &Job) -> String {
    let mut configuration = Map::new();
    configuration.insert("FunctionName".into(), function.into());
    if let Some(parameters) = parameters {
        configuration.insert("UserParameters".into(), parameters.into());
    }
    let artifact =
        |artifact: &Artifact| json!({ "name": artifact.name, "revision": artifact.revision });
    let inputs: Vec<Value> = job.input_artifacts.iter().map(artifact).collect();
    let outputs: Vec<Value> = job.output_artifacts.iter().map(artifact).collect();
    json!({
        "CodePipeline.job": {
            "id": job.id,
            "accountId": job.account,
            "data": {
                "actionConfiguration": { "configuration": configuration },
                "pipelineContext": {
                    "pipelineName": job.pipeline,
                    "pipelineExecutionId": job.execution_id,
                    "stage": { "name": job.stage },
                    "action": {
                        "name": job.action,
                        "actionExecutionId": job.idempotency_key,
                    },
                },
                "inputArtifacts": inputs,
                "outputArtifacts": outputs,
            },
        },
    })
    .to_string()
}
