//! The providers as components in the real host, one module each, against the
//! real things they talk to; and what all of them have in common.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails by panicking"
)]

mod build_commands;
mod codebuild;
mod deliveries;
mod deploy_files;
mod description;
mod forge;
mod imports;
mod invoke_function;
mod lambda;
mod notify_webhook;
mod rule_alarm;
mod rule_deployment_window;
mod rule_variable_check;
mod run_commands;
mod source_git;
mod source_git_refusals;
mod source_git_requests;
mod source_git_ssh;
mod source_git_watch;
mod source_git_webhook;
mod start_pipeline;
mod tutorial;
