//! Revisions that a start asks for (semantics 2.14).

use crate::definitions::{Words, build, pipeline, source, stage};
use crate::line::Line;
use lockgate_model::definition::{Pipeline, PipelineType};
use lockgate_model::trigger::{SourceRevision, SourceRevisionType};

use SourceRevisionType::{CommitId, S3ObjectKey, S3ObjectVersionId};

fn bucket(allow: &str) -> Pipeline {
    pipeline(vec![
        stage(
            "Source",
            vec![
                source("get")
                    .key("S3ObjectKey", "release.zip")
                    .key("AllowOverrideForS3ObjectKey", allow),
                source("too"),
            ],
        ),
        stage("Build", vec![build("make")]),
    ])
}

fn asked(action: &str, revision: &str, kind: Option<SourceRevisionType>) -> SourceRevision {
    SourceRevision {
        action_name: action.into(),
        revision_id: revision.into(),
        revision_type: kind,
    }
}

fn refused(definition: &Pipeline, revisions: Vec<SourceRevision>) -> String {
    let mut line = Line::new(definition);
    let refused = line.start_with(Default::default(), revisions).unwrap_err();
    assert_eq!(refused.exception(), "ValidationException");
    refused.to_string()
}

/// semantics 2.14
#[test]
fn an_objects_key_and_its_version_go_together() {
    let mut line = Line::new(&bucket("true"));
    line.start_with(
        Default::default(),
        vec![
            asked("get", "hotfix.zip", Some(S3ObjectKey)),
            asked("get", "v7", Some(S3ObjectVersionId)),
            asked("too", "c0ffee", Some(CommitId)),
        ],
    )
    .unwrap();
    let job = line.job("get");
    assert_eq!(job.configuration["S3ObjectKey"], "hotfix.zip");
    assert_eq!(job.revision.as_deref(), Some("v7"));
    assert_eq!(line.job("too").revision.as_deref(), Some("c0ffee"));
    let input = &line.run(1).stages[0].action("get").unwrap().input;
    assert_eq!(input.declared_configuration()["S3ObjectKey"], "release.zip");
}

/// semantics 2.14
#[test]
fn an_objects_key_is_replaced_only_where_the_source_allows_it() {
    let said = refused(
        &bucket("false"),
        vec![asked("get", "hotfix.zip", Some(S3ObjectKey))],
    );
    assert_eq!(
        said,
        "the source revisions for pipeline 'site' cannot be taken: source action 'get' keeps its object; set AllowOverrideForS3ObjectKey to \"true\" in its configuration, or give no S3_OBJECT_KEY"
    );
}

/// semantics 2.14
#[test]
fn an_action_takes_one_revision() {
    let said = refused(
        &bucket("true"),
        vec![
            asked("get", "a", Some(S3ObjectVersionId)),
            asked("get", "b", None),
        ],
    );
    assert!(
        said.contains("there are two for source action 'get'"),
        "{said}"
    );
}

/// semantics 2.18
#[test]
fn fifty_revisions_are_the_most() {
    let many = (0..51).map(|_| asked("get", "a", None)).collect();
    assert!(refused(&bucket("true"), many).contains("there are 51, and 50 is the most"));
}

/// semantics 2.19
#[test]
fn a_v1_pipeline_takes_no_revisions() {
    let first = Pipeline {
        pipeline_type: PipelineType::V1,
        ..bucket("true")
    };
    assert!(refused(&first, vec![asked("get", "a", None)]).contains("type V1 takes none"));
}

/// semantics 2.14
#[test]
fn the_kinds_of_revisions_are_spelt_as_the_api_spells_them() {
    let kinds = [
        (CommitId, "\"COMMIT_ID\""),
        (SourceRevisionType::ImageDigest, "\"IMAGE_DIGEST\""),
        (S3ObjectVersionId, "\"S3_OBJECT_VERSION_ID\""),
        (S3ObjectKey, "\"S3_OBJECT_KEY\""),
    ];
    for (kind, text) in kinds {
        assert_eq!(serde_json::to_string(&kind).unwrap(), text);
    }
}
