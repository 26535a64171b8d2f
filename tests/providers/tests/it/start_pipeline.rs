//! The start-pipeline component in the real host, in front of a door that a
//! server would give it.

use lockgate_host::{PipelineStart, PipelineStartError, Pipelines};
use lockgate_model::job::FailureType;
use lockgate_model::trigger::SourceRevisionType;
use lockgate_test_providers::{Bench, Ran, prepare};
use std::sync::{Arc, Mutex};

const EXECUTION: &str = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f99";

/// A job that starts `pipeline`, and what got to the door.
async fn started(pipeline: &str, grants: &[&str]) -> (Ran, Vec<PipelineStart>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let door = Pipelines::new(move |start: PipelineStart| {
        let answer = match start.pipeline.as_str() {
            "Gone" => Err(PipelineStartError::NotFound(
                "there is no pipeline 'Gone'".into(),
            )),
            _ => Ok(EXECUTION.to_owned()),
        };
        into.lock().unwrap().push(start);
        Box::pin(async move { answer })
    });
    let configuration = [
        ("PipelineName", pipeline),
        (
            "SourceRevisions",
            r#"[{"actionName":"Source","revisionType":"COMMIT_ID","revisionValue":"abc"}]"#,
        ),
        ("Variables", r#"[{"name":"Stage","value":"prod"}]"#),
    ];
    let bench = Bench::new("Invoke/AWS/CodePipeline/1", &configuration).starting(door);
    let ran = bench.run(&prepare("start-pipeline", grants).unwrap()).await;
    let seen = seen.lock().unwrap().clone();
    (ran, seen)
}

#[tokio::test]
async fn a_granted_pipeline_is_started_and_its_execution_is_the_external_id() {
    let (ran, seen) = started("Deploy", &["pipeline=Deploy"]).await;
    let success = ran.success();
    assert_eq!(success.external.id.as_deref(), Some(EXECUTION));
    assert_eq!(success.external.url, None);
    let said = format!("started execution {EXECUTION} of Deploy");
    assert_eq!(success.external.summary.as_deref(), Some(said.as_str()));
    let [start] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(start.variables["Stage"], "prod");
    let revision = &start.source_revisions[0];
    assert_eq!(revision.revision_type, Some(SourceRevisionType::CommitId));
}

#[tokio::test]
async fn a_pipeline_that_is_not_granted_is_denied_with_the_line_that_would_allow_it() {
    for grants in [&[][..], &["pipeline=Deploy"]] {
        let (ran, seen) = started("Other", grants).await;
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureType::PermissionError);
        assert!(
            failure
                .message
                .ends_with("grant it with: start-pipeline pipeline=Other"),
            "{failure:?}"
        );
        assert!(seen.is_empty());
    }
}

#[tokio::test]
async fn a_pipeline_that_is_not_there_is_the_definitions_fault() {
    let (ran, _) = started("Gone", &["pipeline=*"]).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert_eq!(failure.message, "there is no pipeline 'Gone'");
}
