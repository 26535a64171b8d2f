//! One call into a guest, from a fresh store to the answer. Every limit is set
//! here before the first instruction runs.

use crate::capability::artifacts::{OpenDirectory, usage};
use crate::capability::invoke::Functions;
use crate::capability::pipelines::Pipelines;
use crate::capability::secrets::Secrets;
use crate::contract::exports;
use crate::contract::exports::source::{DetectRequest, WebhookRequest};
use crate::contract::imports::types as wit;
use crate::fault;
use crate::host::Host;
use crate::log::LogSink;
use crate::prepare::{Exports, PrepareError, Prepared};
use crate::request::Directory;
use crate::store::{JobShared, JobState, Phase};
use futures::FutureExt;
use lockgate_model::grant::Grant;
use lockgate_model::job::{Failure, FailureType};
use lockgate_model::limits::Limits;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;
use wasmtime::component::Instance;
use wasmtime::{Store, UpdateDeadline};

/// The most bytes that a guest hands over in one call or answer.
pub(crate) const HOSTCALL_BYTES: usize = 16 << 20;

/// One call into a guest.
pub(crate) enum Call {
    Describe,
    Run(Box<wit::Job>),
    Detect(DetectRequest),
    Webhook(Box<WebhookRequest>),
    Handle(String),
}

/// What came back.
pub(crate) enum Answer {
    Descriptions(Vec<wit::Description>),
    Outcome(wit::Outcome),
    Detection(Result<exports::source::Detection, wit::Failure>),
    Announcement(Result<Option<exports::source::Announcement>, wit::Failure>),
    Handled(Result<String, String>),
}

/// Everything around one call.
pub(crate) struct Around {
    pub(crate) phase: Phase,
    pub(crate) limits: Limits,
    pub(crate) deadline: Instant,
    pub(crate) directories: Vec<Directory>,
    pub(crate) log: LogSink,
    pub(crate) secrets: Secrets,
    pub(crate) functions: Functions,
    pub(crate) pipelines: Pipelines,
}

impl Host {
    /// One call, from permission to answer. Total.
    pub(crate) async fn perform(
        &self,
        prepared: &Prepared,
        around: Around,
        call: Call,
    ) -> Result<Answer, Failure> {
        let limits = around.limits;
        let until = tokio::time::Instant::from_std(around.deadline);
        let guarded = AssertUnwindSafe(self.enter(prepared, around, call)).catch_unwind();
        match tokio::time::timeout_at(until, guarded).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => Err(Failure::new(
                FailureType::SystemUnavailable,
                "The host itself failed while it ran the provider; its own log has the details.",
            )),
            Err(_elapsed) => Err(fault::deadline(&limits)),
        }
    }

    async fn enter(
        &self,
        prepared: &Prepared,
        around: Around,
        call: Call,
    ) -> Result<Answer, Failure> {
        let fits = matches!(
            (&call, &prepared.exports),
            (
                Call::Describe | Call::Run(_),
                Exports::Provider(_) | Exports::Source(..)
            ) | (Call::Detect(_) | Call::Webhook(_), Exports::Source(..))
                | (Call::Handle(_), Exports::Function(_))
        );
        if !fits {
            return Err(wrong_call(prepared));
        }
        let pool = match call {
            Call::Handle(_) => &self.0.functions,
            Call::Describe | Call::Run(_) | Call::Detect(_) | Call::Webhook(_) => &self.0.jobs,
        };
        let _permit = pool
            .acquire()
            .await
            .map_err(|_| Failure::new(FailureType::SystemUnavailable, "The host is closed."))?;
        let limits = around.limits;
        let mut store = self.store(prepared, around)?;
        let directories = Arc::clone(&store.data().directories);
        if !usage::is_watched(&directories) {
            let answer = self.guest_call(prepared, &mut store, call).await;
            return answer.map_err(|error| fault::fault(&error, store.data()));
        }
        let answer = tokio::select! {
            biased;
            answer = self.guest_call(prepared, &mut store, call) => answer,
            failure = usage::exceeded(Arc::clone(&directories), limits) => return Err(failure),
        };
        let answer = answer.map_err(|error| fault::fault(&error, store.data()))?;
        usage::within(&directories, &limits).await?;
        Ok(answer)
    }

    /// A fresh store with every limit set.
    fn store(&self, prepared: &Prepared, around: Around) -> Result<Store<JobState>, Failure> {
        let grant = match around.phase {
            Phase::Describe => Arc::new(Grant::default()),
            Phase::Job => prepared.grant.now(),
        };
        if around.phase == Phase::Job
            && let Some(need) = prepared.needs.missing_from(&grant, &prepared.optional)
        {
            let refused = PrepareError::NotGranted {
                plugin: prepared.name.to_string(),
                need,
            };
            return Err(refused.failure());
        }
        let (directories, preopens) = OpenDirectory::all(around.directories, &grant)?;
        let shared = Arc::new(JobShared::new(
            prepared,
            around.phase,
            around.limits,
            around.deadline,
            around.log,
            around.secrets,
        ));
        let state = JobState::new(
            shared,
            self.clone(),
            around.functions,
            around.pipelines,
            directories,
            preopens,
        )
        .map_err(|e| {
            Failure::new(
                FailureType::SystemUnavailable,
                format!("A directory of the job cannot be opened: {e:#}."),
            )
        })?;
        let mut store = Store::new(&self.0.engine, state);
        self.limit(&mut store, &around.limits)
            .map_err(|e| Failure::new(FailureType::SystemUnavailable, format!("{e:#}")))?;
        Ok(store)
    }

    fn limit(&self, store: &mut Store<JobState>, limits: &Limits) -> wasmtime::Result<()> {
        store.limiter(|state| &mut state.limiter);
        store.set_fuel(limits.fuel)?;
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        store.set_max_component_handles(limits.handles as usize);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|context| {
            if Instant::now() >= context.data().shared.deadline {
                Err(fault::DeadlinePassed.into())
            } else {
                Ok(UpdateDeadline::Yield(1))
            }
        });
        Ok(())
    }

    async fn guest_call(
        &self,
        prepared: &Prepared,
        store: &mut Store<JobState>,
        call: Call,
    ) -> wasmtime::Result<Answer> {
        let instance: Instance = prepared.pre.instantiate_async(&mut *store).await?;
        let provider = match &prepared.exports {
            Exports::Provider(provider) | Exports::Source(provider, _) => Some(provider),
            Exports::Function(_) => None,
        };
        match (call, provider, &prepared.exports) {
            (Call::Describe, Some(provider), _) => {
                let guest = provider.load(&mut *store, &instance)?;
                let descriptions = guest.call_describe(&mut *store).await?;
                Ok(Answer::Descriptions(descriptions))
            }
            (Call::Run(job), Some(provider), _) => {
                let guest = provider.load(&mut *store, &instance)?;
                let outcome = guest.call_run(&mut *store, &job).await?;
                Ok(Answer::Outcome(outcome))
            }
            (Call::Detect(request), _, Exports::Source(_, source)) => {
                let guest = source.load(&mut *store, &instance)?;
                let found = guest.call_detect(&mut *store, &request).await?;
                Ok(Answer::Detection(found))
            }
            (Call::Webhook(request), _, Exports::Source(_, source)) => {
                let guest = source.load(&mut *store, &instance)?;
                let announced = guest.call_webhook(&mut *store, &request).await?;
                Ok(Answer::Announcement(announced))
            }
            (Call::Handle(event), _, Exports::Function(handler)) => {
                let guest = handler.load(&mut *store, &instance)?;
                let result = guest.call_handle(&mut *store, &event).await?;
                Ok(Answer::Handled(result))
            }
            _ => Err(wasmtime::format_err!(
                "the component's world has no such call"
            )),
        }
    }
}

/// A call that the component's world does not have.
pub(crate) fn wrong_call(prepared: &Prepared) -> Failure {
    Failure::new(
        FailureType::ConfigurationError,
        format!(
            "The plugin '{}' is of world {:?} and cannot answer this call.",
            prepared.name, prepared.world
        ),
    )
}
