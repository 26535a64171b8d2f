//! A component made ready: compiled, its imports checked against its grant, its
//! exports against its world. Made once, shared by all jobs of one plugin.

use crate::contract::exports;
use crate::imports::Needs;
use crate::store::JobState;
use lockgate_model::action_type::ActionType;
use lockgate_model::artifact::Digest;
use lockgate_model::grant::Grant;
use lockgate_model::job::{Failure, FailureType};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::{Import as Need, World};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use wasmtime::component::InstancePre;

/// What [`crate::Host::prepare`] is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Plugin<'a> {
    /// As grants name it.
    pub name: &'a str,
    /// The world it must fit.
    pub world: World,
    /// What the operator allows it.
    pub grant: &'a Grant,
    /// Imports that it can do without: where one is not granted it is prepared
    /// all the same, and each use is denied.
    pub optional: &'a BTreeSet<Need>,
    /// Limits of each of its jobs.
    pub limits: Limits,
}

/// A component that is not taken. Each text is for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Something else than a component.
    #[error("this is {found}, not a WebAssembly component: {remedy}")]
    NotAComponent {
        /// What the bytes look like.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// More bytes than this host takes.
    #[error(
        "the component has {bytes} bytes, more than the {limit} that this host takes: strip it, or raise the host's limit"
    )]
    TooLarge {
        /// Of the component.
        bytes: u64,
        /// Of the host.
        limit: u64,
    },
    /// Invalid, or it uses a WebAssembly feature that is off.
    #[error("the component cannot be compiled: {0}")]
    Compile(String),
    /// It imports a capability that the grant does not hold.
    #[error(
        "the plugin '{plugin}' imports {need}, which is not granted: grant it with: {plugin} {}",
        .need.grant()
    )]
    NotGranted {
        /// Its name.
        plugin: String,
        /// What it imports.
        need: Need,
    },
    /// It imports something that no grant can allow.
    #[error(
        "the component imports '{import}', which no plugin can be given: build it without that interface, against the worlds in wit/"
    )]
    UnknownImport {
        /// The import's name.
        import: String,
    },
    /// A function imports more than its log.
    #[error(
        "the function imports '{import}', but functions have no capability except lockgate:action/log: build it against the world 'function'"
    )]
    NotInWorld {
        /// The import's name.
        import: String,
    },
    /// It does not export what its world asks for.
    #[error(
        "the component does not export '{export}', which the world '{world}' asks for: build it against that world of wit/"
    )]
    MissingExport {
        /// The wanted interface.
        export: &'static str,
        /// The world it should fit.
        world: &'static str,
    },
    /// An import or export has other types than the contract.
    #[error(
        "the component does not fit the contract lockgate:action@0.1.0: {0}: build it against the wit/ of this server"
    )]
    Mismatch(String),
    /// `describe` failed.
    #[error("the provider cannot describe itself: {0}")]
    Describe(String),
}

impl PrepareError {
    /// The same as the outcome of a job that needed this component.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let kind = match self {
            Self::NotGranted { .. } | Self::UnknownImport { .. } | Self::NotInWorld { .. } => {
                FailureType::PermissionError
            }
            Self::Describe(_) => FailureType::SystemUnavailable,
            _ => FailureType::ConfigurationError,
        };
        Failure::new(kind, self.to_string())
    }
}

/// What a component says and needs, seen before anything is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Of the component's bytes.
    pub digest: Digest,
    /// Capabilities that it imports and that need a grant.
    pub needs: Vec<Need>,
    /// Every import by name.
    pub imports: Vec<String>,
    /// What it serves; empty for functions.
    pub action_types: Vec<ActionType>,
}

/// A grant that can be narrowed or widened while jobs run; the next use of a
/// capability sees the change.
#[derive(Debug, Clone)]
pub(crate) struct LiveGrant(Arc<RwLock<Arc<Grant>>>);

impl LiveGrant {
    pub(crate) fn new(grant: Grant) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(grant))))
    }

    pub(crate) fn now(&self) -> Arc<Grant> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, grant: Grant) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(grant);
    }
}

/// A component that is ready for jobs.
pub struct Prepared {
    pub(crate) name: Arc<str>,
    pub(crate) world: World,
    pub(crate) digest: Digest,
    pub(crate) limits: Limits,
    pub(crate) grant: LiveGrant,
    pub(crate) needs: Needs,
    pub(crate) optional: BTreeSet<Need>,
    pub(crate) pre: InstancePre<JobState>,
    pub(crate) exports: Exports,
    pub(crate) action_types: OnceLock<Vec<ActionType>>,
}

/// Where a component's exports are; checked against the contract's types.
pub(crate) enum Exports {
    Provider(exports::provider::GuestIndices),
    Source(
        exports::provider::GuestIndices,
        exports::source::GuestIndices,
    ),
    Function(exports::handler::GuestIndices),
}

impl Exports {
    pub(crate) fn of(
        pre: &InstancePre<JobState>,
        has: impl Fn(&str) -> bool,
        world: World,
    ) -> Result<Self, PrepareError> {
        let require = |export: &'static str, world: &'static str| {
            if has(export) {
                Ok(())
            } else {
                Err(PrepareError::MissingExport { export, world })
            }
        };
        let provider = |world| {
            require("lockgate:action/provider@0.1.0", world)?;
            exports::provider::GuestIndices::new(pre).map_err(|e| mismatch(&e))
        };
        match world {
            World::ActionProvider => Ok(Self::Provider(provider("action-provider")?)),
            World::SourceProvider => {
                let provider = provider("source-provider")?;
                require("lockgate:action/source@0.1.0", "source-provider")?;
                let source = exports::source::GuestIndices::new(pre).map_err(|e| mismatch(&e))?;
                Ok(Self::Source(provider, source))
            }
            World::Function => {
                require("lockgate:action/handler@0.1.0", "function")?;
                let handler = exports::handler::GuestIndices::new(pre).map_err(|e| mismatch(&e))?;
                Ok(Self::Function(handler))
            }
        }
    }
}

pub(crate) fn mismatch(error: &wasmtime::Error) -> PrepareError {
    PrepareError::Mismatch(one_line(&format!("{error:#}")))
}

/// Engine errors have several lines; messages have one.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 1000 {
            line.push_str(" …");
            break;
        }
    }
    line
}

impl Prepared {
    /// As grants name it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The world it was checked against.
    #[must_use]
    pub fn world(&self) -> World {
        self.world
    }

    /// Of the component's bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Limits of each of its jobs.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Replaces the grant, for jobs that run as well: their next use of a
    /// capability is measured against the new one.
    pub fn regrant(&self, grant: Grant) {
        self.grant.set(grant);
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("name", &self.name)
            .field("world", &self.world)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}
