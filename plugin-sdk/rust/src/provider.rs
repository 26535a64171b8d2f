//! What a provider, a source and a function are, and the one way each is
//! called: by the component's exports and by tests alike.

use crate::{
    Announcement, Configuration, Delivery, Description, Detection, Failure, Host, Job, Log,
    Outcome, Watch,
};
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
    /// What is the newest revision of what is configured, and what changed
    /// since the previous answer, which held `cursor`? `watch` says which
    /// changes are wanted. Must be cheap: it is asked again and again.
    ///
    /// # Errors
    /// The reason why this cannot be said now.
    fn detect<H: Host>(
        configuration: Self::Configuration,
        cursor: Option<&str>,
        watch: Watch,
        host: &H,
    ) -> Result<Detection, Failure>;

    /// Is this request genuine, is it for what is configured, and what does it
    /// announce? Nothing, where it is for something else or says nothing. A
    /// source that does not say otherwise takes no deliveries.
    ///
    /// # Errors
    /// The reason why it is refused: [`PermissionError`](crate::FailureType::PermissionError) where its
    /// signature does not hold.
    fn webhook<H: Host>(
        configuration: Self::Configuration,
        delivery: &Delivery,
        host: &H,
    ) -> Result<Option<Announcement>, Failure> {
        let _ = (configuration, delivery, host);
        Err(Failure::configuration(
            "this source takes no webhook deliveries; remove the webhook, and let the source be polled",
        ))
    }
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

/// Asks a source for its newest revision, and for what changed.
///
/// # Errors
/// The source's failure, or all mistakes in the configuration.
pub fn detect<S: Source>(
    configuration: &BTreeMap<String, String>,
    cursor: Option<&str>,
    watch: Watch,
    host: &impl Host,
) -> Result<Detection, Failure> {
    let configuration = S::Configuration::decode(configuration)?;
    S::detect(configuration, cursor, watch, host)
}

/// Hands a source a webhook delivery.
///
/// # Errors
/// The source refuses it, or all mistakes in the configuration.
pub fn webhook<S: Source>(
    configuration: &BTreeMap<String, String>,
    delivery: &Delivery,
    host: &impl Host,
) -> Result<Option<Announcement>, Failure> {
    S::webhook(S::Configuration::decode(configuration)?, delivery, host)
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
