//! `lockgate execution`: executions on a server.

use super::client::{Client, segment};
use super::output::{Style, date_time, print, safe, table};
use super::progress::Progress;
use super::revision::overrides;
use super::run::pairs;
use super::{Connection, Output, show};
use crate::Failure;
use crate::api::{
    ExecutionDocument, ExecutionList, ExecutionSummary, OverrideRequest, RetryRequest,
    RollbackRequest, SourceRevisions, StartRequest, Started, StopRequest,
};
use clap::{Args, Subcommand, ValueEnum};
use lockgate_model::definition::{ConditionType, RetryMode};
use lockgate_model::status::ExecutionStatus;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts an execution
    Start(Start),
    /// Lists executions, newest first
    List {
        /// The pipeline
        pipeline: String,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// Only those that succeeded in this stage: what it can be rolled back to
        #[arg(long, value_name = "STAGE")]
        succeeded_in: Option<String>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows an execution with its stages, conditions and actions
    Show {
        /// The execution
        id: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Stops an execution once its running actions have ended
    Stop {
        /// The execution
        id: String,
        /// Do not wait for running actions
        #[arg(long)]
        abandon: bool,
        /// For people
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        connection: Connection,
    },
    /// Runs a failed or stopped stage again
    Retry {
        /// The execution
        id: String,
        /// The stage
        stage: String,
        /// How much of the stage
        #[arg(long, value_enum, default_value_t = Mode::FailedActions, conflicts_with = "all")]
        mode: Mode,
        /// The same as --mode ALL_ACTIONS
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Runs a stage again in a new execution, with what an earlier one had in it
    Rollback {
        /// The pipeline
        pipeline: String,
        /// The stage
        stage: String,
        /// The execution to go back to: one that succeeded in the stage
        #[arg(long, value_name = "EXECUTION")]
        to: String,
        /// Prints what happens until it has ended; the exit code says how
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Goes past a condition that is being judged, or that was not met
    Override {
        /// The execution
        id: String,
        /// The stage
        stage: String,
        /// Which of its conditions
        #[arg(value_enum)]
        condition: Condition,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Args)]
pub struct Start {
    /// The pipeline
    pipeline: String,
    /// Value of a pipeline variable; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Revision that a source action takes instead of the newest; may be repeated
    #[arg(long = "revision", value_name = "ACTION=REVISION")]
    revisions: Vec<String>,
    /// What kind of revision it is: COMMIT_ID, IMAGE_DIGEST, S3_OBJECT_VERSION_ID or S3_OBJECT_KEY; may be repeated
    #[arg(long = "revision-type", value_name = "ACTION=TYPE")]
    revision_types: Vec<String>,
    /// The same token starts the same execution
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Prints what happens until it has ended; the exit code says how
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// What failed, was abandoned, or never started
    #[value(name = "FAILED_ACTIONS")]
    FailedActions,
    /// Everything
    #[value(name = "ALL_ACTIONS")]
    AllActions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Condition {
    /// The stage is then entered
    BeforeEntry,
    /// The execution then goes on behind the stage
    OnSuccess,
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Start(start) => self::start(start, output).await,
        Command::List {
            pipeline,
            limit,
            succeeded_in,
            connection,
        } => {
            let mut path = format!("/pipelines/{}/executions?limit={limit}", segment(&pipeline));
            if let Some(stage) = &succeeded_in {
                path.push_str(&format!("&succeededIn={}", segment(stage)));
            }
            let list: ExecutionList = Client::new(connection)?.get(&path).await?;
            print(output, &list, |list| match &succeeded_in {
                Some(stage) if list.executions.is_empty() => {
                    format!("no execution has succeeded in stage {} yet", safe(stage))
                }
                _ => list_text(list),
            });
            Ok(())
        }
        Command::Show { id, connection } => {
            let document: ExecutionDocument = Client::new(connection)?.get(&of(&id, "")).await?;
            print(output, &document, show::execution);
            Ok(())
        }
        Command::Stop {
            id,
            abandon,
            reason,
            connection,
        } => {
            let body = StopRequest { abandon, reason };
            let client = Client::new(connection)?;
            let done: Started = client.post(&of(&id, "/stop"), &body).await?;
            print(output, &done, |_| format!("stopping {}", safe(&id)));
            Ok(())
        }
        Command::Retry {
            id,
            stage,
            mode,
            all,
            connection,
        } => {
            let mode = match mode {
                Mode::FailedActions if !all => RetryMode::FailedActions,
                Mode::FailedActions | Mode::AllActions => RetryMode::AllActions,
            };
            let body = RetryRequest {
                stage: stage.clone(),
                mode,
            };
            let client = Client::new(connection)?;
            let done: Started = client.post(&of(&id, "/retry"), &body).await?;
            print(output, &done, |_| {
                format!("stage {} runs again", safe(&stage))
            });
            Ok(())
        }
        Command::Rollback {
            pipeline,
            stage,
            to,
            follow,
            connection,
        } => {
            let path = format!(
                "/pipelines/{}/stages/{}/rollback",
                segment(&pipeline),
                segment(&stage)
            );
            let body = RollbackRequest {
                target_pipeline_execution_id: to,
            };
            let client = Client::new(connection)?;
            let started: Started = client.post(&path, &body).await?;
            started_text(&client, started, follow, output).await
        }
        Command::Override {
            id,
            stage,
            condition,
            connection,
        } => {
            let condition = match condition {
                Condition::BeforeEntry => ConditionType::BeforeEntry,
                Condition::OnSuccess => ConditionType::OnSuccess,
            };
            let body = OverrideRequest {
                stage: stage.clone(),
                condition,
            };
            let client = Client::new(connection)?;
            let done: Started = client.post(&of(&id, "/override"), &body).await?;
            print(output, &done, |_| {
                format!(
                    "overridden: condition {} of stage {}",
                    condition.member(),
                    safe(&stage)
                )
            });
            Ok(())
        }
    }
}

fn of(id: &str, what: &str) -> String {
    format!("/executions/{}{what}", segment(id))
}

async fn start(start: Start, output: Output) -> Result<(), Failure> {
    let revisions = overrides(&start.revisions, &start.revision_types)?;
    let body = StartRequest {
        variables: pairs("--variable", &start.variables)?,
        source_revisions: SourceRevisions::List(revisions),
        client_request_token: start.token,
    };
    let client = Client::new(start.connection)?;
    let path = format!("/pipelines/{}/executions", segment(&start.pipeline));
    let started: Started = client.post(&path, &body).await?;
    started_text(&client, started, start.follow, output).await
}

/// Prints the id of what was started, or follows it to its end: and after it the
/// rollback that it may have led to.
async fn started_text(
    client: &Client,
    started: Started,
    follow: bool,
    output: Output,
) -> Result<(), Failure> {
    if !follow {
        print(output, &started, |started| {
            started.pipeline_execution_id.clone()
        });
        return Ok(());
    }
    let mut next = Some(started.pipeline_execution_id.clone());
    let mut first = None;
    while let Some(id) = next {
        let mut progress = Progress::new(output);
        client
            .feed(&id, true, |entry| progress.show(&entry))
            .await?;
        let status = progress.status();
        next = match status {
            Some(ExecutionStatus::Failed) => {
                let document: ExecutionDocument = client.get(&of(&id, "")).await?;
                document
                    .execution
                    .detail
                    .rolled_back_by
                    .map(|id| id.to_string())
            }
            _ => None,
        };
        first = first.or(Some(status));
    }
    match first.flatten() {
        Some(ExecutionStatus::Succeeded) => Ok(()),
        Some(_) => Err(Failure::Pipeline),
        None => Err(Failure::Ours(anyhow::anyhow!(
            "the feed ended before the execution did; look again with: lockgate execution show {}",
            started.pipeline_execution_id
        ))),
    }
}

fn list_text(list: &ExecutionList) -> String {
    if list.executions.is_empty() {
        return "no executions yet".to_owned();
    }
    let heading = ["EXECUTION", "STARTED", "TRIGGER", "REVISION", "STATUS"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(list.executions.iter().map(|execution| {
        vec![
            execution.pipeline_execution_id.clone(),
            date_time(execution.started),
            format!("{:?}", execution.detail.trigger.trigger_type),
            revisions(execution, 12),
            Style::of_stdout().status(&execution.status),
        ]
    }));
    table(&rows)
}

fn revisions(execution: &ExecutionSummary, length: usize) -> String {
    let ids: Vec<String> = execution
        .detail
        .revisions
        .values()
        .map(|revision| safe(&revision.id).chars().take(length).collect())
        .collect();
    if ids.is_empty() {
        "-".to_owned()
    } else {
        ids.join(" ")
    }
}
