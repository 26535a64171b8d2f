//! The host against guests that misbehave on purpose: every fault is an outcome
//! with a readable reason, nothing that was not granted is reached, and the next
//! job finds everything as it should be.

mod bad_input;
mod bench;
mod capabilities;
mod egress;
mod faults;
mod files;
mod functions;
mod secrets;
