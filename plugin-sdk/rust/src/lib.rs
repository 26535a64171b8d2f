//! Guest kit for writing Lockgate providers in Rust: say what the provider is
//! ([`Provider::describe`]), what its configuration holds
//! ([`configuration!`]), what one job does ([`Provider::run`]), and end the
//! crate with [`export_provider!`], [`export_source!`] or [`export_function!`].
//!
//! The kit knows the contract (`wit/`) and nothing of the server. Generated
//! code lives in one module (`bindings`) and is never seen by a provider; what a
//! provider does not call is not imported by its component. Compiled natively,
//! the same provider runs against [`testing::FakeHost`].
//!
//! ```
//! use lockgate_plugin::*;
//!
//! configuration! {
//!     /// Whom to greet.
//!     pub struct Greeting {
//!         /// Who is greeted.
//!         "Name" => name: String = "world",
//!     }
//! }
//!
//! pub struct Greet;
//!
//! impl Provider for Greet {
//!     type Configuration = Greeting;
//!
//!     fn describe() -> Description {
//!         Description::new("Writes a greeting to the log")
//!             .serves(Category::Invoke, "Custom", "Greet", "1")
//!             .variables(["Greeting"])
//!     }
//!
//!     fn run<H: Host>(_: &Job, greeting: Greeting, host: &H) -> Result<Outcome, Failure> {
//!         let text = format!("Hello, {}!", greeting.name);
//!         host.info(&text);
//!         Ok(Success::new().variable("Greeting", text).into())
//!     }
//! }
//!
//! export_provider!(Greet);
//! ```

mod artifacts;
mod change;
mod configuration;
mod description;
mod exec;
mod host;
mod http;
mod invoke;
mod job;
mod log;
mod outcome;
mod pipelines;
mod provider;
mod providers;
mod secrets;
mod value;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;
#[cfg(feature = "commands")]
pub mod commands;
#[cfg(target_family = "wasm")]
mod component;
mod export;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
#[cfg(feature = "yaml")]
pub mod yaml;

pub use artifacts::ArtifactError;
pub use change::{
    Announcement, Author, Change, ChangeKind, Delivery, PullRequest, PullRequestEvent, Watch,
};
pub use configuration::{Configuration, Problem};
#[doc(hidden)]
pub use configuration::{property as __property, read as __read};
pub use description::{ActionType, ArtifactCount, Category, Description, Property, PropertyType};
pub use exec::{Command, Ending, ExecError, Exit, Output};
pub use host::Host;
pub use http::{HttpError, Method, Request, Response, Scheme, Url};
pub use invoke::{InvokeError, Target};
pub use job::{Artifact, ConditionType, Job};
pub use log::{Level, Log};
pub use outcome::{Detection, Failure, FailureType, Outcome, Pending, Revision, Success};
pub use pipelines::{PipelineError, PipelineStart, RevisionType, SourceRevision};
pub use provider::{Function, Provider, Source, call, detect, run, webhook};
pub use providers::Providers;
pub use secrets::SecretError;
pub use value::{Json, Value};
