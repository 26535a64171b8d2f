//! The other forms: as AWS's notification rules send it, and for people.

use super::{Notice, Tale, only};
use crate::notification::letter::letter;
use crate::notification::rule::NotificationRule;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ARN: &str = "arn:aws:codestar-notifications:us-east-1:111122223333:notificationrule/1";

fn posted(tale: &Tale, notice: &Notice, more: Value) -> BTreeMap<String, String> {
    let mut rule = json!({ "name": "r", "events": ["all"], "url": "https://example.com/1" });
    let (Value::Object(rule), Value::Object(more)) = (&mut rule, more) else {
        unreachable!();
    };
    rule.extend(more);
    let rule: NotificationRule = serde_json::from_value(json!(rule)).unwrap();
    letter(&rule, ARN, tale.story.as_ref().unwrap(), notice)
}

fn payload(tale: &Tale, notice: &Notice, more: Value) -> Value {
    serde_json::from_str(&posted(tale, notice, more)["Payload"]).unwrap()
}

fn failed() -> (Tale, Notice) {
    let (mut tale, _) = Tale::begin();
    tale.fetched();
    tale.stage("StageEntered", "Deploy");
    tale.ship();
    tale.fail_action("Deploy", "Ship", "no room");
    let notices = tale.tell(json!({ "type": "ExecutionFailed", "stage": "Deploy" }));
    (tale, only(notices))
}

/// semantics 2.15: the processed form of "Pipeline FAILED event"
#[test]
fn a_notification_of_a_failure_adds_what_failed() {
    let (tale, notice) = failed();
    let form = json!({ "format": "Notification" });
    let mut processed = payload(&tale, &notice, form);
    assert_eq!(processed["detail"], notice.event["detail"]);
    processed["detail"] = json!({});
    assert_eq!(
        processed,
        json!({
            "account": "111122223333",
            "detailType": "CodePipeline Pipeline Execution State Change",
            "region": "us-east-1",
            "source": "aws.codepipeline",
            "time": notice.event["time"],
            "notificationRuleArn": ARN,
            "detail": {},
            "resources": ["arn:aws:codepipeline:us-east-1:111122223333:myPipeline"],
            "additionalAttributes": {
                "failedActionCount": 1,
                "failedActions": [{ "action": "Ship", "additionalInformation": "no room" }],
                "failedStage": "Deploy",
            },
        })
    );
    let basic = json!({ "format": "Notification", "detail": "BASIC" });
    let processed = payload(&tale, &notice, basic);
    assert_eq!(processed["additionalAttributes"], json!({}));
}

/// semantics 2.15: the processed form of "Stage STARTED event"
#[test]
fn a_notification_of_a_stage_adds_what_it_was_made_of() {
    let (mut tale, _) = Tale::begin();
    tale.fetched();
    let notice = only(tale.stage("StageEntered", "Deploy"));
    let form = json!({ "format": "Notification" });
    assert_eq!(
        payload(&tale, &notice, form)["additionalAttributes"],
        json!({
            "sourceActions": [{
                "sourceActionName": "Fetch",
                "sourceActionProvider": "Git",
                "sourceActionVariables": {
                    "CommitId": "8cf40f2",
                    "BranchName": "main",
                    "CommitMessage": "Added LICENSE.txt",
                },
            }],
        })
    );
}

/// semantics 2.10 and 2.15
#[test]
fn a_notification_of_an_approval_adds_what_the_approver_has_to_know() {
    let (mut tale, _) = Tale::begin();
    let configuration =
        json!({ "CustomData": "look at it", "ExternalEntityLink": "https://example.com" });
    let notice = only(tale.start_action("Deploy", "Ask", configuration));
    let form = json!({ "format": "Notification" });
    assert_eq!(
        payload(&tale, &notice, form)["additionalAttributes"],
        json!({ "customData": "look at it", "externalEntityLink": "https://example.com" })
    );
}

#[test]
fn eventbridge_s_own_form_is_the_event_itself_and_the_secret_stands_beside_it() {
    let (tale, notice) = failed();
    let secret = json!({ "header": "Authorization", "secretName": "HOOK", "prefix": "Bearer " });
    let letter = posted(&tale, &notice, secret);
    let payload: Value = serde_json::from_str(&letter["Payload"]).unwrap();
    assert_eq!(payload, notice.event);
    let mut others: Vec<(&str, &str)> = letter
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str()))
        .collect();
    others.retain(|(key, _)| *key != "Payload");
    assert_eq!(
        others,
        [
            ("Header", "Authorization"),
            ("Prefix", "Bearer "),
            ("SecretName", "HOOK"),
            ("Url", "https://example.com/1"),
        ]
    );
}

#[test]
fn people_read_a_sentence_and_what_failed() {
    let (tale, notice) = failed();
    let letter = posted(&tale, &notice, json!({ "format": "Slack" }));
    assert_eq!(letter["Format"], "Slack");
    assert_eq!(
        letter["Message"],
        "Pipeline myPipeline: failed (execution 0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33).\n\
         Deploy / Ship: no room"
    );
    let basic = json!({ "format": "Teams", "detail": "BASIC" });
    assert_eq!(
        posted(&tale, &notice, basic)["Message"],
        "Pipeline myPipeline: failed (execution 0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33)."
    );
    let (mut tale, _) = Tale::begin();
    let notice = only(tale.start_action("Deploy", "Ask", json!({ "CustomData": "look at it" })));
    assert_eq!(
        posted(&tale, &notice, json!({ "format": "Generic" }))["Message"],
        "Pipeline myPipeline: waits for approval 'Ask' in stage 'Deploy' \
         (execution 0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33).\nlook at it"
    );
}
