//! EventBridge's envelope and details.

use super::{ACTION_EXECUTION, EXECUTION, Tale, only, start, states};
use serde_json::{Value, json};

/// The whole event, around a detail.
fn event(notice: &super::Notice, level: &str, time: &str, detail: Value) -> Value {
    json!({
        "version": "0",
        "id": notice.id.to_string(),
        "detail-type": format!("CodePipeline {level} Execution State Change"),
        "source": "aws.codepipeline",
        "account": "111122223333",
        "time": time,
        "region": "us-east-1",
        "resources": ["arn:aws:codepipeline:us-east-1:111122223333:myPipeline"],
        "detail": detail,
    })
}

/// semantics 2.15: "Pipeline STARTED event"
#[test]
fn a_pipeline_that_started_says_by_which_trigger() {
    let (_, notices) = Tale::begin();
    let notice = only(notices);
    let detail = json!({
        "pipeline": "myPipeline",
        "execution-id": EXECUTION,
        "start-time": "2023-10-26T13:49:39.208Z",
        "execution-trigger": {
            "trigger-type": "StartPipelineExecution",
            "trigger-detail": "arn:aws:iam::111122223333:user/me",
        },
        "state": "STARTED",
        "version": 3.0,
        "pipeline-execution-attempt": 1.0,
    });
    assert_eq!(
        notice.event,
        event(&notice, "Pipeline", "2023-10-26T13:49:39Z", detail)
    );
    // Numbers have a point, as AWS sends them.
    let text = notice.event.to_string();
    assert!(text.contains(r#""version":3.0"#), "{text}");
}

/// semantics 2.15: "Pipeline STOPPING event", "Stage STOPPING event"
#[test]
fn a_stop_tells_of_the_execution_with_its_reason_and_of_the_stage_it_is_in() {
    let (mut tale, _) = Tale::begin();
    let stop = json!({ "type": "ExecutionStopping", "abandon": false, "reason": "for an update" });
    assert_eq!(states(&tale.tell(stop.clone())), ["Pipeline STOPPING"]);
    tale.stage("StageEntered", "Deploy");
    let notices = tale.tell(stop);
    assert_eq!(states(&notices), ["Pipeline STOPPING", "Stage STOPPING"]);
    assert_ne!(notices[0].id, notices[1].id);
    let detail = &notices[0].event["detail"];
    assert_eq!(detail["stop-execution-comments"], "for an update");
    assert_eq!(detail.get("execution-trigger"), None);
    let detail = &notices[1].event["detail"];
    assert_eq!(detail["stage"], "Deploy");
    assert_eq!(detail.get("stop-execution-comments"), None);
    assert_eq!(
        states(&tale.stage("StageStopped", "Deploy")),
        ["Stage STOPPED"]
    );
    let stopped = tale.tell(json!({ "type": "ExecutionStopped" }));
    assert_eq!(states(&stopped), ["Pipeline STOPPED"]);
}

/// semantics 2.15: "Stage STARTED event"
#[test]
fn a_stage_that_started_names_its_pipeline_execution_and_version() {
    let (mut tale, _) = Tale::begin();
    let notice = only(tale.stage("StageEntered", "Deploy"));
    let detail = json!({
        "pipeline": "myPipeline",
        "version": 3.0,
        "execution-id": EXECUTION,
        "start-time": "2023-10-26T13:49:39.208Z",
        "stage": "Deploy",
        "state": "STARTED",
        "pipeline-execution-attempt": 1.0,
    });
    assert_eq!(
        notice.event,
        event(&notice, "Stage", "2023-10-26T13:49:40Z", detail)
    );
}

/// semantics 2.7 and 2.15: "Stage RESUMED after stage retry event"
#[test]
fn a_retry_resumes_pipeline_and_stage_and_counts() {
    let (mut tale, _) = Tale::begin();
    tale.stage("StageEntered", "Deploy");
    tale.stage("StageFailed", "Deploy");
    let retry = json!({
        "type": "StageRetried", "stage": "Deploy", "mode": "FAILED_ACTIONS", "attempt": 2,
    });
    let notices = tale.tell(retry);
    assert_eq!(states(&notices), ["Pipeline RESUMED", "Stage RESUMED"]);
    for notice in &notices {
        let attempt = &notice.event["detail"]["pipeline-execution-attempt"];
        assert_eq!(attempt, &json!(2.0));
    }
    let at = "2023-10-26T13:49:42.208Z";
    let detail = &notices[1].event["detail"];
    assert_eq!(detail["stage-last-retry-attempt-time"], at);
    // On all later events of the stage.
    let notice = only(tale.stage("StageSucceeded", "Deploy"));
    let detail = &notice.event["detail"];
    assert_eq!(detail["stage-last-retry-attempt-time"], at);
}

/// semantics 2.15: "Action STARTED event"
#[test]
fn an_action_that_started_says_what_it_is_and_what_it_takes() {
    let (mut tale, _) = Tale::begin();
    let notice = only(tale.ship());
    let detail = json!({
        "pipeline": "myPipeline",
        "execution-id": EXECUTION,
        "start-time": "2023-10-26T13:49:40.208Z",
        "stage": "Deploy",
        "action-execution-id": ACTION_EXECUTION,
        "action": "Ship",
        "state": "STARTED",
        "region": "eu-central-1",
        "type": { "owner": "Custom", "category": "Deploy", "provider": "Ship", "version": "1" },
        "version": 3.0,
        "pipeline-execution-attempt": 1.0,
        "input-artifacts": [{
            "name": "SourceArtifact",
            "s3location": { "bucket": "my-bucket", "key": "myPipeline/SourceArti/abababa" },
        }],
    });
    assert_eq!(
        notice.event,
        event(&notice, "Action", "2023-10-26T13:49:40Z", detail)
    );
}

/// semantics 2.15: "Action SUCCEEDED event", of a source
#[test]
fn a_source_that_succeeded_tells_its_revision_as_its_result() {
    let (mut tale, _) = Tale::begin();
    let notice = only(tale.fetched());
    let detail = json!({
        "pipeline": "myPipeline",
        "execution-id": EXECUTION,
        "start-time": "2023-10-26T13:49:40.208Z",
        "stage": "Source",
        "execution-result": {
            "external-execution-url": "https://example.com/8cf40f2",
            "external-execution-summary": "Added LICENSE.txt",
            "external-execution-id": "8cf40f2",
        },
        "output-artifacts": [{
            "name": "SourceArtifact",
            "s3location": { "bucket": "my-bucket", "key": "myPipeline/SourceArti/abababa" },
        }],
        "action-execution-id": ACTION_EXECUTION,
        "action": "Fetch",
        "state": "SUCCEEDED",
        "region": "us-east-1",
        "type": { "owner": "Custom", "provider": "Git", "category": "Source", "version": "1" },
        "version": 3.0,
        "pipeline-execution-attempt": 1.0,
    });
    assert_eq!(
        notice.event,
        event(&notice, "Action", "2023-10-26T13:49:41Z", detail)
    );
}

/// semantics 2.15: "Action FAILED event"
#[test]
fn an_action_that_failed_says_why_and_whose_fault_it_is_without_its_secrets() {
    let (mut tale, _) = Tale::begin();
    tale.ship();
    let notice = only(tale.fail_action("Deploy", "Ship", "login with hunter2! refused"));
    assert_eq!(
        notice.event["detail"]["execution-result"],
        json!({
            "external-execution-url": "https://example.com/d-1",
            "external-execution-summary": "login with **** refused",
            "external-execution-id": "d-1",
            "error-code": "JobFailed",
        })
    );
    assert!(!notice.more.to_string().contains("hunter2!"));
}

/// semantics 2.4, 2.6 and 2.15: ABANDONED by a stop, CANCELED by an update
#[test]
fn an_action_that_is_not_waited_for_says_whether_it_was_stopped_or_cancelled() {
    let abandoned = json!({
        "type": "ActionAbandoned", "stage": "Deploy", "action": "Ship", "job": null,
    });
    let (mut tale, _) = Tale::begin();
    tale.ship();
    assert_eq!(states(&tale.tell(abandoned.clone())), ["Action ABANDONED"]);
    let (mut tale, _) = Tale::begin();
    tale.ship();
    let cancel = json!({ "type": "ExecutionCancelling", "abandon": true, "reason": "deleted" });
    assert_eq!(states(&tale.tell(cancel)), Vec::<String>::new());
    assert_eq!(states(&tale.tell(abandoned)), ["Action CANCELED"]);
    assert_eq!(
        states(&tale.stage("StageCancelled", "Deploy")),
        ["Stage CANCELED"]
    );
    let cancelled = tale.tell(json!({ "type": "ExecutionCancelled", "reason": "deleted" }));
    assert_eq!(states(&cancelled), ["Pipeline CANCELED"]);
}

/// semantics 2.3 and 2.15
#[test]
fn waiting_is_told_to_nobody_and_superseding_is() {
    let (mut tale, _) = Tale::begin();
    assert_eq!(
        states(&tale.stage("ExecutionWaiting", "Deploy")),
        Vec::<String>::new()
    );
    let superseded = tale.tell(json!({ "type": "ExecutionSuperseded", "by": EXECUTION }));
    assert_eq!(states(&superseded), ["Pipeline SUPERSEDED"]);
}

/// semantics 2.15: "Pipeline SUCCEEDED (example with Git tags)"
#[test]
fn the_end_of_what_a_push_started_names_the_push() {
    let (mut tale, _) = Tale::begin_by("WebhookV2", "arn:aws:codestar-connections:x");
    tale.fetched();
    let notice = only(tale.tell(json!({ "type": "ExecutionSucceeded" })));
    assert_eq!(
        notice.event["detail"]["execution-trigger"],
        json!({
            "commit-id": "8cf40f2",
            "commit-message": "Added LICENSE.txt",
            "branch-name": "main",
        })
    );
}

/// semantics 2.15: the same, where the start names the change
#[test]
fn the_end_of_what_a_change_started_names_its_author() {
    let change = json!({
        "sourceAction": "Fetch",
        "change": {
            "kind": { "type": "tag", "name": "v4.2.1" },
            "revision": { "id": "8cf40f2", "summary": "Update file README.md" },
            "repository": "mmajor/sample-project",
            "author": { "name": "Mary Major", "email": "mary@example.com", "id": "mmajor" },
        },
        "verdict": {
            "sourceAction": "Fetch",
            "change": { "type": "tag", "name": "v4.2.1" },
            "passes": true,
            "ground": { "type": "noSource" },
        },
    });
    let mut start = start("WebhookV2", "Fetch: 8cf40f2");
    start["change"] = change;
    let (mut tale, _) = Tale::begin_with(start);
    let notice = only(tale.tell(json!({ "type": "ExecutionFailed", "stage": "Deploy" })));
    assert_eq!(
        notice.event["detail"]["execution-trigger"],
        json!({
            "author-display-name": "Mary Major",
            "author-email": "mary@example.com",
            "author-id": "mmajor",
            "full-repository-name": "mmajor/sample-project",
            "commit-id": "8cf40f2",
            "commit-message": "Update file README.md",
            "tag-name": "v4.2.1",
        })
    );
}

#[test]
fn the_same_event_has_the_same_id_and_no_other_has_it() {
    let ids = || {
        let (mut tale, mut all) = Tale::begin();
        all.extend(tale.stage("StageEntered", "Deploy"));
        all.extend(tale.ship());
        all.into_iter().map(|notice| notice.id).collect::<Vec<_>>()
    };
    let (first, second) = (ids(), ids());
    assert_eq!(first, second);
    let different: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(different.len(), first.len());
}
