//! What a store holds while one call runs: the tables that WASI works on, the
//! limiter, and the part that tasks outside the store share. Made by the host
//! for every call and dropped after it.

use crate::capability::artifacts::OpenDirectory;
use crate::capability::http::Egress;
use crate::capability::invoke::Functions;
use crate::capability::pipelines::Pipelines;
use crate::capability::secrets::{Placeholders, Secrets};
use crate::capability::stdio::Stdio;
use crate::host::Host;
use crate::limiter::Limiter;
use crate::log::{JobLog, Lines, LogSink};
use crate::prepare::{LiveGrant, Prepared};
use lockgate_model::grant::Grant;
use lockgate_model::job::LogLevel;
use lockgate_model::limits::Limits;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The most bytes of randomness in one call; more is a trap.
const RANDOM_BYTES: u64 = 1 << 20;
/// Bytes of one set of HTTP fields, as held in memory.
const FIELD_BYTES: usize = 128 << 10;

/// What is being called: in `describe`, no capability answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Describe,
    Job,
}

/// The part of a call that its tasks share: requests on the wire, commands,
/// output streams.
#[derive(Debug)]
pub(crate) struct JobShared {
    /// The plugin, as grants name it.
    pub(crate) plugin: Arc<str>,
    pub(crate) phase: Phase,
    pub(crate) limits: Limits,
    pub(crate) deadline: Instant,
    pub(crate) log: JobLog,
    grant: LiveGrant,
    pub(crate) placeholders: Placeholders,
    /// Requests sent and bytes moved by HTTP so far.
    pub(crate) http_requests: AtomicU64,
    pub(crate) http_bytes: AtomicU64,
    output: Mutex<Lines>,
    error: Mutex<Lines>,
}

impl JobShared {
    pub(crate) fn new(
        prepared: &Prepared,
        phase: Phase,
        limits: Limits,
        deadline: Instant,
        log: LogSink,
        secrets: Secrets,
    ) -> Self {
        Self {
            plugin: Arc::clone(&prepared.name),
            phase,
            limits,
            deadline,
            log: JobLog::new(log, limits.log_bytes),
            grant: prepared.grant.clone(),
            placeholders: Placeholders::new(secrets),
            http_requests: AtomicU64::new(0),
            http_bytes: AtomicU64::new(0),
            output: Mutex::default(),
            error: Mutex::default(),
        }
    }

    /// The grant at this moment. Empty while the provider describes itself.
    pub(crate) fn grant(&self) -> Arc<Grant> {
        match self.phase {
            Phase::Describe => Arc::new(Grant::default()),
            Phase::Job => self.grant.now(),
        }
    }

    /// Why a capability says no: what was wanted, and the line that would allow
    /// it. Also goes to the log.
    pub(crate) fn denied(&self, what: &str, capability: &str) -> String {
        let text = match self.phase {
            Phase::Describe => format!("{what} is denied: no capability answers in describe"),
            Phase::Job => format!(
                "{what} is not granted to the plugin '{plugin}': grant it with: {plugin} {capability}",
                plugin = self.plugin
            ),
        };
        self.log.host(text.clone());
        text
    }

    /// Takes what the guest printed.
    pub(crate) fn printed(&self, stream: Stdio, bytes: &[u8]) {
        match stream {
            Stdio::Output => {
                lock(&self.output).push(bytes, |line| self.log.write(LogLevel::Info, line))
            }
            Stdio::Error => lock(&self.error).push(bytes, |line| self.log.error_output(line)),
        }
    }

    /// Hands over unfinished lines.
    pub(crate) fn flush(&self) {
        lock(&self.output).end(|line| self.log.write(LogLevel::Info, line));
        lock(&self.error).end(|line| self.log.error_output(line));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The store's own data.
pub(crate) struct JobState {
    pub(crate) shared: Arc<JobShared>,
    pub(crate) host: Host,
    pub(crate) functions: Functions,
    pub(crate) pipelines: Pipelines,
    /// Starts of pipelines that were asked for.
    pub(crate) starts: u32,
    pub(crate) directories: Arc<[OpenDirectory]>,
    pub(crate) limiter: Limiter,
    table: ResourceTable,
    /// Made when the guest first uses WASI: many jobs never do.
    wasi: Option<WasiCtx>,
    preopens: Vec<Preopen>,
    http: WasiHttpCtx,
    egress: Egress,
}

/// A directory for WASI's own file functions.
pub(crate) struct Preopen {
    pub(crate) guest_path: String,
    pub(crate) host_path: std::path::PathBuf,
    pub(crate) writable: bool,
}

impl JobState {
    pub(crate) fn new(
        shared: Arc<JobShared>,
        host: Host,
        functions: Functions,
        pipelines: Pipelines,
        directories: Arc<[OpenDirectory]>,
        preopens: Vec<Preopen>,
    ) -> wasmtime::Result<Self> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(shared.limits.handles as usize);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELD_BYTES);
        let mut state = Self {
            limiter: Limiter::new(shared.limits.memory_bytes),
            egress: Egress::new(Arc::clone(&shared)),
            shared,
            host,
            functions,
            pipelines,
            starts: 0,
            directories,
            table,
            wasi: None,
            preopens,
            http,
        };
        // A directory that cannot be opened must be known before the guest runs.
        if !state.preopens.is_empty() {
            state.wasi = Some(state.wasi_context()?);
        }
        Ok(state)
    }

    fn wasi_context(&self) -> wasmtime::Result<WasiCtx> {
        let mut builder = WasiCtxBuilder::new();
        builder
            .max_random_size(RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .stdout(Stdio::Output.stream(&self.shared))
            .stderr(Stdio::Error.stream(&self.shared));
        for preopen in &self.preopens {
            let rights = if preopen.writable {
                FsPerms::ReadWrite
            } else {
                FsPerms::ReadOnly
            };
            builder.preopened_dir(&preopen.host_path, &preopen.guest_path, rights)?;
        }
        Ok(builder.build())
    }
}

impl Drop for JobState {
    fn drop(&mut self) {
        self.shared.flush();
    }
}

impl WasiView for JobState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        if self.wasi.is_none() {
            // Without directories to open, making the context cannot fail.
            self.wasi = Some(self.wasi_context().unwrap_or_default());
        }
        WasiCtxView {
            ctx: self.wasi.get_or_insert_default(),
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for JobState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.egress,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
