//! The capability `invoke`: calls a function component in a sandbox of its own,
//! with no capability but its log and no more time than the job has left.

use crate::capability::artifacts::read_file;
use crate::contract::imports::invoke;
use crate::log::LogSink;
use crate::prepare::{Plugin, PrepareError, Prepared};
use crate::run::InvokeError;
use crate::store::JobState;
use lockgate_model::grant::Grant;
use lockgate_model::job::LogLevel;
use lockgate_model::plugin::World;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

type Lookup = Arc<dyn Fn(&str) -> Option<Arc<Prepared>> + Send + Sync>;

/// Where installed functions come from, by their plugin's name.
#[derive(Clone)]
pub struct Functions(Option<Lookup>);

impl Functions {
    /// There are none.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// Looks them up by name. They must be prepared for the world `function`.
    pub fn new(lookup: impl Fn(&str) -> Option<Arc<Prepared>> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(lookup)))
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Functions")
    }
}

impl invoke::Host for JobState {
    async fn call(
        &mut self,
        target: invoke::Target,
        event: String,
    ) -> wasmtime::Result<Result<String, invoke::Error>> {
        if !self.shared.grant().invoke {
            let text = self.shared.denied("the function call", "invoke");
            return Ok(Err(invoke::Error::Denied(text)));
        }
        let function = match target {
            invoke::Target::File(path) => self.function_file(path).await?,
            invoke::Target::Plugin(name) => self.installed_function(&name),
        };
        let function = match function {
            Ok(function) => function,
            Err(error) => return Ok(Err(error)),
        };
        let shared = Arc::clone(&self.shared);
        let log = LogSink::new(move |line| match line.level {
            LogLevel::Host => shared.log.host(line.text),
            level => shared.log.write(level, &line.text),
        });
        let result = self
            .host
            .call_function_until(&function, event, log, self.shared.deadline)
            .await;
        Ok(result.map_err(|error| match error {
            InvokeError::Failed(text) => invoke::Error::Failed(text),
            InvokeError::Faulted(text) => invoke::Error::Faulted(text),
            InvokeError::Invalid(text) => invoke::Error::Invalid(text),
        }))
    }
}

impl JobState {
    async fn function_file(
        &mut self,
        path: String,
    ) -> wasmtime::Result<Result<Arc<Prepared>, invoke::Error>> {
        let directories = Arc::clone(&self.directories);
        let host = self.host.clone();
        let limits = self.shared.limits;
        // Compiling takes a second, and there is no way to stop it halfway.
        let prepared = tokio::task::spawn_blocking(move || {
            let most = host.settings().component_bytes;
            let bytes = read_file(&directories, &path, most)?;
            let plugin = Plugin {
                name: "function",
                world: World::Function,
                grant: &Grant::default(),
                optional: &BTreeSet::new(),
                limits,
            };
            host.prepare(&bytes, plugin)
                .map_err(|error: PrepareError| invoke::Error::Invalid(format!("'{path}': {error}")))
        })
        .await;
        prepared.map_err(|e| wasmtime::format_err!("preparing the function failed: {e}"))
    }

    fn installed_function(&self, name: &str) -> Result<Arc<Prepared>, invoke::Error> {
        let shown: String = name.chars().take(100).collect();
        let function = self
            .functions
            .0
            .as_ref()
            .and_then(|lookup| lookup(name))
            .ok_or_else(|| {
                invoke::Error::NotFound(format!(
                    "no plugin '{shown}' of world 'function' is installed: install it first"
                ))
            })?;
        if function.world() == World::Function {
            Ok(function)
        } else {
            Err(invoke::Error::Invalid(format!(
                "the plugin '{shown}' is no function: it is of world {:?}",
                function.world()
            )))
        }
    }
}
