//! Scenarios: each folder beside this file is a definition, the steps that
//! somebody took, and the history that came of them. Every folder is a test, and
//! is played once more from every event of its log, as after a crash.
//!
//! `LOCKGATE_BLESS=1` writes what happens now into `expected`. Read it before you
//! keep it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

mod folder;
mod list;
mod play;
#[path = "../model/world/mod.rs"]
mod world;
