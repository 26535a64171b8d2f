//! What a provider, a source and a function are, and the one way each is
//! called: by the component's exports and by tests alike.

use crate::{Configuration, Description, Detection, Failure, Host, Job, Log, Outcome};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Serves one or more action types.
pub trait Provider {
    /// What the action's configuration holds; `()` where it holds nothing.
    type Configuration: Configuration;

    /// What it is. Called once when the plugin is installed; no capability
    /// answers then.
    fn describe() -> Description;

    /// One attempt at one action, in a sandbox of its own.
    ///
    /// # Errors
    /// The reason why the action fails.
    fn run<H: Host>(
        job: &Job,
        configuration: Self::Configuration,
        host: &H,
    ) -> Result<Outcome, Failure>;
}

/// A provider that brings content in.
pub trait Source: Provider {
    /// What is the newest revision? `cursor` is what the previous answer held.
    /// Must be cheap: it is asked again and again.
    ///
    /// # Errors
    /// The reason why this cannot be said now.
    fn detect<H: Host>(
        configuration: Self::Configuration,
        cursor: Option<&str>,
        host: &H,
    ) -> Result<Detection, Failure>;
}

/// A function that `invoke` calls. It sees its event and may log.
pub trait Function {
    /// What it takes, as JSON.
    type Event: DeserializeOwned;
    /// What it returns, as JSON.
    type Answer: Serialize;

    /// One call, in a sandbox of its own.
    ///
    /// # Errors
    /// The reason why it fails, for people.
    fn handle<L: Log>(event: Self::Event, log: &L) -> Result<Self::Answer, String>;
}

/// Runs a job: decodes its configuration, then calls the provider.
///
/// # Errors
/// The provider's failure, or all mistakes in the configuration.
pub fn run<P: Provider>(job: &Job, host: &impl Host) -> Result<Outcome, Failure> {
    let configuration = P::Configuration::decode(&job.configuration)?;
    P::run(job, configuration, host)
}

/// Asks a source for its newest revision.
///
/// # Errors
/// The source's failure, or all mistakes in the configuration.
pub fn detect<S: Source>(
    configuration: &BTreeMap<String, String>,
    cursor: Option<&str>,
    host: &impl Host,
) -> Result<Detection, Failure> {
    S::detect(S::Configuration::decode(configuration)?, cursor, host)
}

/// Calls a function with JSON and returns JSON.
///
/// # Errors
/// The function's error, or that the event is not what it takes.
pub fn call<F: Function>(event: &str, log: &impl Log) -> Result<String, String> {
    let event = serde_json::from_str(event)
        .map_err(|error| format!("the event is not what this function takes: {error}"))?;
    let answer = F::handle(event, log)?;
    serde_json::to_string(&answer).map_err(|error| format!("the result is not JSON: {error}"))
}
