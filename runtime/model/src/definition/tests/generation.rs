//! Pipeline types, regions, AWS's own limits, and what CodePipeline would call
//! each problem (semantics 1.5, 2.1, 2.19, 5).

use super::{GATED, GATED_JSON, JSON, TOML, assert_told, catalogue, edited};
use crate::definition::{Format, PipelineType, load, read};
use serde_json::{Value, json};

const V1: (&str, &str) = ("pipelineType = \"V2\"", "pipelineType = \"V1\"");

/// semantics 2.19
#[test]
fn each_member_that_v1_does_not_have_is_named() {
    assert_told!(
        GATED,
        Format::Toml,
        &[
            ("everything", &[V1]),
            (
                "without tags",
                &[V1, ("tags = { includes", "branches = { includes")]
            ),
        ],
    );
    assert_told!(
        JSON,
        Format::Json,
        &[(
            "variables",
            &[("\"pipelineType\": \"V2\"", "\"pipelineType\": \"V1\"")]
        )],
    );
}

/// semantics 5.3
#[test]
fn a_pipeline_without_a_type_is_v2() {
    let text = edited(GATED, &[("pipelineType = \"V2\"\n", "")]);
    let pipeline = load(&text, Format::Toml, &catalogue()).unwrap();
    assert_eq!(pipeline.pipeline_type, PipelineType::V2);
}

/// semantics 2.1
#[test]
fn regions_have_stores_and_sources_stay_at_home() {
    let store = "\"us-west-2\": {\n                \"type\": \"S3\",\n                \"location\": \"codepipeline-us-west-2-123456789012\",\n                \"encryptionKey\": { \"id\": \"1234\", \"type\": \"KMS\" }\n            }";
    assert_told!(
        GATED_JSON,
        Format::Json,
        &[(
            "a region has no store",
            &[(
                store,
                "\"eu-west-1\": { \"type\": \"S3\", \"location\": \"bucket\" }"
            )]
        ),],
    );
    assert_told!(
        JSON,
        Format::Json,
        &[(
            "one store for two regions, one of them of an owner that has none but the pipeline's",
            &[(
                "\"roleArn\": \"arn:aws:iam::111122223333:role/BuildRole\",\n                        \"region\": \"eu-central-1\"",
                "\"region\": \"us-east-1\""
            )]
        ),],
    );
    let nowhere = edited(JSON, &[("\"artifactStore\"", "\"artifactStores\"")]);
    let mut nowhere: Value = serde_json::from_str(&nowhere).unwrap();
    nowhere["pipeline"]["artifactStores"] = json!({});
    let problems = load(&nowhere.to_string(), Format::Json, &catalogue()).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:#?}");
}

/// semantics 2.1: here every artifact is in the server's own store.
#[test]
fn without_any_store_actions_may_be_in_any_region() {
    let mut export: Value = serde_json::from_str(GATED_JSON).unwrap();
    let declaration = export["pipeline"].as_object_mut().unwrap();
    declaration.remove("artifactStores");
    load(&export.to_string(), Format::Json, &catalogue()).unwrap();
}

/// semantics 5.5
#[test]
fn a_value_has_a_thousand_characters_under_aws_s_limits() {
    let mut strict = catalogue();
    strict.aws_limits = true;
    let text = |length| {
        let value = format!("CustomData = \"{}\"", "x".repeat(length));
        edited(
            TOML,
            &[(
                "CustomData = \"Release #{Git.CommitId}: #{variables.greeting}\"",
                &value,
            )],
        )
    };
    load(&text(1000), Format::Toml, &strict).unwrap();
    load(&text(1001), Format::Toml, &catalogue()).unwrap();
    let problems = load(&text(1001), Format::Toml, &strict).unwrap_err();
    assert_eq!(problems[0].exception(), "ValidationException");
    insta::assert_snapshot!(problems[0]);
}

/// semantics 2.1, 5.13
#[test]
fn only_under_aws_s_limits_does_a_connection_get_a_trigger() {
    let connected = |edits: &[(&str, &str)], strict| {
        let mut export: Value = serde_json::from_str(&edited(GATED_JSON, edits)).unwrap();
        let declaration = export["pipeline"].as_object_mut().unwrap();
        declaration.remove("triggers");
        let mut catalogue = catalogue();
        catalogue.aws_limits = strict;
        let pipeline = load(&export.to_string(), Format::Json, &catalogue).unwrap();
        serde_json::to_value(pipeline.triggers).unwrap()
    };
    let detects = [("\"DetectChanges\": \"false\",", "")];
    assert_eq!(connected(&detects, false), json!([]));
    assert_eq!(connected(&[], true), json!([]));
    assert_eq!(
        connected(&detects, true),
        json!([{
            "providerType": "CodeStarSourceConnection",
            "gitConfiguration": {
                "sourceActionName": "Source",
                "push": [{ "branches": { "includes": ["main"] } }],
            },
        }])
    );
}

/// semantics 1.5
#[test]
fn each_problem_has_codepipeline_s_name() {
    let mut told = String::new();
    for (what, edits) in [
        ("a form", ("name = \"webshop\"", "name = \"web shop\"")),
        ("a bound", ("timeoutInMinutes = 10", "timeoutInMinutes = 4")),
        ("a known word", ("\"QUEUED\"", "\"QUEUE\"")),
        (
            "an action",
            ("Deploy/Custom/Files/1", "Deploy/Custom/Fils/1"),
        ),
        (
            "a reference",
            ("#{Deployed.ReleaseId}", "#{Deployed.Relase}"),
        ),
        ("a stage", ("\nname = \"Release\"", "\nname = \"Build\"")),
        (
            "a blocker",
            (
                "\nname = \"Release\"",
                "\nname = \"Release\"\nblockers = [{ name = \"x\", type = \"Schedule\" }]",
            ),
        ),
        (
            "a source",
            ("\"Source/Custom/Git/1\"", "\"Build/Custom/BuildSpec/1\""),
        ),
        ("a trigger", ("tags = { includes", "filePaths = { includes")),
    ] {
        let problems = load(&edited(GATED, &[edits]), Format::Toml, &catalogue()).unwrap_err();
        let exception = crate::definition::exception_of(&problems).unwrap();
        told += &format!("{what}: {exception}\n");
        for problem in problems {
            told += &format!("    {} {}\n", problem.exception(), problem.path);
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_form_is_judged_without_a_catalogue() {
    read(GATED_JSON, Format::Json).unwrap();
}
