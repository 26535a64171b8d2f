//! The command line: what may be asked, with its help. Each command is a file
//! beside this one; none decides anything about pipelines.

pub mod action_type;
pub mod approve;
pub mod client;
pub mod execution;
pub mod interrupt;
pub mod logs;
pub mod notification;
pub mod output;
pub mod pipeline;
pub mod plugin;
pub mod progress;
pub mod revision;
pub mod run;
pub mod schedule;
pub mod serve;
pub mod show;
pub mod state;
pub mod trigger;
pub mod webhook;
pub mod why;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Continuous delivery with every action provider in a sandbox.
#[derive(Debug, Parser)]
#[command(name = "lockgate", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    Text,
    /// One JSON document, or one a line where there are many over time
    Json,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the pipeline of one file, here and now, without a server
    Run(run::Options),
    /// Runs the server
    Serve(serve::Options),
    /// Creates, lists, shows, changes and deletes pipelines
    #[command(subcommand)]
    Pipeline(pipeline::Command),
    /// Starts, lists, shows, stops, retries and rolls back executions
    #[command(subcommand)]
    Execution(execution::Command),
    /// Answers a manual approval
    Approve(approve::Options),
    /// Prints the logs of an execution
    Logs(logs::Options),
    /// Says why an execution, a stage or an action is as it is
    Why(why::Why),
    /// Says why a revision did not get through a pipeline
    WhyNot(why::WhyNot),
    /// Says what would start a pipeline
    #[command(subcommand)]
    Trigger(trigger::Command),
    /// Creates, lists and deletes action types for job workers
    #[command(subcommand)]
    ActionType(action_type::Command),
    /// Says how to set up webhooks
    #[command(subcommand)]
    Webhook(webhook::Command),
    /// Says who is told of which events
    #[command(subcommand)]
    Notification(notification::Command),
    /// Starts pipelines by the clock
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// Shows what is installed
    #[command(subcommand)]
    Plugin(plugin::Command),
}

/// How to reach a server.
#[derive(Debug, Clone, Args)]
pub struct Connection {
    /// The server's address
    #[arg(
        long,
        env = "LOCKGATE_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    pub server: String,
    /// Access key id
    #[arg(
        long,
        env = "LOCKGATE_ACCESS_KEY",
        default_value = "LOCKGATEDEV",
        value_name = "ID"
    )]
    pub access_key: String,
    /// Secret of the access key
    #[arg(
        long,
        env = "LOCKGATE_SECRET_KEY",
        default_value = "lockgate-dev-secret",
        hide_env_values = true,
        hide_default_value = true,
        value_name = "SECRET"
    )]
    pub secret_key: String,
}

/// What `run` and `serve` may use of this machine.
#[derive(Debug, Clone, Default, Args)]
pub struct Trust {
    /// Allows a plugin something, such as 'source-git read=/srv/repository'; may be repeated
    #[arg(long = "grant", value_name = "PLUGIN CAPABILITY")]
    pub grants: Vec<String>,
    /// A file with one grant a line
    #[arg(long, value_name = "FILE")]
    pub grants_file: Option<PathBuf>,
    /// Installs a plugin: a directory with plugin.toml and plugin.wasm; may be repeated
    #[arg(long = "plugin", value_name = "DIR")]
    pub plugins: Vec<PathBuf>,
    /// A secret and the file that holds it; may be repeated
    #[arg(long = "secret", value_name = "NAME=FILE")]
    pub secrets: Vec<String>,
}
