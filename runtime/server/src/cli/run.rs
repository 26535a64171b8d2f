//! `lockgate run`: one pipeline from one file, without a server. The same
//! engine on a data directory of its own.

use super::interrupt::Interrupts;
use super::output::{line, safe};
use super::progress::Progress;
use super::revision::overrides;
use super::{Output, Trust};
use crate::Failure;
use crate::api::{FeedEntry, SourceRevisions};
use crate::engine::{DEV_TENANT, Engine, Plan, REGION, default_cache, default_state};
use anyhow::Context;
use clap::Args;
use lockgate_execution::{Event, StartedWork, UpdatePolicy};
use lockgate_model::definition::{Format, Pipeline, Problem, load};
use lockgate_model::id::{ApprovalToken, ExecutionId, Principal, TenantId};
use lockgate_model::status::ExecutionStatus;
use lockgate_model::trigger::SourceRevision;
use lockgate_orchestrator::{Entry, ExecutionDetail, Start};
use std::collections::BTreeMap;
use std::io::{BufRead, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Directories of earlier runs that are kept.
const KEPT_RUNS: usize = 10;

#[derive(Debug, Args)]
pub struct Options {
    /// The definition: TOML, or JSON as `aws codepipeline get-pipeline` prints it
    pub file: PathBuf,
    /// Approves every manual approval
    #[arg(long)]
    pub yes: bool,
    /// Value of a pipeline variable; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Revision that a source action takes instead of the newest; may be repeated
    #[arg(long = "revision", value_name = "ACTION=REVISION")]
    pub revisions: Vec<String>,
    /// What kind of revision it is: COMMIT_ID, IMAGE_DIGEST, S3_OBJECT_VERSION_ID or S3_OBJECT_KEY; may be repeated
    #[arg(long = "revision-type", value_name = "ACTION=TYPE")]
    pub revision_types: Vec<String>,
    /// Where state, logs and artifacts are kept [default: a new directory under the user's state]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where compiled plugins are kept [default: a directory of the user's cache]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    #[command(flatten)]
    pub trust: Trust,
}

pub async fn run(options: Options, output: Output) -> Result<(), Failure> {
    super::serve::log("warn");
    let format = format_of(&options.file)?;
    let text = read_definition(&options.file)?;
    let variables = pairs("--variable", &options.variables)?;
    let revisions = SourceRevisions::List(overrides(&options.revisions, &options.revision_types)?);
    let data = match options.data {
        Some(data) => data,
        None => new_run_directory()?,
    };
    let engine = Engine::start(Plan {
        data: data.clone(),
        cache: options.cache.unwrap_or_else(default_cache),
        trust: options.trust,
        poll_seconds: None,
        jobs: std::thread::available_parallelism().map_or(4, usize::from) * 4,
        region: REGION.to_owned(),
        address: None,
        // Nothing else runs here, and an earlier run is gone back to however the
        // file was changed since.
        update_policy: UpdatePolicy::Pin,
        say: |text| eprintln!("{text}"),
    })
    .await?;
    let tenant: TenantId = DEV_TENANT.parse()?;
    let status = match usable(&text, format, &options.file, options.yes, &engine) {
        Ok(definition) => {
            carry_out(
                &engine,
                &tenant,
                definition,
                variables,
                revisions.into(),
                options.yes,
                output,
            )
            .await
        }
        Err(failure) => Err(failure),
    };
    engine.orchestrator.shut_down().await;
    let status = status?;
    if output == Output::Text {
        line(&format!("state, logs and artifacts: {}", data.display()));
    }
    if status == ExecutionStatus::Succeeded {
        Ok(())
    } else {
        Err(Failure::Pipeline)
    }
}

/// The definition, where it is right and everybody who is asked can answer.
fn usable(
    text: &str,
    format: Format,
    file: &Path,
    yes: bool,
    engine: &Engine,
) -> Result<Pipeline, Failure> {
    let definition = load(text, format, engine.plugins.catalogue())
        .map_err(|problems| in_file(file, &problems))?;
    let asks = definition
        .stages
        .iter()
        .flat_map(|stage| &stage.actions)
        .find(|action| action.action_type_id.is_manual_approval());
    match asks {
        Some(action) if !yes && !std::io::stdin().is_terminal() => Err(Failure::input(format!(
            "{}: the action '{}' waits for approval and there is no terminal to ask on; give --yes to approve",
            file.display(),
            action.name
        ))),
        _ => Ok(definition),
    }
}

async fn carry_out(
    engine: &Engine,
    tenant: &TenantId,
    definition: Pipeline,
    variables: BTreeMap<String, String>,
    source_revisions: Vec<SourceRevision>,
    yes: bool,
    output: Output,
) -> Result<ExecutionStatus, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let by = Principal(format!("arn:aws:iam::{tenant}:user/{}", user()));
    let orchestrator = &engine.orchestrator;
    let name = definition.name.clone();
    // A data directory that was used before may know the pipeline already.
    match orchestrator.state(tenant, &name).await {
        Ok(_) => orchestrator.update_pipeline(tenant, definition, &by).await,
        Err(_) => orchestrator.create_pipeline(tenant, definition, &by).await,
    }
    .map_err(refused)?;
    let start = Start {
        variables,
        source_revisions,
        ..Start::by(&by)
    };
    let execution = orchestrator
        .start_execution(tenant, &name, start, &by)
        .await
        .map_err(refused)?;

    let watch = Watch {
        engine,
        tenant,
        name: &name,
        by: &by,
        yes,
    };
    let mut first = None;
    let mut next = Some(execution);
    while let Some(id) = next {
        let mut progress = Progress::new(output);
        watch
            .until_it_ends(id, &mut progress, &mut interrupts)
            .await?;
        let status = progress.status().unwrap_or(ExecutionStatus::Failed);
        first.get_or_insert(status);
        // A rollback that its failure led to is part of what was asked for.
        next = match status {
            ExecutionStatus::Failed => watch.rolled_back_by(id).await?,
            _ => None,
        };
    }
    Ok(first.unwrap_or(ExecutionStatus::Failed))
}

/// Whoever started an execution here, and looks on.
struct Watch<'a> {
    engine: &'a Engine,
    tenant: &'a TenantId,
    name: &'a str,
    by: &'a Principal,
    yes: bool,
}

impl Watch<'_> {
    async fn until_it_ends(
        &self,
        execution: ExecutionId,
        progress: &mut Progress,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let orchestrator = &self.engine.orchestrator;
        let mut follow = orchestrator.follow(self.tenant, execution, true);
        let mut interrupted = false;
        loop {
            let entry = tokio::select! {
                entry = follow.next() => entry?,
                () = interrupts.next() => {
                    if interrupted {
                        return Err(Failure::Pipeline);
                    }
                    interrupted = true;
                    self.stop(execution).await;
                    continue;
                }
            };
            let Some(entry) = entry else { return Ok(()) };
            let approval = waiting_approval(&entry);
            progress.show(&FeedEntry::from(entry));
            if let Some((stage, action, token, question)) = approval {
                if interrupted {
                    continue;
                }
                let answer = if self.yes {
                    Some((true, "--yes".to_owned()))
                } else {
                    tokio::select! {
                        answer = ask(question) => Some(answer?),
                        () = interrupts.next() => None,
                    }
                };
                let Some((approved, summary)) = answer else {
                    println!();
                    interrupted = true;
                    self.stop(execution).await;
                    continue;
                };
                let answered = orchestrator
                    .answer_approval(
                        self.tenant,
                        self.name,
                        stage,
                        action,
                        token,
                        approved,
                        summary,
                        self.by,
                    )
                    .await;
                // Somebody may have stopped the execution meanwhile.
                if let Err(error) = answered {
                    eprintln!("error: {error}");
                }
            }
        }
    }

    async fn rolled_back_by(&self, id: ExecutionId) -> Result<Option<ExecutionId>, Failure> {
        let store = self.engine.orchestrator.store();
        let Some(found) = store.execution(self.tenant, id).await? else {
            return Ok(None);
        };
        let detail: ExecutionDetail = serde_json::from_str(&found.execution.json)?;
        Ok(detail.rolled_back_by)
    }

    async fn stop(&self, id: ExecutionId) {
        let reason = "interrupted".to_owned();
        let stopped = self
            .engine
            .orchestrator
            .stop_execution(self.tenant, self.name, id, true, reason, self.by)
            .await;
        if let Err(error) = stopped {
            eprintln!("error: {error}");
        }
    }
}

type Waiting = (String, String, ApprovalToken, String);

fn waiting_approval(entry: &Entry) -> Option<Waiting> {
    let Entry::Event { recorded, .. } = entry else {
        return None;
    };
    match &recorded.event {
        Event::ActionStarted {
            stage,
            action,
            work: StartedWork::Approval(token),
            input,
            ..
        } => {
            let mut question = format!("Approve '{}' in stage '{}'?", safe(action), safe(stage));
            for key in ["CustomData", "ExternalEntityLink"] {
                if let Some(text) = input.configuration.get(key) {
                    question = format!("{}\n{question}", safe(text));
                }
            }
            Some((stage.clone(), action.clone(), *token, question))
        }
        _ => None,
    }
}

/// Asks on the terminal. Anything but a clear yes or no is asked again; an end
/// of input is a no.
async fn ask(question: String) -> Result<(bool, String), Failure> {
    let asked = tokio::task::spawn_blocking(move || -> std::io::Result<(bool, String)> {
        let stdin = std::io::stdin();
        println!("{question}");
        loop {
            print!("[yes/no, then an optional remark] ");
            std::io::stdout().flush()?;
            let mut text = String::new();
            if stdin.lock().read_line(&mut text)? == 0 {
                return Ok((false, "end of input".to_owned()));
            }
            let (word, remark) = text
                .trim()
                .split_once(char::is_whitespace)
                .unwrap_or((text.trim(), ""));
            match word
                .trim_end_matches([',', ':'])
                .to_ascii_lowercase()
                .as_str()
            {
                "y" | "yes" => return Ok((true, remark.trim().to_owned())),
                "n" | "no" => return Ok((false, remark.trim().to_owned())),
                _ => println!("Please answer yes or no."),
            }
        }
    });
    Ok(asked.await?.context("cannot ask on the terminal")?)
}

/// Reads a definition's text.
pub fn read_definition(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        let file = file.display();
        Failure::input(match error.kind() {
            ErrorKind::NotFound => {
                format!("{file}: there is no such file; give the path of a definition")
            }
            ErrorKind::IsADirectory => {
                format!("{file}: this is a directory; give the path of a definition in it")
            }
            ErrorKind::InvalidData => {
                format!("{file}: this is not text; save the definition as UTF-8")
            }
            _ => format!("{file}: cannot be read: {error}; give a definition that you may read"),
        })
    })
}

/// By the file's ending.
pub fn format_of(file: &Path) -> Result<Format, Failure> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("toml") => Ok(Format::Toml),
        Some("json") => Ok(Format::Json),
        _ => Err(Failure::input(format!(
            "{}: what form this file has cannot be told; a definition's file name ends in .toml or .json",
            file.display()
        ))),
    }
}

/// `NAME=VALUE` for each.
pub fn pairs(option: &str, given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    given
        .iter()
        .map(|text| {
            let (name, value) = text
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| Failure::input(format!("{option} '{text}': write NAME=VALUE")))?;
            Ok((name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn in_file(file: &Path, problems: &[Problem]) -> Failure {
    Failure::Input(
        problems
            .iter()
            .map(|p| format!("{}:{p}", file.display()))
            .collect(),
    )
}

fn refused(error: lockgate_orchestrator::OrchestratorError) -> Failure {
    use lockgate_orchestrator::OrchestratorError as E;
    match error {
        E::Definition(problems) => {
            Failure::Input(problems.iter().map(ToString::to_string).collect())
        }
        E::Rejected(rejected) => Failure::input(rejected),
        other => Failure::Ours(other.into()),
    }
}

fn user() -> String {
    std::env::var("USER")
        .ok()
        .filter(|user| !user.is_empty())
        .unwrap_or_else(|| "local".into())
}

/// A new directory for this run; the oldest ones are removed.
fn new_run_directory() -> Result<PathBuf, Failure> {
    let runs = default_state().join("runs");
    std::fs::create_dir_all(&runs)
        .map_err(|error| Failure::input(format!("{}: {error}; give --data DIR", runs.display())))?;
    let mut old: Vec<PathBuf> = std::fs::read_dir(&runs)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // Their names are version 7 UUIDs: in the order they were made.
    old.sort();
    let surplus = old.len().saturating_sub(KEPT_RUNS - 1);
    for path in old.into_iter().take(surplus) {
        // One that is in use, or somebody else's, stays.
        if lockgate_store::Store::is_free(&path.join("lockgate.db")) {
            // With caches in it that builds made, of any modes.
            let _ = lockgate_artifacts::remove_tree(&path);
        }
    }
    Ok(runs.join(uuid::Uuid::now_v7().to_string()))
}
