//! What the tests of providers stand on: the components of this workspace, one
//! real host to run them in, jobs with their directories; and, from outside of
//! Lockgate, Git repositories, a Git server and a receiver of HTTP requests.
//! Everything panics with what went wrong. The tests beside this crate call it;
//! the native tests of a provider call what needs no host.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests stand on fails by panicking"
)]

pub mod git;

#[cfg(feature = "host")]
mod bench;
#[cfg(feature = "host")]
mod component;
#[cfg(feature = "host")]
mod provider;
#[cfg(feature = "host")]
mod ran;
mod receiver;
mod request;

#[cfg(feature = "host")]
pub use bench::Bench;
#[cfg(feature = "host")]
pub use component::{PROVIDERS, component, imports};
#[cfg(feature = "host")]
pub use provider::{host, manifest, prepare};
#[cfg(feature = "host")]
pub use ran::Ran;
pub use receiver::{Receiver, Response};
pub use request::Received;
