//! The host: engine, pool, linkers and compiled code, shared by everything that
//! runs. Knows neither pipelines nor storage; the server, the orchestrator's
//! runner and the bench hold one.

use crate::code_cache::CodeCache;
use crate::engine;
use crate::imports::Needs;
use crate::prepare::one_line;
use crate::settings::HostSettings;
use crate::store::JobState;
use lockgate_model::artifact::Digest;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

/// Components whose code is kept in memory; further ones push out others.
const MAX_COMPILED: usize = 128;

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

/// Builds sandboxes. Cheap to clone; all clones are the same host.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Inner>);

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) settings: HostSettings,
    pub(crate) engine: Engine,
    pub(crate) cache: CodeCache,
    /// By set of needs.
    pub(crate) linkers: [OnceLock<Linker<JobState>>; Needs::SETS],
    compiled: Mutex<HashMap<Digest, Component>>,
    pub(crate) jobs: Semaphore,
    pub(crate) functions: Semaphore,
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
            linkers: [const { OnceLock::new() }; Needs::SETS],
            compiled: Mutex::default(),
        })))
    }

    /// Whether code for this component is at hand, so that preparing it takes
    /// no compiling.
    #[must_use]
    pub fn is_compiled(&self, digest: &Digest) -> bool {
        self.compiled(digest).is_some() || self.0.cache.holds(digest)
    }

    pub(crate) fn settings(&self) -> &HostSettings {
        &self.0.settings
    }

    /// Code that is in memory.
    pub(crate) fn compiled(&self, digest: &Digest) -> Option<Component> {
        let compiled = self.0.compiled.lock();
        let compiled = compiled.unwrap_or_else(PoisonError::into_inner);
        compiled.get(digest).cloned()
    }

    /// Keeps code in memory.
    pub(crate) fn keep_compiled(&self, digest: Digest, component: Component) {
        let compiled = self.0.compiled.lock();
        let mut compiled = compiled.unwrap_or_else(PoisonError::into_inner);
        // Those in use live on in what was prepared from them.
        if compiled.len() >= MAX_COMPILED
            && let Some(other) = compiled.keys().next().copied()
        {
            compiled.remove(&other);
        }
        compiled.insert(digest, component);
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
