//! Jobs and answers: no job goes out before its decision is on disk or after its
//! end is, every delivery of one is the same, each answer in the log was given to
//! that job and counts once, and none that was awaited is lost.

use super::log::Log;
use super::order::{JobRun, Runs};
use crate::journal::What;
use crate::provider::mark;
use crate::workers::action_type;
use crate::world::State;
use lockgate_execution::Event;
use lockgate_model::id::JobId;
use lockgate_model::job::Job;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So long an answer may wait for a disk that is well.
const PATIENCE: Duration = Duration::from_secs(120);

struct Given {
    job: JobId,
    attempt: u32,
    at: usize,
    when: Duration,
    panics: bool,
    /// Whoever gave it was told at once what became of it.
    by_worker: bool,
}

pub(crate) fn hold(log: &Log, runs: &Runs, state: &State, wrong: &mut Vec<String>) {
    let name = &log.pipeline;
    let mut handed: BTreeMap<u64, &Job> = BTreeMap::new();
    let mut first: BTreeMap<JobId, &Job> = BTreeMap::new();
    let mut given: BTreeMap<u64, Given> = BTreeMap::new();
    for (index, when, what) in state.journal.entries().skip(log.begins) {
        match what {
            What::Handed { delivery, job } if job.pipeline == *name => {
                handed.insert(*delivery, job);
                match first.get(&job.id) {
                    Some(first) if **first != **job => {
                        wrong.push(format!("d{delivery}: the job is not what it was before"));
                    }
                    Some(_) => {}
                    None => {
                        first.insert(job.id, job);
                    }
                }
                deliver(log, runs, state, (*delivery, job, index), wrong);
            }
            What::Answered { delivery, answer } => {
                if let Some(job) = handed.get(delivery) {
                    let given_now = Given {
                        job: job.id,
                        attempt: job.attempt,
                        at: index,
                        when,
                        panics: answer == "panics",
                        by_worker: job.action_type == action_type(),
                    };
                    given.entry(*delivery).or_insert(given_now);
                }
            }
            _ => {}
        }
    }
    let mut counted = BTreeSet::new();
    for (job, run) in &runs.jobs {
        if let Some(ended) = run.ended {
            let found = accept(log, (*job, run, ended), &given, state);
            match found {
                Ok(Some(delivery)) if !counted.insert(delivery) => {
                    wrong.push(format!("{name}: the answer of d{delivery} counts twice"));
                }
                Ok(_) => {}
                Err(text) => wrong.push(format!("{name}: event {}: {text}", ended + 1)),
            }
        }
    }
}

/// A job that goes out is on disk, and its end is not.
fn deliver(
    log: &Log,
    runs: &Runs,
    state: &State,
    (delivery, job, index): (u64, &Job, usize),
    wrong: &mut Vec<String>,
) {
    let Some(run) = runs.jobs.get(&job.id) else {
        return wrong.push(format!("d{delivery}: the log knows no such job"));
    };
    if run.key != job.action_execution || run.attempt != job.attempt {
        wrong.push(format!("d{delivery}: the log has another key or attempt"));
    }
    if log.on_disk[run.began].0 > index {
        wrong.push(format!("d{delivery}: goes out before it is on disk"));
    }
    let Some(ended) = run.ended.map(|ended| log.on_disk[ended].0) else {
        return;
    };
    // Whoever was not told how the disk is, or not yet, may go by what it was.
    let since = ended.saturating_sub(1);
    let told = state.journal.entries().skip(since);
    let told = told.take(index.saturating_sub(since));
    let mut told = told.map(|(_, _, what)| what);
    if ended < index && !told.any(|what| matches!(what, What::Fault(_))) {
        wrong.push(format!("d{delivery}: goes out after its end is on disk"));
    }
}

/// Whether the end of a job is an answer that was given to it, and which.
fn accept(
    log: &Log,
    (job, run, ended): (JobId, &JobRun, usize),
    given: &BTreeMap<u64, Given>,
    state: &State,
) -> Result<Option<u64>, String> {
    let recorded = &log.events[ended];
    let (on_disk, first) = log.on_disk[ended];
    let answers = recorded.cause.command == "JobFinished" && first;
    let own = || given.iter().filter(|(_, given)| given.job == job);
    if !answers {
        if recorded.cause.command == "TimePassed"
            && let Some((delivery, _)) =
                own().find(|(_, given)| !given.by_worker && is_lost(given, on_disk, state))
        {
            return Err(format!("the answer of d{delivery} was lost"));
        }
        return Ok(None);
    }
    let said = match &recorded.event {
        Event::ActionPending { continuation, .. } | Event::RulePending { continuation, .. } => {
            continuation.clone()
        }
        Event::ActionSucceeded { external, .. } | Event::RuleSucceeded { external, .. } => {
            external.summary.clone().unwrap_or_default()
        }
        Event::ActionFailed { failure, .. } | Event::RuleFailed { failure, .. } => {
            failure.message.clone()
        }
        other => return Err(format!("{} is no answer", other.name())),
    };
    if said.contains("the server itself failed") {
        let panicked = own().any(|(_, given)| given.panics && given.at < on_disk);
        return match panicked {
            true => Ok(None),
            false => Err("the server says that it failed, and did not".into()),
        };
    }
    let found = own().find(|(delivery, _)| said == mark(**delivery));
    match found {
        Some((delivery, given)) if given.at < on_disk && given.attempt == run.attempt => {
            Ok(Some(*delivery))
        }
        Some((delivery, _)) => Err(format!("d{delivery} counts where it should not")),
        None => Err(format!("nobody gave this answer: '{said}'")),
    }
}

/// It was given to a server that lived on, with a disk that was well.
fn is_lost(given: &Given, ended: usize, state: &State) -> bool {
    let mut entries = state.journal.entries();
    let end = entries.nth(ended).map(|(_, when, _)| when);
    let Some(end) = end.filter(|end| *end > given.when + PATIENCE) else {
        return false;
    };
    let since = state
        .journal
        .entries()
        .skip(given.at)
        .take(ended - given.at);
    since.into_iter().all(|(_, when, what)| match what {
        What::Ends => false,
        What::Fault(_) => when + PATIENCE < end,
        _ => true,
    })
}
