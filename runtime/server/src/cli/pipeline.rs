//! `lockgate pipeline`: definitions on a server.

use super::client::{Client, segment};
use super::output::{date_time, print, safe, table};
use super::run::{format_of, read_definition};
use super::{Connection, Output, state};
use crate::Failure;
use crate::api::{
    Created, PipelineDocument, PipelineList, PipelineState, PipelineVersionList, TransitionRequest,
};
use clap::{Args, Subcommand};
use lockgate_execution::Direction;
use lockgate_model::definition::Format;
use reqwest::Method;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a pipeline and starts its first execution
    Create(File),
    /// Replaces a definition
    Update(File),
    /// Lists pipelines
    List {
        #[command(flatten)]
        connection: Connection,
    },
    /// Prints a definition as JSON, in a form that 'create' takes
    Show {
        /// The pipeline
        name: String,
        /// An earlier version of the definition
        #[arg(long)]
        version: Option<u32>,
        #[command(flatten)]
        connection: Connection,
    },
    /// Lists the versions of a definition, newest first
    History(Named),
    /// Prints what every stage is doing
    State(Named),
    /// Stops every execution and deletes the pipeline with its history
    Delete(Named),
    /// Holds executions in front of a stage
    Disable {
        #[command(flatten)]
        transition: Transition,
        /// For people
        #[arg(long)]
        reason: String,
    },
    /// Lets executions into a stage again
    Enable {
        #[command(flatten)]
        transition: Transition,
    },
}

#[derive(Debug, Args)]
pub struct File {
    /// The definition: TOML, or JSON as `aws codepipeline get-pipeline` prints it
    file: PathBuf,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
pub struct Named {
    /// The pipeline
    name: String,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
pub struct Transition {
    /// The pipeline
    name: String,
    /// The stage
    stage: String,
    /// The side behind the stage instead of the one in front of it
    #[arg(long)]
    outbound: bool,
    #[command(flatten)]
    connection: Connection,
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    match command {
        Command::Create(file) => {
            let created: Created = send(file, Method::POST, "/pipelines").await?;
            print(output, &created, created_text);
        }
        Command::Update(file) => {
            let created: Created = send(file, Method::PUT, "/pipelines").await?;
            print(output, &created, |c| {
                format!("updated {} to version {}", safe(&c.name), c.version)
            });
        }
        Command::List { connection } => {
            let list: PipelineList = Client::new(connection)?.get("/pipelines").await?;
            print(output, &list, list_text);
        }
        Command::Show {
            name,
            version,
            connection,
        } => {
            let version = version
                .map(|version| format!("?version={version}"))
                .unwrap_or_default();
            let path = format!("/pipelines/{}{version}", segment(&name));
            let document: PipelineDocument = Client::new(connection)?.get(&path).await?;
            // JSON is what 'create' takes, so both outputs are the same.
            print(Output::Json, &document, |_| String::new());
        }
        Command::History(Named { name, connection }) => {
            let path = format!("/pipelines/{}/versions", segment(&name));
            let list: PipelineVersionList = Client::new(connection)?.get(&path).await?;
            print(output, &list, history_text);
        }
        Command::State(Named { name, connection }) => {
            let path = format!("/pipelines/{}/state", segment(&name));
            let state: PipelineState = Client::new(connection)?.get(&path).await?;
            print(output, &state, state::text);
        }
        Command::Delete(Named { name, connection }) => {
            let path = format!("/pipelines/{}", segment(&name));
            let gone: serde_json::Value = Client::new(connection)?.delete(&path).await?;
            print(output, &gone, |_| format!("deleted {}", safe(&name)));
        }
        Command::Disable { transition, reason } => {
            change(transition, Some(reason), output, "disabled").await?;
        }
        Command::Enable { transition } => change(transition, None, output, "enabled").await?,
    }
    Ok(())
}

async fn send<T: serde::de::DeserializeOwned>(
    File { file, connection }: File,
    method: Method,
    path: &str,
) -> Result<T, Failure> {
    let media_type = match format_of(&file)? {
        Format::Json => "application/json",
        Format::Toml => "application/toml",
    };
    let text = read_definition(&file)?;
    Client::new(connection)?
        .definition(method, path, media_type, text, &file)
        .await
}

async fn change(
    transition: Transition,
    disabled: Option<String>,
    output: Output,
    done: &str,
) -> Result<(), Failure> {
    let Transition {
        name,
        stage,
        outbound,
        connection,
    } = transition;
    let direction = if outbound {
        Direction::Outbound
    } else {
        Direction::Inbound
    };
    let path = format!(
        "/pipelines/{}/stages/{}/transition",
        segment(&name),
        segment(&stage)
    );
    let body = TransitionRequest {
        direction,
        disabled,
    };
    let changed: serde_json::Value = Client::new(connection)?.put(&path, &body).await?;
    print(output, &changed, |_| {
        format!(
            "{done} the {} transition of stage {}",
            direction.as_str().to_lowercase(),
            safe(&stage)
        )
    });
    Ok(())
}

fn created_text(created: &Created) -> String {
    let name = safe(&created.name);
    match (&created.pipeline_execution_id, &created.not_started) {
        (Some(id), _) => format!(
            "created {name}, version {}\nexecution {id} started; follow it with: lockgate logs --follow {id}",
            created.version
        ),
        (None, why) => {
            let why = why.as_deref().map(safe).unwrap_or_default();
            format!(
                "created {name}, version {}\nnothing was started: {why}",
                created.version
            )
        }
    }
}

fn list_text(list: &PipelineList) -> String {
    if list.pipelines.is_empty() {
        return "no pipelines; create one with: lockgate pipeline create FILE".to_owned();
    }
    let mut rows = vec![
        ["NAME", "VERSION", "CREATED", "UPDATED"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(list.pipelines.iter().map(|pipeline| {
        vec![
            safe(&pipeline.name),
            pipeline.version.to_string(),
            date_time(pipeline.created),
            date_time(pipeline.updated),
        ]
    }));
    table(&rows)
}

fn history_text(list: &PipelineVersionList) -> String {
    let heading = ["VERSION", "CREATED", "BY"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    rows.extend(list.versions.iter().map(|version| {
        vec![
            version.version.to_string(),
            date_time(version.created),
            version.created_by.as_deref().map(safe).unwrap_or_default(),
        ]
    }));
    table(&rows)
}
