//! `lockgate logs`: what the actions of an execution printed.

use super::client::Client;
use super::output::{line, safe};
use super::progress::Progress;
use super::{Connection, Output};
use crate::Failure;
use crate::api::FeedEntry;
use clap::Args;

#[derive(Debug, Args)]
pub struct Options {
    /// The execution
    pub execution: String,
    /// Goes on until the execution has ended, and shows its state as well
    #[arg(long, short)]
    pub follow: bool,
    /// Only this stage
    #[arg(long)]
    pub stage: Option<String>,
    /// Only this action
    #[arg(long)]
    pub action: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

pub async fn run(options: Options, output: Output) -> Result<(), Failure> {
    let client = Client::new(options.connection)?;
    let mut progress = Progress::new(output);
    let fits = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|w| w == name);
    let narrowed = options.stage.is_some() || options.action.is_some();
    client
        .feed(&options.execution, options.follow, |entry| match &entry {
            FeedEntry::Log {
                stage,
                action,
                text,
                ..
            } => {
                if !fits(&options.stage, stage) || !fits(&options.action, action) {
                    return;
                }
                match output {
                    // One action's log alone is printed as it was written.
                    Output::Text if narrowed => line(&safe(text)),
                    Output::Text | Output::Json => progress.show(&entry),
                }
            }
            FeedEntry::Event { .. } if options.follow && !narrowed => progress.show(&entry),
            FeedEntry::Event { .. } => {}
            FeedEntry::Broken { .. } => progress.show(&entry),
        })
        .await
}
