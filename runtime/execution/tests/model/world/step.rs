//! One step of a history, and the line it is written as. `parse` reads the line
//! back. Knows nothing of the machine but its words.

use super::words::{quoted, spell_condition};
use lockgate_execution::Direction;
use lockgate_model::definition::ConditionType;
use lockgate_model::job::FailureType;
use std::fmt::{self, Display, Formatter};

/// Something that somebody does, or that time does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// `start audience=staff Source.get@1f2e as CloudWatchEvent: nightly`
    Start {
        variables: Vec<(String, String)>,
        revisions: Vec<(String, String)>,
        trigger: Option<(String, String)>,
    },
    /// `Build.make of 2 succeeds revision=1f2e`, and with `late` in front the
    /// answer to a job that is no longer awaited.
    Job {
        late: bool,
        target: Target,
        answer: Answer,
    },
    /// `queue Build.make of 2`
    Queue(Target),
    /// `poll Build.make of 2 by bob`
    Poll { target: Target, by: Option<String> },
    /// `acknowledge Build.make of 2 with an old nonce`
    Acknowledge { target: Target, old: bool },
    /// `approve Release.Ask of 2 with an old token by bob: fine`
    Approval {
        yes: bool,
        target: Target,
        old: bool,
        by: Option<String>,
        words: String,
    },
    /// `stop 2 abandon: wrong`
    Stop {
        of: usize,
        abandon: bool,
        words: String,
    },
    /// `retry Build of 2 all actions`
    Retry { stage: String, of: usize, all: bool },
    /// `roll Deploy back to 1`
    RollBack { stage: String, to: usize },
    /// `override Deploy entry of 2`
    Override {
        stage: String,
        condition: ConditionType,
        of: usize,
    },
    /// `disable Deploy inbound: freeze`
    Disable {
        stage: String,
        direction: Direction,
        words: String,
    },
    /// `enable Deploy inbound`
    Enable { stage: String, direction: Direction },
    /// `create changed.toml`
    Create { file: String },
    /// `update changed.toml pin`
    Update { file: String, pin: bool },
    /// `delete`
    Delete,
    /// `90 seconds pass`, `8 days pass asleep`
    Pass { seconds: u64, asleep: bool },
    /// `push main to get new files=a,b commit=1f2e unpinned`
    Changed {
        change: Change,
        to: Option<String>,
        files: Option<Vec<String>>,
        commit: Option<String>,
        unpinned: bool,
    },
    /// `Source.get reports 1f2e`
    Report {
        stage: String,
        action: String,
        revision: String,
    },
}

/// Whose job or approval: a place, and which execution if more than one is
/// there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) stage: String,
    pub(crate) place: Place,
    pub(crate) of: Option<usize>,
}

/// A place in a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `Build.make`
    Action(String),
    /// `Build entry rule window`
    Rule(ConditionType, String),
}

/// What came of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// `succeeds artifacts=a,b revision=1f2e sets version=1 colour=red`
    Succeeds {
        artifacts: Option<Vec<String>>,
        revision: Option<String>,
        sets: Vec<(String, String)>,
    },
    /// `fails as PermissionError: not granted`
    Fails { kind: FailureType, words: String },
    /// `goes on in 30 seconds`
    GoesOn { seconds: u32 },
}

/// What changed in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// `push main new`
    Push { branch: String, new: bool },
    /// `tag v1.0`
    Tag(String),
    /// `pull request 7 opened from feature into main`
    Pull {
        number: String,
        what: &'static str,
        from: String,
        into: String,
    },
}

/// What can happen to a pull request, as steps call it.
pub(crate) const PULL_WORDS: [&str; 4] = ["opened", "updated", "closed", "merged"];

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Action(action) => write!(f, "{}.{action}", self.stage)?,
            Place::Rule(condition, rule) => write!(
                f,
                "{} {} rule {rule}",
                self.stage,
                spell_condition(*condition)
            )?,
        }
        match self.of {
            Some(number) => write!(f, " of {number}"),
            None => Ok(()),
        }
    }
}

impl Display for Answer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeds {
                artifacts,
                revision,
                sets,
            } => {
                write!(f, "succeeds")?;
                if let Some(names) = artifacts {
                    write!(f, " artifacts={}", listed(names))?;
                }
                if let Some(revision) = revision {
                    write!(f, " revision={}", quoted(revision))?;
                }
                if !sets.is_empty() {
                    write!(f, " sets")?;
                    pairs(f, sets)?;
                }
                Ok(())
            }
            Self::Fails { kind, words } => {
                write!(f, "fails")?;
                if *kind != FailureType::JobFailed {
                    write!(f, " as {}", kind.as_str())?;
                }
                said(f, words)
            }
            Self::GoesOn { seconds } => write!(f, "goes on in {seconds} seconds"),
        }
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push { branch, new } => {
                write!(
                    f,
                    "push {}{}",
                    quoted(branch),
                    if *new { " new" } else { "" }
                )
            }
            Self::Tag(name) => write!(f, "tag {}", quoted(name)),
            Self::Pull {
                number,
                what,
                from,
                into,
            } => write!(
                f,
                "pull request {number} {what} from {} into {}",
                quoted(from),
                quoted(into)
            ),
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start {
                variables,
                revisions,
                trigger,
            } => {
                write!(f, "start")?;
                pairs(f, variables)?;
                for (action, revision) in revisions {
                    write!(f, " {action}@{revision}")?;
                }
                match trigger {
                    Some((kind, words)) => {
                        write!(f, " as {kind}")?;
                        said(f, words)
                    }
                    None => Ok(()),
                }
            }
            Self::Job {
                late,
                target,
                answer,
            } => write!(f, "{}{target} {answer}", if *late { "late " } else { "" }),
            Self::Queue(target) => write!(f, "queue {target}"),
            Self::Poll { target, by } => {
                write!(f, "poll {target}")?;
                whose(f, by.as_deref())
            }
            Self::Acknowledge { target, old } => write!(
                f,
                "acknowledge {target}{}",
                if *old { " with an old nonce" } else { "" }
            ),
            Self::Approval {
                yes,
                target,
                old,
                by,
                words,
            } => {
                write!(
                    f,
                    "{} {target}{}",
                    if *yes { "approve" } else { "reject" },
                    if *old { " with an old token" } else { "" }
                )?;
                whose(f, by.as_deref())?;
                said(f, words)
            }
            Self::Stop { of, abandon, words } => {
                write!(f, "stop {of}{}", if *abandon { " abandon" } else { "" })?;
                said(f, words)
            }
            Self::Retry { stage, of, all } => write!(
                f,
                "retry {stage} of {of}{}",
                if *all { " all actions" } else { "" }
            ),
            Self::RollBack { stage, to } => write!(f, "roll {stage} back to {to}"),
            Self::Override {
                stage,
                condition,
                of,
            } => write!(
                f,
                "override {stage} {} of {of}",
                spell_condition(*condition)
            ),
            Self::Disable {
                stage,
                direction,
                words,
            } => {
                write!(f, "disable {stage} {}", side(*direction))?;
                said(f, words)
            }
            Self::Enable { stage, direction } => {
                write!(f, "enable {stage} {}", side(*direction))
            }
            Self::Create { file } => write!(f, "create {file}"),
            Self::Update { file, pin } => {
                write!(f, "update {file}{}", if *pin { " pin" } else { "" })
            }
            Self::Delete => write!(f, "delete"),
            Self::Pass { seconds, asleep } => {
                let (count, unit) = span(*seconds);
                let verb = if count == 1 { "passes" } else { "pass" };
                let many = if count == 1 { "" } else { "s" };
                write!(
                    f,
                    "{count} {unit}{many} {verb}{}",
                    if *asleep { " asleep" } else { "" }
                )
            }
            Self::Changed {
                change,
                to,
                files,
                commit,
                unpinned,
            } => {
                write!(f, "{change}")?;
                if let Some(to) = to {
                    write!(f, " to {to}")?;
                }
                if let Some(files) = files {
                    write!(f, " files={}", listed(files))?;
                }
                if let Some(commit) = commit {
                    write!(f, " commit={commit}")?;
                }
                write!(f, "{}", if *unpinned { " unpinned" } else { "" })
            }
            Self::Report {
                stage,
                action,
                revision,
            } => write!(f, "{stage}.{action} reports {}", quoted(revision)),
        }
    }
}

fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

fn span(seconds: u64) -> (u64, &'static str) {
    for (length, unit) in [(86_400, "day"), (3600, "hour"), (60, "minute")] {
        if seconds >= length && seconds.is_multiple_of(length) {
            return (seconds / length, unit);
        }
    }
    (seconds, "second")
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    quoted(&names.join(","))
}

fn pairs(f: &mut Formatter<'_>, pairs: &[(String, String)]) -> fmt::Result {
    for (name, value) in pairs {
        write!(f, " {name}={}", quoted(value))?;
    }
    Ok(())
}

fn whose(f: &mut Formatter<'_>, by: Option<&str>) -> fmt::Result {
    match by {
        Some(name) => write!(f, " by {name}"),
        None => Ok(()),
    }
}

fn said(f: &mut Formatter<'_>, words: &str) -> fmt::Result {
    if words.is_empty() {
        Ok(())
    } else {
        write!(f, ": {words}")
    }
}
