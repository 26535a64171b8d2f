//! One provider, one job, one sandbox. Takes a component and a grant, and turns
//! one job into one outcome, whatever the component does. Knows nothing of
//! stages, pipelines, storage or tenants' rules; the server and the bench call
//! it.
//!
//! The way through: [`Host::new`] builds the engine once; [`Host::prepare`]
//! compiles a component and checks its real imports against the grant;
//! [`Host::run`] gives every job a fresh store with every limit set before the
//! first instruction. Dropping the future that `run` returns ends the job.

mod call;
mod capability;
mod code_cache;
mod compile;
mod contract;
mod engine;
mod fault;
mod floor;
mod host;
mod imports;
mod limiter;
mod linker;
mod log;
mod prepare;
mod request;
mod run;
mod settings;
mod source;
mod store;

pub use capability::invoke::Functions;
pub use capability::pipelines::{PipelineStart, PipelineStartError, Pipelines};
pub use capability::secrets::Secrets;
pub use floor::floor;
pub use host::{Host, HostError};
pub use lockgate_model::plugin::Import as Need;
pub use log::LogSink;
pub use prepare::{Inspection, Plugin, PrepareError, Prepared};
pub use request::{Directory, RunRequest};
pub use run::InvokeError;
pub use settings::HostSettings;
