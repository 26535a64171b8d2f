//! The providers as components in the real host, one module each, against the
//! real things they talk to; and what all of them have in common.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails by panicking"
)]

mod build_commands;
mod deploy_files;
mod description;
mod imports;
mod invoke_function;
mod notify_webhook;
mod source_git;
mod source_git_ssh;
mod tutorial;
