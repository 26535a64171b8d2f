//! The notify-webhook provider: one POST of a message, as Slack, Teams or a
//! service of one's own wants it. Knows nothing of why it is told; pipelines use
//! it as an action, and the server to say that an approval is awaited.

mod configuration;
mod delivery;
mod payload;

use configuration::Webhook;
use delivery::{Delivery, Tried};
use lockgate_plugin::{
    Category, Description, Failure, Host, Job, Outcome, Provider, Request, export_provider,
};
use std::time::Duration;

/// The provider.
pub struct NotifyWebhook;

impl Provider for NotifyWebhook {
    type Configuration = Webhook;

    fn describe() -> Description {
        Description::new("Posts a message to Slack, Microsoft Teams or any webhook")
            .serves(Category::Invoke, "Custom", "Webhook", "1")
            .inputs(0..=5)
            .variables(["StatusCode"])
    }

    fn run<H: Host>(job: &Job, webhook: Webhook, host: &H) -> Result<Outcome, Failure> {
        let url = webhook.check()?;
        let tried: Tried = job.continuation()?.unwrap_or_default();
        let mut request = Request::post(&webhook.url)
            .header("content-type", "application/json")
            .header("user-agent", "lockgate")
            .header("idempotency-key", &job.idempotency_key)
            .timeout(Duration::from_secs(webhook.timeout_seconds.into()))
            .limit(delivery::ANSWER_LIMIT)
            .body(payload::payload(&webhook, job));
        if let (Some(header), Some(secret)) = (&webhook.header, &webhook.secret_name) {
            let value = host.secret_placeholder(secret)?;
            request = request.header(header, format!("{}{value}", webhook.prefix));
        }
        Delivery::read(host.http(&request), &url.authority).outcome(tried, webhook.attempts, host)
    }
}

export_provider!(NotifyWebhook);
