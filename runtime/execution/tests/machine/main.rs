//! The machine from outside: given a pipeline, when a command, then these
//! events. Every step of every test also checks the laws in `law`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

mod approvals;
mod automatic_retries;
mod changes;
mod conditions;
mod definitions;
mod jobs;
mod law;
mod lifetimes;
mod line;
mod modes;
mod overrides;
mod pipeline;
mod random;
mod recovery;
mod retries;
mod revisions;
mod rollbacks;
mod rows;
mod stages;
mod stops;
mod transitions;
mod updates;
mod variables;
mod views;
mod waits;
mod workers;
