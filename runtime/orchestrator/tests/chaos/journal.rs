//! What really happened, in order, whatever anybody was told: what the disk
//! took, what the provider was handed and what it answered, what people asked
//! for and what they heard. The laws are held against it; people read it.

use lockgate_model::id::JobId;
use lockgate_model::job::Job;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A server starts.
    Begins,
    /// It is gone.
    Ends,
    /// For people alone.
    Said(String),
    /// The disk did not do what was asked, or did and did not say so.
    Fault(String),
    /// On disk from now on.
    Committed {
        pipeline: String,
        from: u64,
        to: u64,
        events: Vec<String>,
        token: Option<String>,
        finished: Vec<JobId>,
    },
    /// The provider has a job.
    Handed { delivery: u64, job: Box<Job> },
    /// It answered.
    Answered { delivery: u64, answer: String },
    /// Its attempt is gone without an answer.
    Died { delivery: u64 },
    /// A letter came, and was taken or not.
    Posted {
        key: Uuid,
        pipeline: String,
        letter: Option<Value>,
        taken: bool,
    },
    /// Somebody asks for something. `tells`: it cannot be done without an event.
    Asked {
        command: u64,
        pipeline: String,
        text: String,
        tells: bool,
    },
    /// And hears what became of it.
    Told {
        command: u64,
        kept: Option<bool>,
        text: String,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Journal(Vec<(Duration, What)>);

impl Journal {
    pub(crate) fn add(&mut self, at: Duration, what: What) {
        self.0.push((at, what));
    }

    /// With its place, which orders all that happened.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, Duration, &What)> {
        let entries = self.0.iter().enumerate();
        entries.map(|(index, (at, what))| (index, *at, what))
    }

    /// In lines for people.
    pub(crate) fn told(&self) -> String {
        let mut names = Names::default();
        let mut text = String::new();
        for (index, at, what) in self.entries() {
            let seconds = at.as_secs();
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            let (seconds, millis) = (seconds % 60, at.subsec_millis());
            let line = names.line(what);
            let _ = writeln!(
                text,
                "{index:>5} {hours:>3}:{minutes:02}:{seconds:02}.{millis:03}  {line}"
            );
        }
        text
    }
}

/// Numbers instead of ids.
#[derive(Default)]
struct Names {
    executions: BTreeMap<Uuid, usize>,
    jobs: BTreeMap<Uuid, String>,
}

impl Names {
    fn execution(&mut self, id: Uuid) -> usize {
        let next = self.executions.len() + 1;
        *self.executions.entry(id).or_insert(next)
    }

    fn line(&mut self, what: &What) -> String {
        match what {
            What::Begins => "--- a server starts".to_owned(),
            What::Ends => "--- it is gone".to_owned(),
            What::Said(text) => text.clone(),
            What::Fault(text) => format!("        fault: {text}"),
            What::Committed {
                pipeline,
                from,
                to,
                events,
                token,
                finished,
            } => {
                let mut line = format!("        {pipeline} {from}..{to} on disk: ");
                line.push_str(&events.join(", "));
                for job in finished {
                    let unknown = || "a job".to_owned();
                    let job = self.jobs.get(&job.0).cloned().unwrap_or_else(unknown);
                    let _ = write!(line, " [answers {job}]");
                }
                if let Some(token) = token {
                    let _ = write!(line, " [token {token}]");
                }
                line
            }
            What::Handed { delivery, job } => {
                let execution = self.execution(job.execution.0);
                let condition = job.condition.map_or("", |condition| condition.as_str());
                let name = format!(
                    "{} e{execution} {}/{condition}{}#{}",
                    job.pipeline, job.stage, job.action, job.attempt
                );
                self.jobs.insert(job.id.0, name.clone());
                format!("    d{delivery} handed out: {name}")
            }
            What::Answered { delivery, answer } => format!("    d{delivery} answers: {answer}"),
            What::Died { delivery } => format!("    d{delivery} is dropped"),
            What::Posted {
                pipeline,
                letter,
                taken,
                ..
            } => {
                let of = |key: &str| {
                    let value = letter.as_ref()?.pointer(key)?;
                    value.as_str().map(str::to_owned)
                };
                let what = of("/detail-type").unwrap_or_else(|| "an announcement".to_owned());
                let what = what.replace("CodePipeline ", "");
                let what = what.replace(" Execution State Change", "");
                let part = |key: &str| of(key).unwrap_or_default();
                let (state, id) = (part("/detail/state"), part("/detail/execution-id"));
                let execution = id.parse().map_or(0, |id| self.execution(id));
                let (stage, action) = (part("/detail/stage"), part("/detail/action"));
                let taken = if *taken { "taken" } else { "not taken" };
                format!(
                    "    letter of {pipeline} e{execution} {stage}/{action}: {what} {state}, {taken}"
                )
            }
            What::Asked {
                command,
                pipeline,
                text,
                ..
            } => {
                format!("  c{command} asks {pipeline}: {text}")
            }
            What::Told { command, text, .. } => format!("  c{command} hears: {text}"),
        }
    }
}
