//! `why` and `why_not` from outside: given a log, then these sentences.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

mod actions;
mod agrees;
mod conditions;
mod endings;
mod log;
mod long;
mod revisions;
mod starts;
mod waits;
