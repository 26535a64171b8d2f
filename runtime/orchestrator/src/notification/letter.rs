//! What the webhook provider is given so that it posts one notification: the
//! address with its secret, and the text in the form that the rule wants.

use super::event_bridge::Notice;
use super::rule::{NotificationDetail, NotificationFormat, NotificationRule};
use super::state_change::{Level, State};
use super::story::Story;
use lockgate_model::action_type::Category;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The provider's configuration.
pub(crate) type Letter = BTreeMap<String, String>;

/// Addressed, with nothing in it yet.
pub(super) fn envelope(rule: &NotificationRule) -> Letter {
    let said = [
        ("Url", Some(&rule.url)),
        ("Header", rule.header.as_ref()),
        ("SecretName", rule.secret_name.as_ref()),
        ("Prefix", rule.prefix.as_ref()),
    ];
    said.into_iter()
        .filter_map(|(key, text)| Some((key.to_owned(), text?.clone())))
        .collect()
}

/// One notification of a rule.
pub(super) fn letter(rule: &NotificationRule, arn: &str, story: &Story, notice: &Notice) -> Letter {
    let body = match rule.format {
        NotificationFormat::EventBridge => Body::Json(notice.event.clone()),
        NotificationFormat::Notification => Body::Json(processed(rule.detail, arn, notice)),
        format => Body::Text(format, sentence(rule.detail, story, notice)),
    };
    body.into(rule)
}

/// What a letter says.
pub(super) enum Body {
    /// Posted as it is.
    Json(Value),
    /// For people; the provider puts it into the format's own form.
    Text(NotificationFormat, String),
}

impl Body {
    /// Into an envelope of this rule.
    pub(super) fn into(self, rule: &NotificationRule) -> Letter {
        let mut letter = envelope(rule);
        let (key, text) = match self {
            Self::Json(value) => ("Payload", value.to_string()),
            Self::Text(format, text) => {
                let format = match format {
                    NotificationFormat::Slack => "Slack",
                    NotificationFormat::Teams => "Teams",
                    NotificationFormat::EventBridge
                    | NotificationFormat::Notification
                    | NotificationFormat::Generic => "Generic",
                };
                letter.insert("Format".to_owned(), format.to_owned());
                ("Message", text)
            }
        };
        letter.insert(key.to_owned(), text);
        letter
    }
}

/// The form in which AWS's notification rules send an event on.
fn processed(detail: NotificationDetail, arn: &str, notice: &Notice) -> Value {
    let of = |key: &str| notice.event.get(key).cloned().unwrap_or_default();
    json!({
        "account": of("account"),
        "detailType": of("detail-type"),
        "region": of("region"),
        "source": of("source"),
        "time": of("time"),
        "notificationRuleArn": arn,
        "detail": of("detail"),
        "resources": of("resources"),
        "additionalAttributes": match detail {
            NotificationDetail::Full => notice.more.clone(),
            NotificationDetail::Basic => json!({}),
        },
    })
}

/// For people: what happened, and with all detail what failed and what it was
/// about.
fn sentence(detail: NotificationDetail, story: &Story, notice: &Notice) -> String {
    let pipeline = notice.event.pointer("/detail/pipeline");
    let pipeline = pipeline.and_then(Value::as_str).unwrap_or_default();
    let change = &notice.change;
    let stage = change.stage.as_deref().unwrap_or_default();
    let action = change.action.as_deref().unwrap_or_default();
    let approval = notice.category == Some(Category::Approval);
    let what = match (change.level, change.state) {
        (Level::Action, State::Started) if approval => {
            format!("waits for approval '{action}' in stage '{stage}'")
        }
        (Level::Action, State::Succeeded) if approval => {
            format!("approval '{action}' in stage '{stage}' was given")
        }
        (Level::Action, State::Failed) if approval => {
            format!("approval '{action}' in stage '{stage}' was not given")
        }
        (Level::Pipeline, state) => verb(state).to_owned(),
        (Level::Stage, state) => format!("stage '{stage}' {}", verb(state)),
        (Level::Action, state) => format!("action '{action}' in stage '{stage}' {}", verb(state)),
    };
    let mut text = format!(
        "Pipeline {pipeline}: {what} (execution {}).",
        story.execution
    );
    if detail == NotificationDetail::Basic {
        return text;
    }
    let mut add = |line: &str| {
        text.push('\n');
        text.push_str(line);
    };
    match (change.level, change.state) {
        (Level::Pipeline, State::Started) => {
            add(&format!("Started by {}", story.trigger.trigger_detail))
        }
        (Level::Pipeline, State::Stopping) => {
            if let Some(comments) = story.comments.as_ref().filter(|text| !text.is_empty()) {
                add(&format!("Reason: {comments}"));
            }
        }
        (Level::Pipeline | Level::Stage, State::Failed) => {
            for failed in &story.failed {
                add(&format!(
                    "{} / {}: {}",
                    failed.stage, failed.action, failed.message
                ));
            }
        }
        _ => {}
    }
    let more: &[&str] = match change.state {
        State::Started => &["customData", "externalEntityLink"],
        _ => &["additionalInformation"],
    };
    for line in more.iter().filter_map(|key| notice.more.get(key)?.as_str()) {
        add(line);
    }
    text
}

fn verb(state: State) -> &'static str {
    match state {
        State::Started => "started",
        State::Succeeded => "succeeded",
        State::Failed => "failed",
        State::Resumed => "runs again",
        State::Stopping => "is being stopped",
        State::Stopped => "was stopped",
        State::Superseded => "was superseded by a newer execution",
        State::Canceled => "was cancelled because the pipeline changed",
        State::Abandoned => "was abandoned",
    }
}
