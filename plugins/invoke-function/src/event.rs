//! The event that a function gets: the definition's object, and which job this
//! is under the member `lockgate`, as CodePipeline adds `CodePipeline.job`.

use lockgate_plugin::{Failure, Job, Problem};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The member that says which job this is.
const JOB: &str = "lockgate";

/// The definition's part of the event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Event(Map<String, Value>);

impl Event {
    /// The whole event as JSON text.
    ///
    /// # Errors
    /// The definition uses the member that is ours.
    pub fn with_job(self, job: &Job) -> Result<String, Failure> {
        let Self(mut members) = self;
        let inputs: Vec<Value> = job
            .input_artifacts
            .iter()
            .map(|artifact| json!({ "name": artifact.name, "revision": artifact.revision }))
            .collect();
        let facts = json!({
            "account": job.account,
            "pipeline": job.pipeline,
            "executionId": job.execution_id,
            "stage": job.stage,
            "action": job.action,
            "idempotencyKey": job.idempotency_key,
            "inputArtifacts": inputs,
        });
        if let Some(theirs) = members.insert(JOB.into(), facts) {
            return Err(Problem {
                key: "Event".into(),
                value: Some(theirs.to_string()),
                remedy: format!(
                    "call the member \"{JOB}\" something else: it says which job this is"
                ),
            }
            .into());
        }
        Ok(Value::Object(members).to_string())
    }
}
