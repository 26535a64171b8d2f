//! What the rule's configuration says: the alarm, what is wanted of it, and
//! whom to ask.

use crate::state::States;
use lockgate_plugin::{
    Failure, Host, HttpError, Problem, PropertyType, Request, Url, Value, choice, configuration,
};
use std::fmt::Write as _;
use std::time::Duration;

/// The longest that a rule may take, in minutes.
const LONGEST_WAIT: u32 = 86_400;
/// Seconds of silence after which there is no answer.
const PATIENCE: u64 = 30;
/// Bytes of one answer. A list of every alert may be long.
const ANSWER_BYTES: u64 = 4 << 20;
/// What stands for the alarm's name in an address.
const NAME: &str = "{AlarmName}";

choice! {
    /// What the answer looks like.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Format {
        /// As the answer shows itself.
        Auto = "Auto",
        /// One text in a JSON document.
        Plain = "Plain",
        /// A list of alerts.
        Alertmanager = "Alertmanager",
        /// Groups of alert rules, of Grafana and of Prometheus.
        Grafana = "Grafana",
    }
}

configuration! {
    /// Which alarm, and who knows it.
    #[derive(Debug)]
    pub struct Alarm {
        /// The name of the alarm.
        "AlarmName" => name: String,
        /// The states in which the rule succeeds: ALARM, OK, INSUFFICIENT_DATA,
        /// with commas between. Left out: ALARM when a stage has failed, OK and
        /// INSUFFICIENT_DATA otherwise.
        "AlarmStates" => states: Option<States>,
        /// Minutes to wait for the alarm to change or, when a stage has
        /// succeeded, to watch that it does not.
        "WaitTime" => wait: Minutes = "0",
        /// Where the state of the alarm is read, with {AlarmName} for its name.
        "AlarmUrl" => url: Option<String>,
        /// What the answer looks like: Auto, Plain, Alertmanager or Grafana.
        "AlarmFormat" => format: Format = "Auto",
        /// Where in a plain answer the state stands, as a JSON pointer.
        "StatePointer" => pointer: Pointer = "/state",
        /// The name of the secret that the server puts into the request.
        "SecretName" => secret_name: Option<String>,
        /// The request header that carries the secret.
        "SecretHeader" => secret_header: String = "Authorization",
        /// What stands before the secret in the header, such as "Bearer ".
        "SecretPrefix" => secret_prefix: String = "",
    }
}

/// A wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes(pub u32);

impl Value for Minutes {
    const KIND: PropertyType = PropertyType::Number;

    fn read(text: &str) -> Result<Self, String> {
        let minutes = text.trim().parse().ok();
        minutes
            .filter(|minutes| *minutes <= LONGEST_WAIT)
            .map(Self)
            .ok_or_else(|| format!("a whole number of minutes from 0 to {LONGEST_WAIT}"))
    }
}

/// A place in a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(pub String);

impl Value for Pointer {
    const KIND: PropertyType = PropertyType::Text;

    fn read(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            Ok(Self(text.to_owned()))
        } else {
            Err("a JSON pointer, such as /state or /MetricAlarms/0/StateValue".into())
        }
    }
}

impl Alarm {
    /// The request that asks for the state.
    ///
    /// # Errors
    /// There is no address, or it is none; the secret is not granted.
    pub fn request(&self, host: &impl Host) -> Result<Request, Failure> {
        let wrong = |value: Option<String>, remedy: &str| {
            Failure::from(Problem {
                key: "AlarmUrl".into(),
                value,
                remedy: remedy.into(),
            })
        };
        let Some(template) = &self.url else {
            return Err(wrong(
                None,
                "is missing, and alarms of CloudWatch itself cannot be read; write the address that tells the state of the alarm, such as https://alerts.example.com/api/v2/alerts?filter=alertname%3D{AlarmName}",
            ));
        };
        let url = template.replace(NAME, &encoded(&self.name));
        match Url::parse(&url) {
            Ok(_) => {}
            Err(HttpError::Invalid(text)) if text.contains("user name") => {
                return Err(wrong(None, &text));
            }
            Err(_) => {
                return Err(wrong(
                    Some(template.clone()),
                    "write https://host/path, with anything special as %XX",
                ));
            }
        }
        let mut request = Request::get(url)
            .header("accept", "application/json")
            .header("user-agent", "lockgate")
            .timeout(Duration::from_secs(PATIENCE))
            .limit(ANSWER_BYTES);
        if let Some(name) = &self.secret_name {
            let secret = host.secret_placeholder(name)?;
            let value = format!("{}{secret}", self.secret_prefix);
            request = request.header(&self.secret_header, value);
        }
        Ok(request)
    }
}

/// A text as a part of an address: whatever could mean something there is `%XX`.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
