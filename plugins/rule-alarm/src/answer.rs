//! From the answer of whoever knows the alarm to its state.

use crate::configuration::{Alarm, Format};
use crate::state::State;
use lockgate_plugin::{Failure, FailureType, HttpError, Response, Url};
use serde_json::Value;

/// How much of an answer an error shows, in characters.
const SHOWN: usize = 200;

/// What one question came to.
#[derive(Debug)]
pub enum Reading {
    /// The alarm's state.
    Known(State),
    /// Nobody answered, or not now: worth another question.
    Silent(Failure),
}

impl Reading {
    /// Reads an answer.
    ///
    /// # Errors
    /// Another question would be answered the same.
    pub fn of(answer: Result<Response, HttpError>, alarm: &Alarm) -> Result<Self, Failure> {
        let response = match answer {
            Ok(response) => response,
            Err(
                error @ (HttpError::Unreachable(_) | HttpError::Timeout(_) | HttpError::Broken(_)),
            ) => return Ok(Self::Silent(error.into())),
            Err(error @ HttpError::TooLong { .. }) => {
                return Err(Failure::configuration(format!(
                    "{error}; ask in AlarmUrl for this alarm alone"
                )));
            }
            Err(error) => return Err(error.into()),
        };
        let template = alarm.url.as_deref().unwrap_or_default();
        let asked = Url::parse(template).map_or_else(|_| "AlarmUrl".into(), |url| url.authority);
        if !response.is_success() {
            return refusal(&response, &asked);
        }
        let state = serde_json::from_slice(&response.body)
            .map_err(|error| format!("is not JSON ({error})"))
            .and_then(|answer| state(&answer, alarm));
        state.map(Self::Known).map_err(|why| {
            let start = quoted(&response.text());
            Failure::configuration(format!("the answer of {asked} {why}{start}"))
        })
    }
}

/// What an answer without a state means. Never that the criterion does not hold:
/// it could not be judged.
fn refusal(response: &Response, asked: &str) -> Result<Reading, Failure> {
    let status = response.status;
    let message = format!("{asked} answered {status}{}", quoted(&response.text()));
    let (kind, remedy) = match status {
        429 | 500..=599 => {
            let later = Failure::new(FailureType::SystemUnavailable, message);
            return Ok(Reading::Silent(later));
        }
        300..=399 => (
            FailureType::ConfigurationError,
            "write in AlarmUrl the address where it really is",
        ),
        401 | 403 => (
            FailureType::PermissionError,
            "check SecretName, SecretHeader and SecretPrefix",
        ),
        _ => (
            FailureType::ConfigurationError,
            "check AlarmUrl and AlarmName",
        ),
    };
    Err(Failure::new(kind, format!("{message}; {remedy}")))
}

/// The state in an answer, or what is wrong with it.
fn state(answer: &Value, alarm: &Alarm) -> Result<State, String> {
    let format = match alarm.format {
        Format::Auto if answer.is_array() => Format::Alertmanager,
        Format::Auto if answer.pointer("/data/groups").is_some() => Format::Grafana,
        Format::Auto => Format::Plain,
        given => given,
    };
    match format {
        Format::Auto | Format::Plain => plain(answer, &alarm.pointer.0),
        Format::Alertmanager => alerts(answer, &alarm.name),
        Format::Grafana => rules(answer, &alarm.name),
    }
}

/// `{"state": "ALARM"}`
fn plain(answer: &Value, pointer: &str) -> Result<State, String> {
    match answer.pointer(pointer) {
        Some(Value::String(word)) => State::called(word).ok_or_else(|| {
            format!(
                "has '{}' at {pointer}, which is no state; make it ALARM, OK or INSUFFICIENT_DATA",
                shown(word)
            )
        }),
        _ => Err(format!(
            "has no text at {pointer}; write in StatePointer where the state stands"
        )),
    }
}

/// A list of alerts: those that there are, and silenced ones marked.
fn alerts(answer: &Value, name: &str) -> Result<State, String> {
    let Some(alerts) = answer.as_array() else {
        return Err("is no list of alerts; ask /api/v2/alerts or set AlarmFormat".into());
    };
    let mut state = State::Ok;
    for alert in alerts {
        let called = alert.pointer("/labels/alertname").and_then(Value::as_str);
        let status = alert.pointer("/status/state").and_then(Value::as_str);
        let (Some(called), Some(status)) = (called, status) else {
            return Err(
                "has an alert without labels.alertname and status.state; ask /api/v2/alerts or set AlarmFormat"
                    .into(),
            );
        };
        // Somebody silenced it on purpose, or a greater one stands for it.
        if called == name && status != "suppressed" {
            state = State::Alarm;
        }
    }
    Ok(state)
}

/// Groups of rules. Of several with one name, the worst counts.
fn rules(answer: &Value, name: &str) -> Result<State, String> {
    let groups = answer.pointer("/data/groups").and_then(Value::as_array);
    let Some(groups) = groups else {
        return Err("has no data.groups; ask /api/v1/rules or set AlarmFormat".into());
    };
    let mut worst = None;
    for rule in groups
        .iter()
        .filter_map(|group| group.get("rules")?.as_array())
        .flatten()
    {
        let text = |key| rule.get(key).and_then(Value::as_str);
        if text("name") != Some(name) {
            continue;
        }
        // A recording rule has no state.
        let Some(word) = text("state") else { continue };
        let said = State::called(word)
            .ok_or_else(|| format!("says of the rule '{}' only '{}'", shown(name), shown(word)))?;
        let healthy = matches!(text("health"), None | Some("ok"));
        let state = match said {
            State::Ok if !healthy => State::InsufficientData,
            state => state,
        };
        worst = match (worst, state) {
            (Some(State::Alarm), _) | (_, State::Alarm) => Some(State::Alarm),
            (Some(State::InsufficientData), _) => Some(State::InsufficientData),
            (_, state) => Some(state),
        };
    }
    worst.ok_or_else(|| {
        format!(
            "has no alert rule '{}'; write in AlarmName what it is called there",
            shown(name)
        )
    })
}

/// The start of an answer on one line, for an error message.
fn quoted(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = shown(&words.join(" "));
    if line.is_empty() {
        line
    } else {
        format!(": {line}")
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect()
}
