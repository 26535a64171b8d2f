//! What a caller is told of constraints that are broken. The first two texts
//! are CodePipeline's own, as people quoted them in public issues; the forms
//! of the others are those of every AWS service of its age.

use lockgate_wire::{CommonError, ErrorCode, Fault, Operation, Protocol, Rules};

fn refused(operation: Operation, body: &str, rules: Rules) -> Fault {
    Protocol::Json
        .read(operation, body.as_bytes(), rules)
        .expect_err(body)
}

fn violations(operation: Operation, body: &str) -> String {
    let fault = refused(operation, body, Rules::default());
    assert_eq!(fault.code, ErrorCode::Validation.into(), "{fault}");
    fault.message
}

/// A pipeline whose second stage has this action, after a good source.
fn pipeline(action: &str) -> String {
    format!(
        r#"{{"pipeline":{{"name":"web","roleArn":"arn:aws:iam::123456789012:role/r","stages":[
        {{"name":"Source","actions":[{{"name":"S","actionTypeId":{{"category":"Source","owner":"AWS","provider":"S3","version":"1"}}}}]}},
        {{"name":"Build","actions":[{action}]}}]}}}}"#
    )
}

fn action(more: &str) -> String {
    format!(
        r#"{{"name":"B","actionTypeId":{{"category":"Build","owner":"AWS","provider":"CodeBuild","version":"1"}}{more}}}"#
    )
}

const SECOND_STAGE: &str = "pipeline.stages.2.member.actions.1.member";

#[test]
fn a_configuration_that_is_too_long_is_told_in_codepipelines_words() {
    let long = |length| {
        let value = "x".repeat(length);
        pipeline(&action(&format!(r#","configuration":{{"Key":"{value}"}}"#)))
    };
    assert_eq!(
        violations(Operation::CreatePipeline, &long(50_001)),
        "1 validation error detected: Value at \
         'pipeline.stages.2.member.actions.1.member.configuration' failed to satisfy constraint: \
         Map value must satisfy constraint: [Member must have length less than or equal to 50000, \
         Member must have length greater than or equal to 1]"
    );
    let aws = Rules { aws_limits: true };
    assert_eq!(
        refused(Operation::CreatePipeline, &long(1_001), aws).message,
        "1 validation error detected: Value at \
         'pipeline.stages.2.member.actions.1.member.configuration' failed to satisfy constraint: \
         Map value must satisfy constraint: [Member must have length less than or equal to 1000, \
         Member must have length greater than or equal to 1]"
    );
    let read = |length, rules| {
        Protocol::Json.read(Operation::CreatePipeline, long(length).as_bytes(), rules)
    };
    assert!(read(50_000, Rules::default()).is_ok());
    assert!(read(1_000, aws).is_ok());
}

#[test]
fn every_violation_is_told_at_once() {
    let bad = r#"{"name":"no space","actionTypeId":{"category":"Bild","owner":"AWS","version":""},"runOrder":1000,"namespace":"a.b"}"#;
    let told = violations(Operation::UpdatePipeline, &pipeline(bad));
    let expected = [
        (
            "name",
            "Member must satisfy regular expression pattern: [A-Za-z0-9.@\\-_]+",
        ),
        (
            "runOrder",
            "Member must have value less than or equal to 999",
        ),
        (
            "namespace",
            "Member must satisfy regular expression pattern: [A-Za-z0-9@\\-_]+",
        ),
        (
            "actionTypeId.version",
            "Member must have length greater than or equal to 1",
        ),
        (
            "actionTypeId.version",
            "Member must satisfy regular expression pattern: [0-9A-Za-z_-]+",
        ),
        (
            "actionTypeId.category",
            "Member must satisfy enum value set: [Source, Build, Deploy, Test, Invoke, Approval, Compute]",
        ),
    ];
    let line = |(place, constraint)| {
        format!("Value at '{SECOND_STAGE}.{place}' failed to satisfy constraint: {constraint}")
    };
    let mut lines = expected.map(line).to_vec();
    lines.push(format!(
        "Value null at '{SECOND_STAGE}.actionTypeId.provider' failed to satisfy constraint: \
         Member must not be null"
    ));
    assert_eq!(
        told,
        format!("7 validation errors detected: {}", lines.join("; "))
    );
}

#[test]
fn a_required_member_that_is_missing_or_null_is_null() {
    for body in ["{}", "", r#"{"name":null}"#] {
        assert_eq!(
            violations(Operation::GetPipeline, body),
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: \
             Member must not be null"
        );
    }
    assert_eq!(
        violations(Operation::CreatePipeline, r#"{"pipeline":{"name":"x"}}"#),
        "2 validation errors detected: Value null at 'pipeline.stages' failed to satisfy \
         constraint: Member must not be null; Value null at 'pipeline.roleArn' failed to satisfy \
         constraint: Member must not be null"
    );
}

#[test]
fn lengths_ranges_and_enums_have_their_own_words() {
    assert_eq!(
        violations(
            Operation::ListPipelines,
            r#"{"maxResults":0,"nextToken":""}"#
        ),
        "2 validation errors detected: Value at 'nextToken' failed to satisfy constraint: Member \
         must have length greater than or equal to 1; Value at 'maxResults' failed to satisfy \
         constraint: Member must have value greater than or equal to 1"
    );
    let approval = r#"{"pipelineName":"p","stageName":"s","actionName":"a","token":"x",
        "result":{"summary":"","status":"Maybe"}}"#;
    assert_eq!(
        violations(Operation::PutApprovalResult, approval),
        "2 validation errors detected: Value at 'token' failed to satisfy constraint: Member must \
         satisfy regular expression pattern: \
         [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}; Value at 'result.status' \
         failed to satisfy constraint: Member must satisfy enum value set: [Approved, Rejected]"
    );
}

#[test]
fn a_list_of_plain_values_names_all_that_is_asked_of_each_once() {
    let body = r#"{"resourceArn":"arn:aws:codepipeline:eu-west-1:123456789012:web","tagKeys":["ok","",""]}"#;
    assert_eq!(
        violations(Operation::UntagResource, body),
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must \
         satisfy constraint: [Member must have length less than or equal to 128, Member must have \
         length greater than or equal to 1]"
    );
    let commands = action(r#","commands":[]"#);
    assert_eq!(
        violations(Operation::CreatePipeline, &pipeline(&commands)),
        format!(
            "1 validation error detected: Value at '{SECOND_STAGE}.commands' failed to satisfy \
             constraint: Member must have length greater than or equal to 1"
        )
    );
}

#[test]
fn a_map_of_structures_is_entered_by_its_keys() {
    let body = r#"{"pipeline":{"name":"w","roleArn":"arn:aws:iam::123456789012:role/r","stages":[],
        "artifactStores":{"eu-west-1":{"type":"S3","location":"b_"},"x":{"location":"bucket"}}}}"#;
    let text = violations(Operation::CreatePipeline, body);
    for part in [
        "4 validation errors detected: ",
        "Value at 'pipeline.artifactStores.eu-west-1.member.location' failed to satisfy constraint: Member must have length greater than or equal to 3",
        "Value null at 'pipeline.artifactStores.x.member.type' failed to satisfy constraint: Member must not be null",
        "Value at 'pipeline.artifactStores' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 30, Member must have length greater than or equal to 4]",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_capitalised_member_has_a_small_letter_in_the_path_and_a_capital_on_the_wire() {
    assert_eq!(
        violations(Operation::ListWebhooks, r#"{"MaxResults":101}"#),
        "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member \
         must have value less than or equal to 100"
    );
    let small = Protocol::Json.read(
        Operation::ListWebhooks,
        br#"{"maxResults":101}"#,
        Rules::default(),
    );
    assert!(small.is_ok(), "an unknown member is ignored");
}

#[test]
fn a_length_is_counted_in_characters() {
    let reason = |text: String| {
        format!(
            r#"{{"pipelineName":"p","pipelineExecutionId":"00000000-0000-0000-0000-000000000000","reason":"{text}"}}"#
        )
    };
    let read = |text| {
        let body = reason(text);
        Protocol::Json.read(
            Operation::StopPipelineExecution,
            body.as_bytes(),
            Rules::default(),
        )
    };
    assert!(read("ü".repeat(200)).is_ok());
    assert!(read("🚦".repeat(200)).is_ok());
    assert!(read("ü".repeat(201)).is_err());
}

#[test]
fn a_value_of_the_wrong_kind_cannot_be_read_and_its_place_is_named() {
    for (operation, body, text) in [
        (
            Operation::GetPipeline,
            r#"{"name":7}"#,
            "NUMBER_VALUE can not be converted to a String: 'name' must be a String.",
        ),
        (
            Operation::GetPipeline,
            r#"{"name":"a","version":"1"}"#,
            "STRING_VALUE can not be converted to an Integer: 'version' must be an Integer.",
        ),
        (
            Operation::GetPipeline,
            r#"{"name":"a","version":1.5}"#,
            "DECIMAL_VALUE can not be converted to an Integer: 'version' must be an Integer.",
        ),
        (
            Operation::GetPipeline,
            r#"{"name":"a","version":4294967296}"#,
            "NUMBER_VALUE can not be converted to an Integer: 'version' must be an Integer.",
        ),
        (
            Operation::CreatePipeline,
            r#"{"pipeline":[]}"#,
            "START_ARRAY can not be converted to a structure: 'pipeline' must be a structure.",
        ),
        (
            Operation::CreatePipeline,
            r#"{"pipeline":{"stages":[null]}}"#,
            "NULL_VALUE can not be converted to a structure: 'pipeline.stages.1.member' must be a structure.",
        ),
        (
            Operation::StopPipelineExecution,
            r#"{"abandon":"true"}"#,
            "STRING_VALUE can not be converted to a Boolean: 'abandon' must be a Boolean.",
        ),
        (
            Operation::PutActionRevision,
            r#"{"actionRevision":{"created":"2026-01-01T00:00:00Z"}}"#,
            "STRING_VALUE can not be converted to a Timestamp: 'actionRevision.created' must be a Timestamp.",
        ),
        (
            Operation::GetPipeline,
            "[]",
            "START_ARRAY can not be converted to a structure: the body itself must be a structure.",
        ),
    ] {
        let fault = refused(operation, body, Rules::default());
        assert_eq!(fault.code, CommonError::Serialization.into(), "{body}");
        assert_eq!(fault.message, text, "{body}");
    }
}

#[test]
fn a_body_full_of_violations_is_answered_by_a_hundred_of_them_and_the_number() {
    let tags = vec!["{}"; 20_000].join(",");
    let body = format!(
        r#"{{"resourceArn":"arn:aws:codepipeline:eu-west-1:123456789012:web","tags":[{tags}]}}"#
    );
    let text = violations(Operation::TagResource, &body);
    assert!(
        text.starts_with("40000 validation errors detected: "),
        "{text}"
    );
    assert_eq!(text.matches("failed to satisfy").count(), 100);
}
