//! The JSON that is posted, in each receiver's words.

use crate::configuration::{Format, Webhook};
use lockgate_plugin::{Job, Json};
use serde_json::{Value, json};

/// The whole body of the request.
pub fn payload(webhook: &Webhook, job: &Job) -> String {
    match &webhook.payload {
        // Not read and written again: numbers stay as they were written.
        Some(payload) => payload.clone(),
        None => compose(webhook, job).to_string(),
    }
}

fn compose(webhook: &Webhook, job: &Job) -> Value {
    let message = webhook.message.clone().unwrap_or_else(|| {
        format!(
            "Pipeline {} has reached {} in stage {} (execution {})",
            job.pipeline, job.action, job.stage, job.execution_id
        )
    });
    match (webhook.format, &webhook.body) {
        (Format::Slack, _) => json!({ "text": slack_text(&message) }),
        (Format::Teams, _) => teams(&message, job),
        (Format::Generic, Some(Json(template))) => fill(template, &message, job),
        (Format::Generic, None) => json!({
            "account": job.account,
            "pipeline": job.pipeline,
            "executionId": job.execution_id,
            "stage": job.stage,
            "action": job.action,
            "message": message,
        }),
    }
}

/// Escapes what Slack would take for a mention, a link or an entity: a commit
/// message must not be able to call the whole channel.
fn slack_text(message: &str) -> String {
    message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn teams(message: &str, job: &Job) -> Value {
    let fact = |title: &str, value: &str| json!({ "title": title, "value": value });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    { "type": "TextBlock", "text": message, "wrap": true },
                    { "type": "FactSet", "facts": [
                        fact("Pipeline", &job.pipeline),
                        fact("Stage", &job.stage),
                        fact("Action", &job.action),
                        fact("Execution", &job.execution_id),
                    ] },
                ],
            },
        }],
    })
}

/// Replaces names inside texts, after the JSON was read: whatever a value
/// holds, it stays inside its text.
fn fill(template: &Value, message: &str, job: &Job) -> Value {
    match template {
        Value::String(text) => Value::String(fill_text(text, message, job)),
        Value::Array(items) => items.iter().map(|item| fill(item, message, job)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), fill(value, message, job)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// One pass from left to right, so that a value that looks like a name is not
/// replaced again.
fn fill_text(text: &str, message: &str, job: &Job) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| {
            let value = match name {
                "message" => message,
                "account" => &job.account,
                "pipeline" => &job.pipeline,
                "execution-id" => &job.execution_id,
                "stage" => &job.stage,
                "action" => &job.action,
                "idempotency-key" => &job.idempotency_key,
                _ => return None,
            };
            Some((value, tail))
        });
        rest = match value {
            Some((value, tail)) => {
                filled.push_str(value);
                tail
            }
            None => {
                filled.push('{');
                after
            }
        };
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_plugin::{Configuration, testing::FakeHost};

    fn raw(pairs: &[(&str, &str)]) -> String {
        let host = FakeHost::new();
        let job = host.job(
            pairs
                .iter()
                .copied()
                .chain([("Url", "https://example.com")]),
        );
        payload(&Webhook::decode(&job.configuration).unwrap(), &job)
    }

    fn posted(pairs: &[(&str, &str)]) -> Value {
        serde_json::from_str(&raw(pairs)).unwrap()
    }

    #[test]
    fn slack_gets_a_text_that_mentions_nobody() {
        assert_eq!(
            posted(&[("Format", "Slack"), ("Message", "<!channel> \"a\" & b\n")]),
            json!({ "text": "&lt;!channel&gt; \"a\" &amp; b\n" })
        );
    }

    #[test]
    fn teams_gets_an_adaptive_card_with_the_message_and_the_facts() {
        let card = posted(&[("Format", "Teams"), ("Message", "Released \\ \"1.2\"")]);
        let content = &card["attachments"][0]["content"];
        assert_eq!(card["type"], "message");
        assert_eq!(content["type"], "AdaptiveCard");
        assert_eq!(content["body"][0]["text"], "Released \\ \"1.2\"");
        assert_eq!(content["body"][1]["facts"][0]["value"], "Demo");
    }

    #[test]
    fn a_service_gets_a_flat_object_with_a_default_message() {
        let execution = "0190a5c2-7b3e-7d10-8f4a-2b6c1d9e0f35";
        assert_eq!(
            posted(&[]),
            json!({
                "account": "111122223333",
                "pipeline": "Demo",
                "executionId": execution,
                "stage": "Stage",
                "action": "Action",
                "message": format!(
                    "Pipeline Demo has reached Action in stage Stage (execution {execution})"
                ),
            })
        );
    }

    #[test]
    fn a_body_of_ones_own_is_filled_inside_its_texts_only() {
        let body =
            r#"{"title": "{pipeline}: {message}", "n": 1, "list": ["{stage}", "{other} {"]}"#;
        assert_eq!(
            posted(&[("Body", body), ("Message", "\"}, {action} {")]),
            json!({
                "title": "Demo: \"}, {action} {",
                "n": 1,
                "list": ["Stage", "{other} {"],
            })
        );
    }

    #[test]
    fn a_payload_is_posted_to_the_letter() {
        let payload = r#"{ "version": 3.0, "pipeline": "{pipeline}", "a": "<&>" }"#;
        assert_eq!(
            raw(&[("Payload", payload), ("Message", "not said")]),
            payload
        );
    }
}
