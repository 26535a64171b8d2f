//! What a source can be asked besides running a job: what changed since the last
//! time, and what a webhook delivery announces. Each question has a sandbox of
//! its own, with tighter limits than a job, because it is asked often and, in the
//! case of a delivery, by anybody.

use crate::call::{Answer, Around, Call, wrong_call};
use crate::capability::invoke::Functions;
use crate::capability::pipelines::Pipelines;
use crate::capability::secrets::Secrets;
use crate::contract::{from_guest, from_source, to_guest};
use crate::fault;
use crate::host::Host;
use crate::log::LogSink;
use crate::prepare::Prepared;
use crate::run::{after, known_type};
use crate::store::Phase;
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType};
use lockgate_model::limits::Limits;
use lockgate_model::webhook::{Announcement, WebhookRequest};

/// A source is asked often and must be quick.
const DETECT_SECONDS: u64 = 300;
/// Somebody waits for the answer to a delivery.
const WEBHOOK_SECONDS: u64 = 60;
const WEBHOOK_FUEL: u64 = 100_000_000_000;
const WEBHOOK_MEMORY_BYTES: u64 = 384 << 20;
const WEBHOOK_LOG_BYTES: u64 = 64 << 10;
const WEBHOOK_HTTP_BYTES: u64 = 256 << 20;
const WEBHOOK_HTTP_REQUESTS: u64 = 200;
/// Bytes of a delivery's body. Less than a guest may hand back in one call,
/// which it does to have the signature checked.
const WEBHOOK_BODY_BYTES: usize = 12 << 20;
/// Bytes of a delivery's method, path and headers.
const WEBHOOK_HEAD_BYTES: usize = 64 << 10;

impl Host {
    /// Asks a source for its newest revision, and for what changed.
    ///
    /// # Errors
    /// What the source says, or the fault that ended it.
    pub async fn detect(
        &self,
        prepared: &Prepared,
        request: DetectRequest,
        log: LogSink,
        secrets: Secrets,
    ) -> Result<Detection, Failure> {
        self.described(prepared).await?;
        let action_type = known_type(prepared, &request.action_type);
        let limits = Limits {
            seconds: prepared.limits.seconds.min(DETECT_SECONDS),
            ..prepared.limits
        };
        let call = Call::Detect(to_guest::detect(request, action_type));
        let around = question(limits, log, secrets);
        match self.perform(prepared, around, call).await? {
            Answer::Detection(Ok(found)) => from_source::detection(found, limits.output_bytes)
                .map_err(|e| fault::too_large(e.bytes, &limits)),
            Answer::Detection(Err(no)) => Err(from_guest::failure(no, limits.output_bytes)
                .unwrap_or_else(|e| fault::too_large(e.bytes, &limits))),
            _ => Err(wrong_call(prepared)),
        }
    }

    /// Asks a source what a webhook delivery announces: nothing, where it is for
    /// another repository or says nothing of interest.
    ///
    /// # Errors
    /// The source refuses it (`PermissionError` where its signature does not
    /// hold), it is too large, or a fault ended the source.
    pub async fn webhook(
        &self,
        prepared: &Prepared,
        request: WebhookRequest,
        log: LogSink,
        secrets: Secrets,
    ) -> Result<Option<Announcement>, Failure> {
        fits(&request)?;
        self.described(prepared).await?;
        let action_type = known_type(prepared, &request.action_type);
        let own = prepared.limits;
        let limits = Limits {
            seconds: own.seconds.min(WEBHOOK_SECONDS),
            fuel: own.fuel.min(WEBHOOK_FUEL),
            memory_bytes: own.memory_bytes.min(WEBHOOK_MEMORY_BYTES),
            log_bytes: own.log_bytes.min(WEBHOOK_LOG_BYTES),
            http_bytes: own.http_bytes.min(WEBHOOK_HTTP_BYTES),
            http_requests: own.http_requests.min(WEBHOOK_HTTP_REQUESTS),
            ..own
        };
        let call = Call::Webhook(Box::new(to_guest::webhook(request, action_type)));
        let around = question(limits, log, secrets);
        match self.perform(prepared, around, call).await? {
            Answer::Announcement(Ok(announced)) => announced
                .map(|said| from_source::announcement(said, limits.output_bytes))
                .transpose()
                .map_err(|e| fault::too_large(e.bytes, &limits)),
            Answer::Announcement(Err(no)) => Err(from_guest::failure(no, limits.output_bytes)
                .unwrap_or_else(|e| fault::too_large(e.bytes, &limits))),
            _ => Err(wrong_call(prepared)),
        }
    }
}

fn question(limits: Limits, log: LogSink, secrets: Secrets) -> Around {
    Around {
        phase: Phase::Job,
        limits,
        deadline: after(limits.seconds),
        directories: Vec::new(),
        log,
        secrets,
        functions: Functions::none(),
        pipelines: Pipelines::none(),
    }
}

/// Whether a delivery is small enough to be handed to a guest.
fn fits(request: &WebhookRequest) -> Result<(), Failure> {
    let head = request.method.len()
        + request.path.as_ref().map_or(0, String::len)
        + request
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 8)
            .sum::<usize>();
    for (part, bytes, limit) in [
        ("body", request.body.len(), WEBHOOK_BODY_BYTES),
        ("headers", head, WEBHOOK_HEAD_BYTES),
    ] {
        if bytes > limit {
            return Err(Failure::new(
                FailureType::ConfigurationError,
                format!(
                    "The {part} of the webhook delivery has {bytes} bytes, more than the limit of {limit}: send fewer kinds of events, or push less at a time."
                ),
            ));
        }
    }
    Ok(())
}
