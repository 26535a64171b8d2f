//! Whole jobs against the fake host.

use super::*;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{FailureType, PipelineError, RevisionType, SourceRevision, run};

const EXECUTION: &str = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f99";

#[test]
fn a_pipeline_is_started_with_what_the_definition_gives_it() {
    let host = FakeHost::new().on_start_pipeline(|_| Ok(EXECUTION.into()));
    let job = host.job([
        ("PipelineName", "Deploy"),
        (
            "SourceRevisions",
            r#"[{"actionName":"Source","revisionType":"COMMIT_ID","revisionValue":"abc"},
                {"actionName":"Source","revisionType":"S3_OBJECT_KEY","revisionValue":"a.zip"}]"#,
        ),
        ("Variables", r#"[{"name":"Stage","value":"pro d"}]"#),
    ]);
    let Ok(Outcome::Succeeded(success)) = run::<StartPipeline>(&job, &host) else {
        panic!("it did not succeed");
    };
    assert_eq!(success.external_id.as_deref(), Some(EXECUTION));
    assert_eq!(success.external_url, None);
    let revision = |kind, id: &str| SourceRevision {
        action: "Source".into(),
        kind: Some(kind),
        id: id.into(),
    };
    let expected = PipelineStart {
        pipeline: "Deploy".into(),
        variables: vec![("Stage".into(), "pro d".into())],
        source_revisions: vec![
            revision(RevisionType::CommitId, "abc"),
            revision(RevisionType::S3ObjectKey, "a.zip"),
        ],
    };
    assert_eq!(host.pipeline_starts(), [expected]);
}

#[test]
fn what_cannot_be_started_fails_with_the_hosts_own_words() {
    for (error, kind) in [
        (
            PipelineError::Denied("no grant".into()),
            FailureType::PermissionError,
        ),
        (
            PipelineError::NotFound("no such pipeline".into()),
            FailureType::ConfigurationError,
        ),
        (
            PipelineError::Invalid("too deep".into()),
            FailureType::ConfigurationError,
        ),
        (
            PipelineError::Failed("no disk".into()),
            FailureType::SystemUnavailable,
        ),
    ] {
        let said = error.to_string();
        let host = FakeHost::new().on_start_pipeline(move |_| Err(error.clone()));
        let job = host.job([("PipelineName", "Deploy")]);
        let failure = run::<StartPipeline>(&job, &host).unwrap_err();
        assert_eq!((failure.kind, failure.message), (kind, said));
    }
}

#[test]
fn json_that_is_not_aws_own_is_refused_before_anything_starts() {
    let host = FakeHost::new().on_start_pipeline(|_| Ok(EXECUTION.into()));
    for (key, text, said) in [
        (
            "Variables",
            "{}",
            "Variables: '{}' will not do; write JSON of the documented form",
        ),
        (
            "Variables",
            r#"[{"name":"A","value":"1"},{"name":"A","value":"2"}]"#,
            "Variables: 'A' will not do; name it once",
        ),
        (
            "SourceRevisions",
            r#"[{"actionName":"S","revisionType":"BRANCH","revisionValue":"x"}]"#,
            "SourceRevisions: '[{",
        ),
        (
            "SourceRevisions",
            r#"[{"actionName":"S","revisionType":"COMMIT_ID","revisionValue":"x"},
                {"actionName":"S","revisionType":"COMMIT_ID","revisionValue":"y"}]"#,
            "SourceRevisions: 'S' will not do; name it once",
        ),
        ("PipelineName", "", "PipelineName: is missing"),
    ] {
        let mut job = host.job([("PipelineName", "Deploy")]);
        job.configuration.insert(key.into(), text.into());
        let failure = run::<StartPipeline>(&job, &host).unwrap_err();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert!(failure.message.starts_with(said), "{}", failure.message);
    }
    assert!(host.pipeline_starts().is_empty());
}
