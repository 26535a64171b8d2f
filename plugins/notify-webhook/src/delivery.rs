//! What an answer means: delivered, try again later, or no. Waiting between
//! tries is the server's, by a pending outcome; nothing sleeps here.

use lockgate_plugin::{Failure, FailureType, Host, HttpError, Outcome, Pending, Response, Success};
use serde::{Deserialize, Serialize};

/// Receivers answer with a word or an error page; more is not read.
pub const ANSWER_LIMIT: u64 = 64 * 1024;
/// How much of an answer an error shows, in characters.
const SHOWN: usize = 300;
/// The first wait in seconds; each next one is twice as long.
const FIRST_WAIT: u32 = 5;
/// The longest wait in seconds, whatever the receiver asks for.
const LONGEST_WAIT: u32 = 300;

/// How often it has been tried before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    times: u32,
}

/// What one try came to.
#[derive(Debug)]
pub enum Delivery {
    /// The receiver took it.
    Done { status: u16, authority: String },
    /// The receiver is busy or away: worth another try.
    Later { why: Failure, wait: Option<u32> },
    /// Another try would end the same.
    Refused(Failure),
}

impl Delivery {
    /// Reads what came back from `authority`.
    pub fn read(answer: Result<Response, HttpError>, authority: &str) -> Self {
        match answer {
            Ok(response) => Self::from_status(&response, authority),
            Err(
                error @ (HttpError::Unreachable(_) | HttpError::Timeout(_) | HttpError::Broken(_)),
            ) => Self::Later {
                why: error.into(),
                wait: None,
            },
            Err(error) => Self::Refused(error.into()),
        }
    }

    fn from_status(response: &Response, authority: &str) -> Self {
        let status = response.status;
        let why = |remedy: &str| {
            Failure::job(format!(
                "{authority} answered {status}{}{remedy}",
                quoted(&response.text())
            ))
        };
        match status {
            200..=299 => Self::Done {
                status,
                authority: authority.to_owned(),
            },
            300..=399 => Self::Refused(why(&format!(
                "; write the address where it really is in Url{}",
                response
                    .header("location")
                    .map(|to| format!(" ({to})"))
                    .unwrap_or_default()
            ))),
            429 | 500..=599 => Self::Later {
                why: why(""),
                wait: response
                    .header("retry-after")
                    .and_then(|v| v.trim().parse().ok()),
            },
            _ => Self::Refused(why("")),
        }
    }

    /// Decides what the action does about it.
    ///
    /// # Errors
    /// The receiver said no, or was away `attempts` times.
    pub fn outcome(
        self,
        tried: Tried,
        attempts: u32,
        host: &impl Host,
    ) -> Result<Outcome, Failure> {
        let times = tried.times.saturating_add(1);
        match self {
            Self::Done { status, authority } => Ok(Success::new()
                .variable("StatusCode", status.to_string())
                .summary(format!("{authority} answered {status}"))
                .into()),
            Self::Refused(why) => Err(why),
            Self::Later { mut why, .. } if times >= attempts => {
                why.message = format!("{}; given up after attempt {times}", why.message);
                if why.kind == FailureType::JobFailed {
                    why.kind = FailureType::SystemUnavailable;
                }
                Err(why)
            }
            Self::Later { why, wait } => {
                let doubled = FIRST_WAIT.saturating_mul(1 << tried.times.min(10));
                let wait = wait.unwrap_or(doubled).clamp(1, LONGEST_WAIT);
                host.warning(&format!("{}; trying again in {wait} s", why.message));
                Ok(Pending::new(&Tried { times }, wait)?
                    .summary(why.message)
                    .into())
            }
        }
    }
}

/// The start of an answer on one line, for an error message.
fn quoted(text: &str) -> String {
    let line: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect();
    if line.is_empty() {
        line
    } else {
        format!(": {line}")
    }
}

#[cfg(test)]
mod tests;
