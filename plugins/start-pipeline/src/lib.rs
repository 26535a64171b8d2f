//! The start-pipeline provider: CodePipeline's `Invoke/AWS/CodePipeline/1`, fire
//! and forget. Knows what a definition writes about the other pipeline; whether
//! that may be started, and how far pipelines may start each other, is the
//! host's.

mod given;

use given::{Revisions, Variables};
use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Json, Outcome, PipelineStart, Provider, Success,
    configuration, export_provider,
};

configuration! {
    /// Which pipeline to start with what.
    #[derive(Debug)]
    pub struct Invocation {
        /// The other pipeline's name.
        "PipelineName" => pipeline: String,
        /// JSON array of {actionName, revisionType, revisionValue}: what source
        /// actions of the other pipeline take instead of the newest.
        "SourceRevisions" => revisions: Json<Revisions> = "[]",
        /// JSON array of {name, value}: values of the other pipeline's
        /// variables.
        "Variables" => variables: Json<Variables> = "[]",
    }
}

/// `Invoke/AWS/CodePipeline/1`.
pub struct StartPipeline;

impl Provider for StartPipeline {
    type Configuration = Invocation;

    fn describe() -> Description {
        Description::new("Starts an execution of another pipeline and does not wait for it").serves(
            Category::Invoke,
            "AWS",
            "CodePipeline",
            "1",
        )
    }

    fn run<H: Host>(_: &Job, invocation: Invocation, host: &H) -> Result<Outcome, Failure> {
        let pipeline = invocation.pipeline;
        let start = PipelineStart {
            pipeline: pipeline.clone(),
            variables: invocation.variables.0.into_pairs()?,
            source_revisions: invocation.revisions.0.into_revisions()?,
        };
        let execution = host.start_pipeline(&start)?;
        host.info(&format!(
            "Started execution {execution} of the pipeline {pipeline}"
        ));
        Ok(Success::new()
            .external(&execution, None)
            .summary(format!("started execution {execution} of {pipeline}"))
            .into())
    }
}

export_provider!(StartPipeline);

#[cfg(test)]
mod tests;
