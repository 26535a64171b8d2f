//! The one binary: arguments in, exit code out.
//!
//! Exit codes: 0 done, 1 the pipeline did not succeed, 2 bad input, 3 our
//! fault.

mod api;
mod cli;
mod engine;
mod face;

use clap::Parser;
use std::process::ExitCode;

/// Why a command ended without doing what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The pipeline did not succeed; what there was to say is already printed.
    Pipeline,
    /// What was given cannot be used. Every problem, one a line.
    Input(Vec<String>),
    /// Something on our side.
    Ours(anyhow::Error),
}

impl Failure {
    /// One problem with what was given.
    pub fn input(problem: impl std::fmt::Display) -> Self {
        Self::Input(vec![problem.to_string()])
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::from(3);
        }
    };
    let result = runtime.block_on(async {
        match cli.command {
            cli::Command::Run(options) => cli::run::run(options, cli.output).await,
            cli::Command::Serve(options) => cli::serve::serve(options).await,
            cli::Command::Pipeline(command) => cli::pipeline::run(command, cli.output).await,
            cli::Command::Execution(command) => cli::execution::run(command, cli.output).await,
            cli::Command::Approve(options) => cli::approve::run(options, cli.output).await,
            cli::Command::Why(options) => cli::why::why(options, cli.output).await,
            cli::Command::WhyNot(options) => cli::why::why_not(options, cli.output).await,
            cli::Command::Trigger(command) => cli::trigger::run(command, cli.output).await,
            cli::Command::ActionType(command) => cli::action_type::run(command, cli.output).await,
            cli::Command::Webhook(command) => cli::webhook::run(command, cli.output).await,
            cli::Command::Logs(options) => cli::logs::run(options, cli.output).await,
            cli::Command::Notification(command) => {
                cli::notification::run(command, cli.output).await
            }
            cli::Command::Schedule(command) => cli::schedule::run(command, cli.output).await,
            cli::Command::Plugin(command) => cli::plugin::run(command, cli.output).await,
        }
    });
    // A guest that is being compiled must not keep a finished command waiting,
    // and a task that is about to sleep must not meet a runtime half taken down:
    // what is left ends with the process.
    std::mem::forget(runtime);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Pipeline) => ExitCode::from(1),
        Err(Failure::Input(problems)) => {
            for problem in &problems {
                complain(problem);
            }
            ExitCode::from(2)
        }
        Err(Failure::Ours(error)) => {
            complain(&format!("{error:#}"));
            ExitCode::from(3)
        }
    }
}

/// An error may quote what strangers wrote.
fn complain(problem: &str) {
    for (number, line) in problem.lines().enumerate() {
        let mark = if number == 0 { "error: " } else { "" };
        eprintln!("{mark}{}", cli::output::safe(line));
    }
}
