//! What the action's configuration says, and which of its combinations make
//! sense.

use lockgate_plugin::{Failure, HttpError, Json, Problem, Url, choice, configuration};

choice! {
    /// What the receiver understands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Format {
        /// An incoming webhook of Slack, or of what imitates it.
        Slack = "Slack",
        /// A workflow webhook of Microsoft Teams, as an adaptive card.
        Teams = "Teams",
        /// A flat JSON object, or the one in `Body`.
        Generic = "Generic",
    }
}

configuration! {
    /// Where to post what.
    #[derive(Debug)]
    pub struct Webhook {
        /// Where to post, such as https://hooks.example.com/services/1.
        /// Hidden in every view, because many such addresses are the password.
        "Url" secret => url: String,
        /// What the receiver understands: Slack, Teams or Generic.
        "Format" => format: Format = "Generic",
        /// The text. Left out, it names pipeline, stage, action and execution.
        "Message" => message: Option<String>,
        /// For Format Generic: the JSON to post. In its texts, {message},
        /// {account}, {pipeline}, {execution-id}, {stage}, {action} and
        /// {idempotency-key} are replaced.
        "Body" => body: Option<Json<serde_json::Value>>,
        /// For Format Generic: the JSON to post exactly as it is written; nothing
        /// in it is replaced.
        "Payload" => payload: Option<String>,
        /// The request header that carries the secret, such as Authorization.
        "Header" => header: Option<String>,
        /// The name of the secret that the server puts into the header.
        "SecretName" => secret_name: Option<String>,
        /// What stands before the secret in the header, such as "Bearer ".
        "Prefix" => prefix: String = "",
        /// How many seconds to wait for an answer, 1 to 120.
        "TimeoutSeconds" => timeout_seconds: u32 = "10",
        /// How often to try, 1 to 10, where the receiver is busy or away.
        "Attempts" => attempts: u32 = "5",
    }
}

impl Webhook {
    /// Checks what one key alone cannot say, and takes the address apart.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn check(&self) -> Result<Url, Failure> {
        let mut problems = Vec::new();
        let mut wrong = |key: &str, value: Option<String>, remedy: &str| {
            problems.push(Problem {
                key: key.into(),
                value,
                remedy: remedy.into(),
            });
        };
        let url = Url::parse(&self.url);
        match &url {
            Err(HttpError::Invalid(text)) if text.contains("user name") => {
                wrong("Url", None, text);
            }
            // The address may be a password: the error's own text repeats it.
            Err(_) => wrong(
                "Url",
                None,
                "is not a web address; write https://host/path, without blanks",
            ),
            Ok(_) => {}
        }
        if self.body.is_some() && self.format != Format::Generic {
            wrong(
                "Body",
                None,
                "is for Format Generic only; leave one of the two out",
            );
        }
        if let Some(payload) = &self.payload {
            if self.format != Format::Generic {
                wrong(
                    "Payload",
                    None,
                    "is for Format Generic only; leave one of the two out",
                );
            }
            if self.body.is_some() {
                wrong(
                    "Payload",
                    None,
                    "cannot go with Body; leave one of the two out",
                );
            }
            if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(payload) {
                let remedy = format!("is not JSON ({error}); write one JSON value");
                wrong("Payload", None, &remedy);
            }
        }
        match (&self.header, &self.secret_name) {
            (Some(header), None) => wrong(
                "Header",
                Some(header.clone()),
                "write SecretName too, or leave Header out",
            ),
            (None, Some(name)) => wrong(
                "SecretName",
                Some(name.clone()),
                "write the Header that carries it too, such as Authorization",
            ),
            _ => {}
        }
        for (key, value, most) in [
            ("TimeoutSeconds", self.timeout_seconds, 120),
            ("Attempts", self.attempts, 10),
        ] {
            if !(1..=most).contains(&value) {
                let remedy = format!("write a whole number from 1 to {most}");
                wrong(key, Some(value.to_string()), &remedy);
            }
        }
        match url {
            Ok(url) if problems.is_empty() => Ok(url),
            _ => Err(problems.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lockgate_plugin::{Configuration, FailureType};

    fn webhook(pairs: &[(&str, &str)]) -> Webhook {
        let pairs = pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        Webhook::decode(&pairs.collect()).unwrap()
    }

    #[test]
    fn every_wrong_combination_is_named_at_once() {
        let failure = webhook(&[
            ("Url", "hooks.example.com/T0/secret"),
            ("Format", "Slack"),
            ("Body", "{}"),
            ("Header", "Authorization"),
            ("TimeoutSeconds", "0"),
            ("Attempts", "11"),
        ])
        .check()
        .unwrap_err();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert_eq!(
            failure.message,
            "Url: is not a web address; write https://host/path, without blanks; \
             Body: is for Format Generic only; leave one of the two out; \
             Header: 'Authorization' will not do; write SecretName too, or leave Header out; \
             TimeoutSeconds: '0' will not do; write a whole number from 1 to 120; \
             Attempts: '11' will not do; write a whole number from 1 to 10"
        );
    }

    #[test]
    fn a_payload_is_json_and_stands_alone() {
        let failure = webhook(&[
            ("Url", "https://example.com"),
            ("Format", "Teams"),
            ("Payload", "{\"a\": 1"),
        ])
        .check()
        .unwrap_err();
        assert_eq!(
            failure.message,
            "Payload: is for Format Generic only; leave one of the two out; \
             Payload: is not JSON (EOF while parsing an object at line 1 column 7); write one JSON value"
        );
        let failure = webhook(&[
            ("Url", "https://example.com"),
            ("Body", "{}"),
            ("Payload", "{}"),
        ])
        .check()
        .unwrap_err();
        assert_eq!(
            failure.message,
            "Payload: cannot go with Body; leave one of the two out"
        );
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        let failure = webhook(&[("Url", "https://me:hunter2@example.com/")])
            .check()
            .unwrap_err();
        assert!(
            failure.message.contains("use a secret"),
            "{}",
            failure.message
        );
        assert!(!failure.message.contains("hunter2"), "{}", failure.message);
    }

    #[test]
    fn the_address_is_hidden_in_every_view() {
        let properties = Webhook::properties();
        let secret: Vec<_> = properties.iter().filter(|p| p.secret).collect();
        assert_eq!(secret.len(), 1);
        assert_eq!(secret[0].name, "Url");
    }
}
