//! What a prepared component can be asked: to describe itself, to run a job, to
//! handle an event. Fills in what the guest must see and measures what it
//! answers. What only sources are asked is in `source`.

use crate::call::{Answer, Around, Call, wrong_call};
use crate::capability::invoke::Functions;
use crate::capability::pipelines::Pipelines;
use crate::capability::secrets::Secrets;
use crate::contract::{from_guest, to_guest};
use crate::fault;
use crate::host::Host;
use crate::log::{LogSink, now};
use crate::prepare::{PrepareError, Prepared};
use crate::request::RunRequest;
use crate::store::Phase;
use lockgate_model::action_type::{ActionType, ActionTypeId};
use lockgate_model::job::{Failure, Outcome};
use lockgate_model::limits::Limits;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// `describe` computes nothing.
const DESCRIBE_SECONDS: u64 = 10;
const DESCRIBE_FUEL: u64 = 10_000_000_000;

/// A function that gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The function itself returned an error.
    #[error("{0}")]
    Failed(String),
    /// It trapped, ran too long or used too much.
    #[error("{0}")]
    Faulted(String),
    /// The component is no function.
    #[error("{0}")]
    Invalid(String),
}

impl Host {
    /// What a provider says of itself: one action type for each of its names.
    /// Asked once, then remembered.
    ///
    /// # Errors
    /// It is no provider, or `describe` failed.
    pub async fn describe(&self, prepared: &Prepared) -> Result<Vec<ActionType>, PrepareError> {
        if let Some(known) = prepared.action_types.get() {
            return Ok(known.clone());
        }
        let described = |failure: Failure| PrepareError::Describe(failure.message);
        let limits = Limits {
            fuel: prepared.limits.fuel.min(DESCRIBE_FUEL),
            seconds: prepared.limits.seconds.min(DESCRIBE_SECONDS),
            ..prepared.limits
        };
        let around = Around {
            phase: Phase::Describe,
            limits,
            deadline: after(limits.seconds),
            directories: Vec::new(),
            log: LogSink::discard(),
            secrets: Secrets::none(),
            functions: Functions::none(),
            pipelines: Pipelines::none(),
        };
        let answer = self
            .perform(prepared, around, Call::Describe)
            .await
            .map_err(described)?;
        let Answer::Descriptions(descriptions) = answer else {
            return Err(described(wrong_call(prepared)));
        };
        let types = from_guest::descriptions(descriptions, limits.output_bytes)
            .map_err(|e| described(fault::too_large(e.bytes, &limits)))?;
        if let Some(twice) = named_twice(&types) {
            return Err(PrepareError::Describe(format!(
                "it describes {twice} twice; each action type has one description"
            )));
        }
        Ok(prepared.action_types.get_or_init(|| types).clone())
    }

    /// Runs one job in a sandbox of its own. Total: every fault of the provider
    /// is an outcome. Artifacts of a success are left empty: whoever owns the
    /// directories collects them. Dropping the future ends the job.
    pub async fn run(&self, prepared: &Prepared, request: RunRequest) -> Outcome {
        match self.try_run(prepared, request).await {
            Ok(outcome) => outcome,
            Err(failure) => Outcome::Failed(failure),
        }
    }

    async fn try_run(&self, prepared: &Prepared, request: RunRequest) -> Result<Outcome, Failure> {
        let limits = prepared.limits;
        self.described(prepared).await?;
        let action_type = known_type(prepared, &request.job.action_type);
        let seconds = limits.seconds.saturating_mul(1000);
        let left = request.job.deadline.since(now()).min(seconds);
        let deadline_millis = u64::try_from(now().0).unwrap_or(0).saturating_add(left);
        let around = Around {
            phase: Phase::Job,
            limits,
            deadline: Instant::now() + Duration::from_millis(left),
            directories: request.directories,
            log: request.log,
            secrets: request.secrets,
            functions: request.functions,
            pipelines: request.pipelines,
        };
        let job = to_guest::job(request.job, action_type, deadline_millis);
        match self
            .perform(prepared, around, Call::Run(Box::new(job)))
            .await?
        {
            Answer::Outcome(outcome) => from_guest::outcome(outcome, limits.output_bytes)
                .map_err(|e| fault::too_large(e.bytes, &limits)),
            _ => Err(wrong_call(prepared)),
        }
    }

    /// Calls a function component with a JSON event; the result is JSON too.
    ///
    /// # Errors
    /// What the function says, or the fault that ended it.
    pub async fn call_function(
        &self,
        prepared: &Prepared,
        event: &str,
        log: LogSink,
    ) -> Result<String, InvokeError> {
        let deadline = after(prepared.limits.seconds);
        self.call_function_until(prepared, event.to_owned(), log, deadline)
            .await
    }

    pub(crate) async fn call_function_until(
        &self,
        prepared: &Prepared,
        event: String,
        log: LogSink,
        deadline: Instant,
    ) -> Result<String, InvokeError> {
        let limits = prepared.limits;
        let around = Around {
            phase: Phase::Job,
            limits,
            deadline: deadline.min(after(limits.seconds)),
            directories: Vec::new(),
            log,
            secrets: Secrets::none(),
            functions: Functions::none(),
            pipelines: Pipelines::none(),
        };
        let faulted = |failure: Failure| InvokeError::Faulted(failure.message);
        let answer = self
            .perform(prepared, around, Call::Handle(event))
            .await
            .map_err(faulted)?;
        let Answer::Handled(result) = answer else {
            return Err(InvokeError::Invalid(wrong_call(prepared).message));
        };
        let text = match &result {
            Ok(text) | Err(text) => text,
        };
        if text.len() as u64 > limits.output_bytes {
            let failure = fault::too_large(text.len() as u64, &limits);
            return Err(InvokeError::Faulted(failure.message));
        }
        result.map_err(InvokeError::Failed)
    }

    pub(crate) async fn described(&self, prepared: &Prepared) -> Result<(), Failure> {
        if prepared.action_types.get().is_none() {
            self.describe(prepared).await.map_err(|e| e.failure())?;
        }
        Ok(())
    }
}

pub(crate) fn after(seconds: u64) -> Instant {
    // A year is forever here, and keeps the sum in range.
    Instant::now() + Duration::from_secs(seconds.min(365 * 24 * 3600))
}

fn named_twice(types: &[ActionType]) -> Option<&ActionTypeId> {
    let mut seen = BTreeSet::new();
    let mut ids = types.iter().map(|known| &known.id);
    ids.find(|id| !seen.insert(*id))
}

pub(crate) fn known_type<'a>(prepared: &'a Prepared, id: &ActionTypeId) -> Option<&'a ActionType> {
    prepared
        .action_types
        .get()
        .and_then(|types| types.iter().find(|known| known.id == *id))
}
