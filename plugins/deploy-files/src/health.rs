//! The health check: one question by HTTP, and what its answer means. Waiting
//! is not done here: between two questions no instance is held.

use lockgate_plugin::{Failure, Host, HttpError, Request};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Seconds between two questions, at first and later.
const SOON: u32 = 1;
const LATER: u32 = 5;

/// What an unfinished check leaves for the next attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiting {
    /// The release that is being checked.
    pub release: String,
    /// When it must have answered, in milliseconds since the Unix epoch.
    pub until: u64,
    /// Questions asked so far.
    pub asked: u32,
}

impl Waiting {
    /// Seconds until the next question.
    #[must_use]
    pub fn poll_after(&self) -> u32 {
        if self.asked < 10 { SOON } else { LATER }
    }
}

/// What one question brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// A status of 2xx.
    Good,
    /// Not now, but perhaps later; why.
    NotYet(String),
}

/// Asks once.
///
/// # Errors
/// The question is not allowed and never will be.
pub fn ask<H: Host>(url: &str, host: &H) -> Result<Health, Failure> {
    let request = Request::get(url)
        .header("user-agent", "lockgate-deploy-files")
        .timeout(Duration::from_secs(10));
    match host.http(&request) {
        Ok(response) if response.is_success() => Ok(Health::Good),
        Ok(response) => Ok(Health::NotYet(format!("it answers {}", response.status))),
        Err(error @ (HttpError::Denied(_) | HttpError::Invalid(_))) => {
            let mut failure = Failure::from(error);
            failure.message = format!("HealthCheckUrl: {}", failure.message);
            Err(failure)
        }
        Err(error) => Ok(Health::NotYet(error.to_string())),
    }
}
