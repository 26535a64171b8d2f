//! The orchestrator from outside: a scripted runner, the real store and
//! artifacts in a directory, and a clock that the test holds.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test tells what is wrong by panicking"
)]

mod approvals;
mod caches;
mod definitions;
mod disk;
mod faults;
mod feed;
mod house;
mod many;
mod notifications;
mod pipelines;
mod recovery;
mod runs;
mod schedules;
mod script;
mod sources;
mod stops;
mod waits;
mod workers;
