//! Repositories made by the system's `git`, a server that runs `git
//! http-backend`, a real `sshd`, and trees to compare.

mod repository;
mod server;
mod ssh;
mod tree;

pub use repository::Repository;
pub use server::{Answer, Seen, Server};
pub use ssh::SshServer;
pub use tree::{Entry, snapshot};
