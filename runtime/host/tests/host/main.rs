//! The host against guests that misbehave on purpose: every fault is an outcome
//! with a readable reason, nothing that was not granted is reached, and the next
//! job finds everything as it should be.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what the tests stand on fails by panicking"
)]

mod bad_input;
mod bench;
mod capabilities;
mod descriptions;
mod egress;
mod faults;
mod files;
mod functions;
mod pipelines;
mod secrets;
mod sources;
mod tls;
