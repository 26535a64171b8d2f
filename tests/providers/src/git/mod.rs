//! Repositories made by the system's `git`, a server that runs `git
//! http-backend`, and trees to compare.

mod repository;
mod server;
mod tree;

pub use repository::Repository;
pub use server::{Answer, Seen, Server};
pub use tree::{Entry, snapshot};
