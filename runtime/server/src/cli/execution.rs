//! `lockgate execution`: executions on a server.

use super::client::{Client, segment};
use super::output::{Style, date_time, duration, print, safe, table};
use super::progress::Progress;
use super::run::pairs;
use super::{Connection, Output};
use crate::Failure;
use crate::api::{
    ExecutionDocument, ExecutionList, ExecutionSummary, RetryRequest, StartRequest, Started,
    StopRequest,
};
use clap::Subcommand;
use lockgate_model::definition::RetryMode;
use lockgate_model::status::ExecutionStatus;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts an execution
    Start {
        /// The pipeline
        pipeline: String,
        /// Value of a pipeline variable; may be repeated
        #[arg(long = "variable", value_name = "NAME=VALUE")]
        variables: Vec<String>,
        /// Revision that a source action takes instead of the newest; may be repeated
        #[arg(long = "revision", value_name = "ACTION=REVISION")]
        revisions: Vec<String>,
        /// The same token starts the same execution
        #[arg(long, value_name = "TOKEN")]
        token: Option<String>,
        /// Prints what happens until it has ended; the exit code says how
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists executions, newest first
    List {
        /// The pipeline
        pipeline: String,
        /// At most so many
        #[arg(long, default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        connection: Connection,
    },
    /// Shows an execution with its stages and actions
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
        /// All actions of the stage, not only those that failed
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        connection: Connection,
    },
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Start {
            pipeline,
            variables,
            revisions,
            token,
            follow,
            connection,
        } => {
            let body = StartRequest {
                variables: pairs("--variable", &variables)?,
                source_revisions: pairs("--revision", &revisions)?,
                client_request_token: token,
            };
            let client = Client::new(connection)?;
            let path = format!("/pipelines/{}/executions", segment(&pipeline));
            let started: Started = client.post(&path, &body).await?;
            if !follow {
                print(output, &started, |started| {
                    started.pipeline_execution_id.clone()
                });
                return Ok(());
            }
            let mut progress = Progress::new(output);
            client
                .feed(&started.pipeline_execution_id, true, |entry| {
                    progress.show(&entry)
                })
                .await?;
            match progress.status() {
                Some(ExecutionStatus::Succeeded) => Ok(()),
                Some(_) => Err(Failure::Pipeline),
                None => Err(Failure::Ours(anyhow::anyhow!(
                    "the feed ended before the execution did; look again with: lockgate execution show {}",
                    started.pipeline_execution_id
                ))),
            }
        }
        Command::List {
            pipeline,
            limit,
            connection,
        } => {
            let path = format!("/pipelines/{}/executions?limit={limit}", segment(&pipeline));
            let list: ExecutionList = Client::new(connection)?.get(&path).await?;
            print(output, &list, list_text);
            Ok(())
        }
        Command::Show { id, connection } => {
            let path = format!("/executions/{}", segment(&id));
            let document: ExecutionDocument = Client::new(connection)?.get(&path).await?;
            print(output, &document, document_text);
            Ok(())
        }
        Command::Stop {
            id,
            abandon,
            reason,
            connection,
        } => {
            let path = format!("/executions/{}/stop", segment(&id));
            let body = StopRequest { abandon, reason };
            let done: Started = Client::new(connection)?.post(&path, &body).await?;
            print(output, &done, |_| format!("stopping {}", safe(&id)));
            Ok(())
        }
        Command::Retry {
            id,
            stage,
            all,
            connection,
        } => {
            let path = format!("/executions/{}/retry", segment(&id));
            let mode = if all {
                RetryMode::AllActions
            } else {
                RetryMode::FailedActions
            };
            let body = RetryRequest {
                stage: stage.clone(),
                mode,
            };
            let done: Started = Client::new(connection)?.post(&path, &body).await?;
            print(output, &done, |_| {
                format!("stage {} runs again", safe(&stage))
            });
            Ok(())
        }
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

fn document_text(document: &ExecutionDocument) -> String {
    let style = Style::of_stdout();
    let execution = &document.execution;
    let detail = &execution.detail;
    let mut text = format!(
        "execution  {}\npipeline   {}, version {}\nstatus     {}\nstarted    {} by {:?} {}\n",
        execution.pipeline_execution_id,
        safe(&document.pipeline_name),
        execution.pipeline_version,
        style.status(&execution.status),
        date_time(execution.started),
        detail.trigger.trigger_type,
        safe(&detail.trigger.trigger_detail),
    );
    let mut more = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            text.push_str(&format!("{name:<10} {}\n", safe(value)));
        }
    };
    more("summary", detail.status_summary.as_deref());
    more("waits for", detail.waiting_for.as_deref());
    let superseded_by = detail.superseded_by.map(|id| id.to_string());
    more(
        "superseded",
        superseded_by.map(|id| format!("by {id}")).as_deref(),
    );
    for (artifact, revision) in &detail.revisions {
        let summary = revision.summary.as_deref().unwrap_or_default();
        more(
            "revision",
            Some(&format!("{artifact}: {} {summary}", revision.id)),
        );
    }
    for (name, value) in detail.variables.iter() {
        more("variable", Some(&format!("{name}={value}")));
    }
    for stage in &document.stages {
        text.push_str(&format!(
            "\n{} {}\n",
            style.bold(&safe(&stage.name)),
            style.status(&stage.status)
        ));
        for action in document
            .actions
            .iter()
            .filter(|action| action.stage == stage.name)
        {
            let ended = action.detail.ended.unwrap_or(action.updated);
            let what = action
                .detail
                .failure
                .as_ref()
                .map(|failure| failure.message.as_str())
                .or(action.detail.external.summary.as_deref())
                .unwrap_or_default();
            text.push_str(&format!(
                "  {}  {}  {}  {}\n",
                safe(&action.name),
                style.status(&action.status),
                duration(ended.since(action.started)),
                safe(what)
            ));
            if let Some(url) = &action.detail.external.url {
                text.push_str(&format!("    {}\n", safe(url)));
            }
        }
    }
    text
}
