//! The native test kit: a scripted host and made-up jobs, so that a provider's
//! logic is tested with `cargo test`, without a component and without a server.
//!
//! ```
//! # use lockgate_plugin::*;
//! # struct Greet;
//! # configuration! { struct Greeting { "Name" => name: String = "world" } }
//! # impl Provider for Greet {
//! #     type Configuration = Greeting;
//! #     fn describe() -> Description { Description::new("Greets") }
//! #     fn run<H: Host>(_: &Job, c: Greeting, host: &H) -> Result<Outcome, Failure> {
//! #         host.info(&format!("Hello, {}!", c.name));
//! #         Ok(Success::new().into())
//! #     }
//! # }
//! use lockgate_plugin::testing::FakeHost;
//!
//! let host = FakeHost::new();
//! let job = host.job([("Name", "Ada")]);
//! lockgate_plugin::run::<Greet>(&job, &host).unwrap();
//! assert_eq!(host.log_text(), "Hello, Ada!");
//! ```
#![expect(clippy::expect_used, reason = "a test kit fails by panicking")]

mod files;
mod host;
mod job;

pub use host::FakeHost;

#[cfg(test)]
mod tests;
