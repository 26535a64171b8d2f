//! `lockgate trigger explain`: what a change, or a webhook delivery, would
//! start; by the pipelines of a server, or by one definition file without any.

use super::client::Client;
use super::output::{Style, print, safe};
use super::run::{format_of, read_definition};
use super::{Connection, Output};
use crate::Failure;
use crate::api::{DeliveryDocument, ExplainRequest, Explanations};
use clap::{Args, Subcommand, ValueEnum};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::{PullRequestEvent, read};
use lockgate_model::job::Revision;
use lockgate_orchestrator::Explained;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Says which pipelines a change would start, and which filter decides; starts nothing
    Explain(Explain),
}

#[derive(Debug, Args)]
pub struct Explain {
    /// The pipeline [default: all of them]
    #[arg(conflicts_with = "definition")]
    pipeline: Option<String>,
    /// Only source actions of this name
    #[arg(long, value_name = "ACTION")]
    source: Option<String>,
    /// Asks this definition instead of a server
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    #[command(flatten)]
    what: What,
    /// The branch that a pull request is to be merged into
    #[arg(long, value_name = "BRANCH", requires = "pull_request")]
    into: Option<String>,
    /// The branch that a pull request comes from
    #[arg(long, value_name = "BRANCH", requires = "pull_request")]
    from: Option<String>,
    /// The pull request was closed by merging it
    #[arg(long, requires = "pull_request")]
    merged: bool,
    /// The push makes the branch
    #[arg(long, requires = "branch")]
    created: bool,
    /// A file that the change touches; may be repeated. None: the source cannot tell
    #[arg(long = "file", value_name = "PATH", conflicts_with = "event")]
    files: Vec<String>,
    /// The revision
    #[arg(long, value_name = "REVISION", conflicts_with = "event")]
    revision: Option<String>,
    /// A header of the delivery, such as 'X-GitHub-Event: push'; may be repeated
    #[arg(long = "header", value_name = "NAME: VALUE", requires = "event")]
    headers: Vec<String>,
    /// The delivery's signature has to hold
    #[arg(long, requires = "event")]
    verify: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct What {
    /// A push to this branch
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// A push of this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// A pull request; needs --into
    #[arg(long, value_enum, value_name = "EVENT")]
    pull_request: Option<Event>,
    /// A webhook delivery: the file with its body, as the forge sends it
    #[arg(long, value_name = "FILE", conflicts_with = "definition")]
    event: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Event {
    /// It was opened
    Open,
    /// Its commits changed
    Updated,
    /// It was closed or merged
    Closed,
}

pub async fn run(command: Command, output: Output) -> Result<(), Failure> {
    let Command::Explain(asked) = command;
    let explanations = match (&asked.what.event, &asked.definition) {
        (Some(event), _) => {
            let delivery = DeliveryDocument {
                headers: headers(&asked.headers)?,
                body: read_event(event)?,
                verify: asked.verify,
            };
            ask(asked, None, Some(delivery)).await?
        }
        (None, Some(definition)) => by_file(definition, &asked, &change(&asked)?)?,
        (None, None) => {
            let change = change(&asked)?;
            ask(asked, Some(change), None).await?
        }
    };
    print(output, &explanations, text);
    Ok(())
}

async fn ask(
    asked: Explain,
    change: Option<SourceChange>,
    delivery: Option<DeliveryDocument>,
) -> Result<Explanations, Failure> {
    let request = ExplainRequest {
        pipeline: asked.pipeline,
        source_action: asked.source,
        change,
        delivery,
    };
    let client = Client::new(asked.connection)?;
    client.post("/triggers/explain", &request).await
}

/// What the filters of a file say. Whether it was reported before, and how many
/// executions there are, only a server knows.
fn by_file(file: &Path, asked: &Explain, change: &SourceChange) -> Result<Explanations, Failure> {
    let text = read_definition(file)?;
    let (definition, _) = read(&text, format_of(file)?).map_err(|problems| {
        let told = problems.iter();
        Failure::Input(
            told.map(|problem| format!("{}:{problem}", file.display()))
                .collect(),
        )
    })?;
    let explanations = lockgate_execution::explain(&definition, change, asked.source.as_deref());
    Ok(Explanations {
        explanations: explanations
            .into_iter()
            .map(|(source_action, verdict)| Explained {
                pipeline: definition.name.clone(),
                source_action,
                starts: verdict.passes(),
                sentence: verdict.to_string(),
                change: Some(change.clone()),
                verdict: Some(verdict),
            })
            .collect(),
    })
}

fn change(asked: &Explain) -> Result<SourceChange, Failure> {
    let What {
        branch,
        tag,
        pull_request,
        ..
    } = &asked.what;
    let kind = match (branch, tag, pull_request) {
        (Some(name), ..) => ChangeKind::Branch {
            name: name.clone(),
            created: asked.created,
        },
        (_, Some(name), _) => ChangeKind::Tag { name: name.clone() },
        (.., Some(event)) => ChangeKind::PullRequest {
            event: match event {
                Event::Open => PullRequestEvent::Open,
                Event::Updated => PullRequestEvent::Updated,
                Event::Closed => PullRequestEvent::Closed,
            },
            number: "1".to_owned(),
            source_branch: asked.from.clone().unwrap_or_else(|| "change".to_owned()),
            destination_branch: asked.into.clone().ok_or_else(|| {
                Failure::input("--pull-request: filters judge the branch that it is to be merged into; add --into BRANCH")
            })?,
            merged: asked.merged,
            fork: false,
        },
        _ => {
            return Err(Failure::input(
                "give one of --branch, --tag, --pull-request and --event",
            ));
        }
    };
    Ok(SourceChange {
        kind,
        revision: Revision {
            // No revision that ever was: nothing is taken for reported before.
            id: asked.revision.clone().unwrap_or_else(|| "0".repeat(40)),
            summary: None,
            url: None,
            created: None,
        },
        files: (!asked.files.is_empty()).then(|| asked.files.clone()),
        repository: None,
        author: None,
    })
}

fn headers(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    given
        .iter()
        .map(|text| {
            text.split_once(':')
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| {
                    Failure::input(format!(
                        "--header '{text}': write NAME: VALUE, such as 'X-GitHub-Event: push'"
                    ))
                })
        })
        .collect()
}

fn read_event(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::input(format!(
            "--event {}: cannot be read: {error}; name a file that holds the body of a delivery",
            file.display()
        ))
    })
}

fn text(explanations: &Explanations) -> String {
    if explanations.explanations.is_empty() {
        return "there are no pipelines; create one with: lockgate pipeline create FILE".to_owned();
    }
    let style = Style::of_stdout();
    explanations
        .explanations
        .iter()
        .map(|explained| {
            let word = if explained.starts {
                style.good("starts")
            } else {
                style.attention("does not start")
            };
            format!(
                "{} by {} {word}\n  {}\n",
                safe(&explained.pipeline),
                safe(&explained.source_action),
                safe(&explained.sentence)
            )
        })
        .collect()
}
