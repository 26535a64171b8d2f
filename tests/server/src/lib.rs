//! What the tests of the binary stand on: the program itself, servers of it, a
//! git repository, a receiver of webhooks, and plugins that misbehave. Knows the
//! binary from outside only: no crate of the runtime is imported.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "tests fail by panicking"
)]

mod client;
mod guests;
mod place;
mod processes;
mod program;
mod receiver;
mod repository;
mod server;

pub use client::{Answer, deliver, request};
pub use guests::misbehaving;
pub use place::Place;
pub use processes::{alive, sandboxes_of, wait_until_gone};
pub use program::{Ran, command, lockgate, plugin_folder, program};
pub use receiver::{Received, Receiver};
pub use repository::Repository;
pub use server::{Server, Settings, cache};

use std::time::{Duration, Instant};

/// Longer than anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
