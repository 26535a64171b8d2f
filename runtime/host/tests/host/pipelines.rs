//! The capability to start pipelines: denied unless a grant names the pipeline,
//! bounded in what is handed over and how often, and answered by whoever gives
//! the door.

use crate::bench::{NONE, collect, grant, guest, host, job, small};
use lockgate_host::{
    LogSink, Need, PipelineStart, PipelineStartError, Pipelines, Plugin, PrepareError, Prepared,
    RunRequest,
};
use lockgate_model::job::Outcome;
use lockgate_model::plugin::World;
use lockgate_model::trigger::SourceRevisionType;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

fn prepared(grants: &[&str]) -> Result<Arc<Prepared>, PrepareError> {
    let plugin = Plugin {
        name: "misbehave",
        world: World::ActionProvider,
        grant: &grant(grants),
        optional: &NONE,
        limits: small(),
    };
    host().prepare(&guest("starts_pipelines"), plugin)
}

/// What the guest was answered, in turn, and the starts that got to the door.
async fn asked(
    prepared: &Prepared,
    pipeline: &str,
    times: usize,
    bytes: usize,
    log: LogSink,
) -> (Vec<String>, Vec<PipelineStart>) {
    let settings = [
        ("pipeline", pipeline.to_owned()),
        ("times", times.to_string()),
        ("bytes", bytes.to_string()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    let started = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&started);
    let pipelines = Pipelines::new(move |start| {
        let answer = match start.pipeline.as_str() {
            "Gone" => Err(PipelineStartError::NotFound("no such".into())),
            "Deep" => Err(PipelineStartError::Invalid("too deep".into())),
            "Broken" => Err(PipelineStartError::Failed("no disk".into())),
            name => Ok(format!("execution of {name}")),
        };
        seen.lock().unwrap().push(start);
        Box::pin(async move { answer })
    });
    let request = RunRequest {
        pipelines,
        ..RunRequest::new(job(settings.to_vec()), log)
    };
    let Outcome::Succeeded(success) = host().run(prepared, request).await else {
        panic!("the job failed");
    };
    let answers = (1..=times).map(|time| success.variables[&time.to_string()].clone());
    let started = started.lock().unwrap().clone();
    (answers.collect(), started)
}

#[tokio::test]
async fn a_pipeline_that_no_grant_names_is_denied_by_name() {
    let refused = prepared(&[]).unwrap_err();
    assert!(matches!(
        refused,
        PrepareError::NotGranted {
            need: Need::Pipelines,
            ..
        }
    ));
    let said = refused.to_string();
    assert!(said.ends_with("misbehave pipeline=<name>"), "{said}");

    let prepared = prepared(&["pipeline=Deploy"]).unwrap();
    let (log, lines) = collect();
    let (answers, started) = asked(&prepared, "Deploy2", 1, 0, log).await;
    let said = "starting the pipeline 'Deploy2' is not granted to the plugin 'misbehave': grant it with: misbehave pipeline=Deploy2";
    assert_eq!(answers, [format!("Error::Denied({said:?})")]);
    assert!(started.is_empty());
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line.text == said), "{lines:?}");
}

#[tokio::test]
async fn a_granted_pipeline_is_started_with_what_the_guest_gives() {
    for line in ["pipeline=Deploy", "pipeline=*"] {
        let prepared = prepared(&[line]).unwrap();
        let (answers, started) = asked(&prepared, "Deploy", 1, 3, LogSink::discard()).await;
        assert_eq!(answers, ["execution of Deploy"]);
        let [start] = &started[..] else {
            panic!("{started:?}");
        };
        assert_eq!(start.pipeline, "Deploy");
        let variables = BTreeMap::from([("Text".to_owned(), "xxx".to_owned())]);
        assert_eq!(start.variables, variables);
        let revision = &start.source_revisions[0];
        assert_eq!(revision.action_name, "Source");
        assert_eq!(revision.revision_id, "abc");
        assert_eq!(revision.revision_type, Some(SourceRevisionType::CommitId));
    }
}

#[tokio::test]
async fn the_doors_refusals_reach_the_guest_as_what_they_are() {
    let prepared = prepared(&["pipeline=*"]).unwrap();
    for (pipeline, expected) in [
        ("Gone", "Error::NotFound(\"no such\")"),
        ("Deep", "Error::Invalid(\"too deep\")"),
        ("Broken", "Error::Failed(\"no disk\")"),
    ] {
        let (answers, _) = asked(&prepared, pipeline, 1, 0, LogSink::discard()).await;
        assert_eq!(answers, [expected]);
    }
}

#[tokio::test]
async fn a_guest_cannot_knock_without_end_nor_hand_over_without_bound() {
    let prepared = prepared(&["pipeline=*"]).unwrap();
    let (answers, started) = asked(&prepared, "A", 25, 0, LogSink::discard()).await;
    assert_eq!(started.len(), 20);
    assert!(
        answers[24].contains("a job may ask for 20 starts"),
        "{answers:?}"
    );
    let (answers, started) = asked(&prepared, "A", 1, 200_000, LogSink::discard()).await;
    assert!(answers[0].contains("more than 131072 bytes"), "{answers:?}");
    assert!(started.is_empty());
}

#[tokio::test]
async fn a_grant_withdrawn_and_a_host_without_pipelines_start_nothing() {
    let prepared = prepared(&["pipeline=*"]).unwrap();
    let settings = vec![
        ("pipeline".to_owned(), "A".to_owned()),
        ("times".to_owned(), "1".to_owned()),
    ];
    let request = RunRequest::new(job(settings), LogSink::discard());
    let Outcome::Succeeded(success) = host().run(&prepared, request).await else {
        panic!("the job failed");
    };
    let said = &success.variables["1"];
    assert!(
        said.starts_with("Error::NotFound(\"there is no pipeline 'A' here"),
        "{said}"
    );
    prepared.regrant(grant(&["pipeline=B"]));
    let (answers, started) = asked(&prepared, "A", 1, 0, LogSink::discard()).await;
    assert!(answers[0].starts_with("Error::Denied("), "{answers:?}");
    assert!(started.is_empty());
}
