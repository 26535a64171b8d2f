//! What the tests beside this crate stand on: the components of this workspace,
//! a host to run them in, jobs, and a receiver of HTTP requests. Knows cargo and
//! the host; no test of a provider's logic is here, that is native.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what the tests stand on fails by panicking"
)]

mod component;
mod job;
mod receiver;

pub use component::{component, imports};
pub use job::{Ran, host, job, manifest, prepare, run};
pub use receiver::{Received, Receiver};
