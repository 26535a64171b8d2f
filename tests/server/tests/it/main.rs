//! The binary as its users meet it: the command line, a server, files that are
//! wrong, plugins that misbehave, crashes, a full disk. Needs the binary that
//! `cargo xtask build` leaves.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod bad_input;
mod faults;
mod full_disk;
mod kill;
mod notifications;
mod run;
mod scenarios;
mod serve;
mod start_pipeline;
mod terminal;
