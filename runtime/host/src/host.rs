//! The host: prepares components and runs one call at a time of each in a
//! sandbox of its own. Knows neither pipelines nor storage; the server, the
//! orchestrator's runner and the bench hold one.

use crate::capability::artifacts::OpenDirectory;
use crate::capability::invoke::Functions;
use crate::capability::secrets::Secrets;
use crate::code_cache::CodeCache;
use crate::contract::exports::source::DetectRequest as GuestDetectRequest;
use crate::contract::imports::types as wit;
use crate::contract::{exports, from_guest, to_guest};
use crate::engine;
use crate::fault;
use crate::imports::{self, Needs};
use crate::linker;
use crate::log::LogSink;
use crate::prepare::{
    Exports, Inspection, LiveGrant, Plugin, PrepareError, Prepared, mismatch, one_line,
};
use crate::request::{Directory, RunRequest};
use crate::settings::HostSettings;
use crate::store::{JobShared, JobState, Phase};
use futures::FutureExt;
use lockgate_model::action_type::{ActionType, ActionTypeId};
use lockgate_model::artifact::Digest;
use lockgate_model::grant::Grant;
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use wasmtime::component::{Component, Instance, InstancePre, Linker};
use wasmtime::{Engine, Precompiled, Store, UpdateDeadline};

/// The most bytes that a guest hands over in one call or answer.
pub(crate) const HOSTCALL_BYTES: usize = 16 << 20;
/// `describe` computes nothing.
const DESCRIBE_SECONDS: u64 = 10;
const DESCRIBE_FUEL: u64 = 10_000_000_000;
/// A source is asked often and must be quick.
const DETECT_SECONDS: u64 = 300;

/// A host that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The engine refuses these settings on this machine.
    #[error("cannot start the WebAssembly engine: {0}: lower 'instances' or 'memory_bytes'")]
    Engine(String),
    /// The ticker thread cannot be started.
    #[error("cannot start a thread for deadlines: {0}")]
    Ticker(#[source] std::io::Error),
    /// The code cache cannot be used.
    #[error(
        "cannot use the code cache at {path}: {source}: make the directory writable for this user alone"
    )]
    Cache {
        /// Its directory or key file.
        path: std::path::PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

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

/// Builds sandboxes. Cheap to clone; all clones are the same host.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

struct Inner {
    settings: HostSettings,
    engine: Engine,
    cache: CodeCache,
    /// By set of needs.
    linkers: [OnceLock<Linker<JobState>>; 16],
    compiled: Mutex<HashMap<Digest, Component>>,
    jobs: Semaphore,
    functions: Semaphore,
}

/// One call into a guest.
enum Call {
    Describe,
    Run(wit::Job),
    Detect(GuestDetectRequest),
    Handle(String),
}

/// What came back.
enum Answer {
    Description(wit::Description),
    Outcome(wit::Outcome),
    Detection(Result<exports::source::Detection, wit::Failure>),
    Handled(Result<String, String>),
}

/// Everything around one call.
struct Around {
    phase: Phase,
    limits: Limits,
    deadline: Instant,
    directories: Vec<Directory>,
    log: LogSink,
    secrets: Secrets,
    functions: Functions,
}

impl Host {
    /// Builds the engine and its pool, and opens the code cache.
    ///
    /// # Errors
    /// The machine does not allow a pool of this size, or the cache directory
    /// cannot be used.
    pub fn new(settings: HostSettings) -> Result<Self, HostError> {
        let engine = Engine::new(&engine::config(&settings))
            .map_err(|e| HostError::Engine(one_line(&format!("{e:#}"))))?;
        engine::start_ticker(&engine).map_err(HostError::Ticker)?;
        let cache = CodeCache::open(settings.cache_dir.as_deref(), &engine)?;
        Ok(Self(Arc::new(Inner {
            jobs: Semaphore::new(settings.instances as usize),
            functions: Semaphore::new(engine::function_instances(&settings) as usize),
            settings,
            engine,
            cache,
            linkers: Default::default(),
            compiled: Mutex::default(),
        })))
    }

    /// Compiles a component, or loads its code from the cache, and checks its
    /// imports and exports. Blocks for as long as compiling takes (up to half a
    /// minute for Python or JavaScript): call it where blocking is allowed.
    ///
    /// # Errors
    /// The component is refused; see [`PrepareError`].
    pub fn prepare(
        &self,
        component: &[u8],
        plugin: Plugin<'_>,
    ) -> Result<Arc<Prepared>, PrepareError> {
        let (digest, component) = self.component(component)?;
        let needs = self.needs(&component, plugin.world)?;
        if let Some(need) = needs.missing_from(plugin.grant, plugin.optional) {
            return Err(PrepareError::NotGranted {
                plugin: plugin.name.to_owned(),
                need,
            });
        }
        self.link(digest, &component, needs, plugin).map(Arc::new)
    }

    /// Looks at a component before anything is granted: what it needs, and what
    /// it says of itself. Blocks like [`Host::prepare`], and must be called
    /// within a tokio runtime.
    ///
    /// # Errors
    /// The component is refused, or `describe` fails.
    pub async fn inspect(
        &self,
        component: &[u8],
        world: World,
        limits: Limits,
    ) -> Result<Inspection, PrepareError> {
        let (digest, component) = self.component(component)?;
        let needs = self.needs(&component, world)?;
        let plugin = Plugin {
            name: "plugin",
            world,
            grant: &Grant::default(),
            optional: &BTreeSet::new(),
            limits,
        };
        let prepared = self.link(digest, &component, needs, plugin)?;
        let action_types = match world {
            World::Function => Vec::new(),
            World::ActionProvider | World::SourceProvider => self.describe(&prepared).await?,
        };
        let imports = component
            .component_type()
            .imports(&self.0.engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        Ok(Inspection {
            digest,
            needs: needs.iter().collect(),
            imports,
            action_types,
        })
    }

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
        };
        let answer = self
            .perform(prepared, around, Call::Describe)
            .await
            .map_err(described)?;
        let Answer::Description(description) = answer else {
            return Err(described(wrong_call(prepared)));
        };
        let types = from_guest::description(description, limits.output_bytes)
            .map_err(|e| described(fault::too_large(e.bytes, &limits)))?;
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
        let left = request.job.deadline.since(crate::log::now()).min(seconds);
        let deadline_millis = u64::try_from(crate::log::now().0)
            .unwrap_or(0)
            .saturating_add(left);
        let around = Around {
            phase: Phase::Job,
            limits,
            deadline: Instant::now() + Duration::from_millis(left),
            directories: request.directories,
            log: request.log,
            secrets: request.secrets,
            functions: request.functions,
        };
        let job = to_guest::job(request.job, action_type, deadline_millis);
        match self.perform(prepared, around, Call::Run(job)).await? {
            Answer::Outcome(outcome) => from_guest::outcome(outcome, limits.output_bytes)
                .map_err(|e| fault::too_large(e.bytes, &limits)),
            _ => Err(wrong_call(prepared)),
        }
    }

    /// Asks a source for its newest revision.
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
        let around = Around {
            phase: Phase::Job,
            limits,
            deadline: after(limits.seconds),
            directories: Vec::new(),
            log,
            secrets,
            functions: Functions::none(),
        };
        let call = Call::Detect(to_guest::detect(request, action_type));
        match self.perform(prepared, around, call).await? {
            Answer::Detection(Ok(found)) => from_guest::detection(found, limits.output_bytes)
                .map_err(|e| fault::too_large(e.bytes, &limits)),
            Answer::Detection(Err(no)) => Err(from_guest::failure(no, limits.output_bytes)
                .unwrap_or_else(|e| fault::too_large(e.bytes, &limits))),
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

    /// Whether code for this component is at hand, so that preparing it takes
    /// no compiling.
    #[must_use]
    pub fn is_compiled(&self, digest: &Digest) -> bool {
        self.compiled().contains_key(digest) || self.0.cache.holds(digest)
    }

    pub(crate) fn settings(&self) -> &HostSettings {
        &self.0.settings
    }

    async fn described(&self, prepared: &Prepared) -> Result<(), Failure> {
        if prepared.action_types.get().is_none() {
            self.describe(prepared).await.map_err(|e| e.failure())?;
        }
        Ok(())
    }

    /// One call, from permission to answer. Total.
    async fn perform(
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
        let pool = match call {
            Call::Handle(_) => &self.0.functions,
            Call::Describe | Call::Run(_) | Call::Detect(_) => &self.0.jobs,
        };
        let _permit = pool
            .acquire()
            .await
            .map_err(|_| Failure::new(FailureType::SystemUnavailable, "The host is closed."))?;
        let mut store = self.store(prepared, around)?;
        match self.guest_call(prepared, &mut store, call).await {
            Ok(answer) => Ok(answer),
            Err(error) => Err(fault::fault(&error, store.data())),
        }
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
                let description = guest.call_describe(&mut *store).await?;
                Ok(Answer::Description(description))
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

    fn component(&self, bytes: &[u8]) -> Result<(Digest, Component), PrepareError> {
        let limit = self.0.settings.component_bytes;
        if bytes.len() as u64 > limit {
            return Err(PrepareError::TooLarge {
                bytes: bytes.len() as u64,
                limit,
            });
        }
        refuse_what_is_no_component(bytes)?;
        let digest = crate::code_cache::sha256(bytes);
        let known = self.compiled().get(&digest).cloned();
        if let Some(component) = known {
            return Ok((digest, component));
        }
        let component = self
            .0
            .cache
            .load_or_compile(&self.0.engine, &digest, bytes)?;
        self.compiled().insert(digest, component.clone());
        Ok((digest, component))
    }

    fn compiled(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Component>> {
        self.0
            .compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn needs(&self, component: &Component, world: World) -> Result<Needs, PrepareError> {
        let ty = component.component_type();
        imports::needs(ty.imports(&self.0.engine).map(|(name, _)| name), world)
    }

    fn link(
        &self,
        digest: Digest,
        component: &Component,
        needs: Needs,
        plugin: Plugin<'_>,
    ) -> Result<Prepared, PrepareError> {
        let pre = self.instance_pre(component, needs)?;
        let ty = component.component_type();
        let exports = Exports::of(
            &pre,
            |name| ty.get_export(&self.0.engine, name).is_some(),
            plugin.world,
        )?;
        let limits = Limits {
            memory_bytes: plugin.limits.memory_bytes.min(self.0.settings.memory_bytes),
            ..plugin.limits
        };
        Ok(Prepared {
            name: plugin.name.into(),
            world: plugin.world,
            digest,
            limits,
            grant: LiveGrant::new(plugin.grant.clone()),
            needs,
            optional: plugin.optional.clone(),
            pre,
            exports,
            action_types: OnceLock::new(),
        })
    }

    fn instance_pre(
        &self,
        component: &Component,
        needs: Needs,
    ) -> Result<InstancePre<JobState>, PrepareError> {
        let slot = self.0.linkers.get(needs.index());
        let fresh;
        let linker = match slot.and_then(OnceLock::get) {
            Some(linker) => linker,
            None => {
                fresh = linker::linker(&self.0.engine, needs).map_err(|e| mismatch(&e))?;
                match slot {
                    Some(slot) => slot.get_or_init(|| fresh),
                    None => &fresh,
                }
            }
        };
        linker.instantiate_pre(component).map_err(|e| mismatch(&e))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}

fn after(seconds: u64) -> Instant {
    // A year is forever here, and keeps the sum in range.
    Instant::now() + Duration::from_secs(seconds.min(365 * 24 * 3600))
}

fn known_type<'a>(prepared: &'a Prepared, id: &ActionTypeId) -> Option<&'a ActionType> {
    prepared
        .action_types
        .get()
        .and_then(|types| types.iter().find(|known| known.id == *id))
}

fn wrong_call(prepared: &Prepared) -> Failure {
    Failure::new(
        FailureType::ConfigurationError,
        format!(
            "The plugin '{}' is of world {:?} and cannot answer this call.",
            prepared.name, prepared.world
        ),
    )
}

/// A component starts with the magic number, version 13 and layer 1.
fn refuse_what_is_no_component(bytes: &[u8]) -> Result<(), PrepareError> {
    let refuse = |found, remedy| Err(PrepareError::NotAComponent { found, remedy });
    if bytes.starts_with(b"\0asm\x0d\0\x01\0") {
        return Ok(());
    }
    if let Some(Precompiled::Component | Precompiled::Module) = Engine::detect_precompiled(bytes) {
        return refuse(
            "compiled code (.cwasm)",
            "hand over the .wasm file that it was compiled from; this host compiles for itself",
        );
    }
    if bytes.starts_with(b"\0asm\x01\0\0\0") {
        return refuse(
            "a core WebAssembly module",
            "build for the target wasm32-wasip2, or wrap it with `wasm-tools component new`",
        );
    }
    if bytes.starts_with(b"\x7fELF") {
        return refuse(
            "a native program (ELF)",
            "build for the target wasm32-wasip2",
        );
    }
    if bytes.is_empty() {
        return refuse("an empty file", "build it again");
    }
    refuse(
        "something else",
        "hand over the .wasm file that the build for wasm32-wasip2 made",
    )
}
