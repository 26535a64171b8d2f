//! The store from outside: what is acknowledged stays, what is refused leaves
//! nothing, and nobody sees a stranger's rows.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod change;
mod crash;
mod fixture;
mod full_disk;
mod isolation;
mod lease;
mod log;
mod model;
mod notification;
mod opening;
mod record;
mod schedule;
