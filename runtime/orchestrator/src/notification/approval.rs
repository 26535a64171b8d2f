//! What is told of an approval that waits (semantics 2.10): to the address in
//! the action itself, and to the target of the rule that its `NotificationArn`
//! names; for people, or in the JSON that AWS sends to a topic.

use super::event_bridge::{Origin, pipeline_arn};
use super::lanes::ActiveRule;
use super::letter::{Body, Letter};
use super::rule::NotificationFormat;
use crate::iso;
use crate::shared::Shared;
use lockgate_execution::{Approval, PipelineState};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The format that is AWS's own.
const SNS: &str = "SNS";

/// What is to be told of one approval.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    /// To be posted.
    pub(crate) letters: Vec<Letter>,
    /// What to say of those that cannot be.
    pub(crate) problems: Vec<String>,
}

/// Everything that is to be told of an approval.
pub(crate) fn letters(shared: &Shared, state: &PipelineState, approval: &Approval) -> Letters {
    let mut all = Letters::default();
    let input = state
        .execution(approval.execution)
        .and_then(|execution| execution.stage(&approval.stage))
        .and_then(|stage| stage.action(&approval.action))
        .map(|action| &action.input.configuration);
    // Variables are resolved in it.
    let Some(given) = input else {
        return all;
    };
    let format = given.get("NotificationFormat").map(String::as_str);
    let region = &shared.settings.region;
    let address = shared.settings.address.as_deref();
    let origin = Origin {
        tenant: state.tenant(),
        pipeline: state.name(),
        region,
        definition: None,
    };
    let document = || document(origin, address, approval);
    let sentence = || sentence(state.name(), approval);
    if let Some(url) = given.get("NotificationUrl") {
        let mut letter = BTreeMap::from([("Url".to_owned(), url.clone())]);
        match format {
            Some(SNS) => {
                letter.insert("Payload".to_owned(), document().to_string());
            }
            format => {
                letter.insert("Message".to_owned(), sentence());
                let format = format.map(|format| ("Format".to_owned(), format.to_owned()));
                letter.extend(format);
            }
        }
        all.letters.push(letter);
    }
    if let Some(name) = given.get("NotificationArn").and_then(|arn| topic(arn)) {
        match shared.lanes.find(state.tenant(), name) {
            Some(active) => all.letters.push(to_rule(&active, format, document, sentence)),
            None => all.problems.push(format!(
                "NotificationArn: no notification rule '{name}' is on; create one of that name, and its target is told of approvals"
            )),
        }
    }
    all
}

/// The name of the topic in `arn:aws:sns:REGION:ACCOUNT:NAME`.
fn topic(arn: &str) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let is_topic = parts.next() == Some("arn") && parts.nth(1) == Some("sns");
    parts.nth(2).filter(|name| is_topic && !name.is_empty())
}

fn to_rule(
    active: &ActiveRule,
    format: Option<&str>,
    document: impl Fn() -> Value,
    sentence: impl Fn() -> String,
) -> Letter {
    let rule = &active.rule;
    let for_people = match (format, rule.format) {
        (Some(SNS), _)
        | (None, NotificationFormat::EventBridge | NotificationFormat::Notification) => None,
        (Some("Slack"), _) => Some(NotificationFormat::Slack),
        (Some("Teams"), _) => Some(NotificationFormat::Teams),
        (Some(_), _) => Some(NotificationFormat::Generic),
        (None, format) => Some(format),
    };
    match for_people {
        None => Body::Json(document()).into(rule),
        Some(format) => Body::Text(format, sentence()).into(rule),
    }
}

/// As AWS sends it to a topic (user guide, "JSON data format for manual approval
/// notifications").
fn document(origin: Origin<'_>, address: Option<&str>, approval: &Approval) -> Value {
    let page = |page: &str| {
        let address = address?.trim_end_matches('/');
        let name = origin.pipeline;
        Some(format!("{address}/api/v1/pipelines/{name}/{page}"))
    };
    json!({
        "region": origin.region,
        "consoleLink": page("state").unwrap_or_else(|| pipeline_arn(origin)),
        "approval": {
            "pipelineName": origin.pipeline,
            "stageName": approval.stage,
            "actionName": approval.action,
            "token": approval.token.to_string(),
            "expires": iso::minutes(approval.expires),
            "externalEntityLink": approval.link,
            "approvalReviewLink": page("approvals"),
            "customData": approval.custom_data,
        },
    })
}

fn sentence(pipeline: &str, approval: &Approval) -> String {
    let mut text = format!(
        "Pipeline {pipeline} waits for approval '{}' in stage '{}' (execution {}).",
        approval.action, approval.stage, approval.execution
    );
    for more in [&approval.custom_data, &approval.link]
        .into_iter()
        .flatten()
    {
        text.push('\n');
        text.push_str(more);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId};
    use lockgate_model::time::Timestamp;
    use uuid::Uuid;

    /// semantics 2.10: the guide's own example, with our links.
    #[test]
    fn an_approval_reads_as_aws_sends_it_to_a_topic() {
        let id = Uuid::from_u128(1);
        let approval = Approval {
            token: ApprovalToken("0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33".parse().unwrap()),
            execution: ExecutionId(id),
            id: ActionExecutionId(id),
            stage: "MyStage".into(),
            action: "MyApproval".into(),
            custom_data: Some("Review the page".into()),
            link: Some("http://example.com".into()),
            expires: Timestamp(1_467_922_920_000),
        };
        let tenant = "111122223333".parse().unwrap();
        let origin = Origin {
            tenant: &tenant,
            pipeline: "MyFirstPipeline",
            region: "us-east-2",
            definition: None,
        };
        let address = Some("https://lockgate.example/");
        assert_eq!(
            document(origin, address, &approval),
            json!({
                "region": "us-east-2",
                "consoleLink": "https://lockgate.example/api/v1/pipelines/MyFirstPipeline/state",
                "approval": {
                    "pipelineName": "MyFirstPipeline",
                    "stageName": "MyStage",
                    "actionName": "MyApproval",
                    "token": "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f33",
                    "expires": "2016-07-07T20:22Z",
                    "externalEntityLink": "http://example.com",
                    "approvalReviewLink":
                        "https://lockgate.example/api/v1/pipelines/MyFirstPipeline/approvals",
                    "customData": "Review the page",
                },
            })
        );
    }

    #[test]
    fn only_the_arn_of_a_topic_names_a_rule() {
        let arn = "arn:aws:sns:us-east-2:111122223333:MyTopic";
        assert_eq!(topic(arn), Some("MyTopic"));
        for other in [
            "",
            "MyTopic",
            "arn:aws:sns:us-east-2:111122223333:",
            "arn:aws:sqs:us-east-2:111122223333:MyQueue",
        ] {
            assert_eq!(topic(other), None, "{other}");
        }
    }
}
