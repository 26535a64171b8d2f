//! What the tests of source-git share: repositories made by the system's `git`,
//! a server that runs `git http-backend`, and trees to compare. Everything
//! panics with what went wrong; only tests use it.
#![expect(
    clippy::expect_used,
    reason = "what the tests stand on fails by panicking"
)]

mod client;
mod repository;
mod server;
mod tree;

pub use client::exchange;
pub use repository::Repository;
pub use server::{Answer, Seen, Server};
pub use tree::{Entry, snapshot};
