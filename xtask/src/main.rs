//! Builds, demonstrates, tests and measures Lockgate. Each command installs or
//! builds what it needs and says so; none knows how Lockgate works inside.

mod bench;
mod bundle;
mod ci;
mod command;
mod demo;
mod tools;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, demonstrates, tests and measures Lockgate"
)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Installs what is missing, builds the providers and the binary
    Build {
        /// Optimise the binary
        #[arg(long)]
        release: bool,
    },
    /// Takes a real git repository through a whole pipeline
    Demo(demo::Options),
    /// Runs every test
    Test {
        /// Handed to `cargo test`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Formatting, lints, licences and every test: what CI runs
    Ci,
    /// Measures jobs, executions and memory against this machine's floors
    Bench(bench::Options),
}

fn main() -> ExitCode {
    match perform(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: Task) -> Result<()> {
    match task {
        Task::Build { release } => {
            tools::ensure()?;
            bundle::build()?;
            let binary = bundle::build_binary(release)?;
            println!("built {}", binary.display());
            Ok(())
        }
        Task::Demo(options) => demo::run(&options),
        Task::Test { arguments } => ci::test(&arguments),
        Task::Ci => ci::all(),
        Task::Bench(options) => bench::run_all(&options),
    }
}
