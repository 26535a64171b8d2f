//! Random pipelines, random histories, and an oracle that holds every step of
//! them against the laws of docs/reference/semantics.md. What breaks one is made
//! as short as it goes and printed as a scenario that can be kept.
//!
//! `LOCKGATE_MODEL_STEPS` says how many steps are taken (a million where it is
//! not set), `LOCKGATE_MODEL_SEED` where they begin.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

mod chance;
mod definitions;
mod doctored;
mod driver;
mod history;
mod oracle;
mod shrink;
mod world;

use history::random;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

/// In the minute that a test run has for it.
const STEPS: u64 = 1_000_000;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is not a number")),
    )
}

#[test]
fn every_history_keeps_the_laws_and_every_execution_ends() {
    let steps = setting("LOCKGATE_MODEL_STEPS").unwrap_or(STEPS);
    let first = setting("LOCKGATE_MODEL_SEED").unwrap_or(1);
    let (taken, next) = (AtomicU64::new(0), AtomicU64::new(first));
    let found = Mutex::new(BTreeMap::new());
    let met = Mutex::new(BTreeMap::new());
    let work = || {
        while taken.load(Ordering::Relaxed) < steps {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let result = catch_unwind(AssertUnwindSafe(|| random(seed)));
            let broken = match result {
                Ok(Ok(kept)) => {
                    taken.fetch_add(kept.steps, Ordering::Relaxed);
                    let mut met = met.lock().unwrap();
                    for (name, count) in kept.met {
                        *met.entry(name).or_insert(0_u64) += count;
                    }
                    continue;
                }
                Ok(Err(broken)) => broken,
                Err(panic) => {
                    eprintln!("seed {seed} panics");
                    resume_unwind(panic);
                }
            };
            // The same law is broken by many: one of them is told.
            let law = broken.broken.law;
            if found.lock().unwrap().contains_key(law) {
                taken.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let told = shrink::print(&shrink::shrink(*broken), seed);
            found.lock().unwrap().insert(law, told);
        }
    };
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (taken, seconds) = (taken.into_inner(), began.elapsed().as_secs_f64());
    println!(
        "{taken} steps in {seconds:.1} s, {:.0} a second",
        taken as f64 / seconds
    );
    let met = met.into_inner().unwrap();
    for (name, count) in &met {
        println!("{count:>9} {name}");
    }
    let found = found.into_inner().unwrap();
    let told: Vec<_> = found.into_values().collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    // Chance has to reach everything: a rule that never came up is not proved.
    let unmet: Vec<_> = REACHED
        .iter()
        .filter(|name| !met.contains_key(*name))
        .collect();
    assert!(steps < STEPS || unmet.is_empty(), "{unmet:?} never came up");
}

/// Events and refusals that a million steps meet.
const REACHED: &[&str] = &[
    "PipelineCreated",
    "PipelineUpdated",
    "PipelineDeleted",
    "ExecutionStarted",
    "ChangeIgnored",
    "ExecutionWaiting",
    "ExecutionSuperseded",
    "ExecutionStopping",
    "ExecutionStopped",
    "ExecutionCancelling",
    "ExecutionCancelled",
    "ExecutionSucceeded",
    "ExecutionFailed",
    "StageEntered",
    "StageSucceeded",
    "StageFailed",
    "StageSkipped",
    "StageStopped",
    "StageCancelled",
    "StageRetried",
    "ConditionStarted",
    "ConditionEnded",
    "ConditionOverridden",
    "RuleStarted",
    "RulePending",
    "RuleSucceeded",
    "RuleFailed",
    "RuleAbandoned",
    "ActionStarted",
    "ActionPending",
    "ActionSucceeded",
    "ActionFailed",
    "ActionAbandoned",
    "ApprovalAnswered",
    "JobQueued",
    "JobDispatched",
    "JobAcknowledged",
    "TransitionDisabled",
    "TransitionEnabled",
    "ApprovalAlreadyCompletedException",
    "ConcurrentPipelineExecutionsLimitExceededException",
    "ConditionNotOverridableException",
    "DuplicatedStopRequestException",
    "InvalidApprovalTokenException",
    "InvalidJobStateException",
    "InvalidNonceException",
    "JobNotFoundException",
    "NotLatestPipelineExecutionException",
    "PipelineExecutionNotFoundException",
    "PipelineExecutionNotStoppableException",
    "PipelineExecutionOutdatedException",
    "PipelineNameInUseException",
    "PipelineNotFoundException",
    "StageNotFoundException",
    "StageNotRetryableException",
    "UnableToRollbackStageException",
    "ValidationException",
];
