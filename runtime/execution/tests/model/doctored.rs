//! The oracle's own proof: a log in which something was changed breaks a law. An
//! oracle that never objects would prove nothing.

use crate::chance::Chance;
use crate::driver;
use crate::history::History;
use crate::oracle::Oracle;
use lockgate_execution::{Event, Recorded};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Logs of random histories.
fn logs() -> impl Iterator<Item = Vec<Recorded>> {
    (1..16).map(|seed| {
        let mut chance = Chance::new(seed);
        let definition = crate::definitions::random(&mut chance);
        let definitions = BTreeMap::from([("pipeline.toml".to_owned(), definition)]);
        let mut history =
            History::new(Rc::new(definitions)).unwrap_or_else(|broken| panic!("{broken:?}"));
        for _ in 0..120 {
            let step = driver::next(&history.world, &mut chance);
            assert!(history.take(&step).is_ok());
        }
        // Whether that keeps the laws is another test's.
        let _ = history.finish();
        history.world.log
    })
}

fn objects(log: &[Recorded]) -> bool {
    Oracle::read(log).is_err()
}

/// What may be said twice.
fn repeatable(event: &Event) -> bool {
    matches!(
        event,
        Event::TransitionDisabled { .. }
            | Event::TransitionEnabled { .. }
            | Event::ChangeIgnored { .. }
            | Event::ExecutionCancelling { .. }
    )
}

/// What nothing has to come after.
fn needless(recorded: &Recorded) -> bool {
    let Recorded { event, .. } = recorded;
    repeatable(event) || matches!(event, Event::JobQueued { .. })
}

#[test]
fn no_event_happens_twice() {
    for log in logs() {
        assert!(!objects(&log));
        for at in 0..log.len() {
            if repeatable(&log[at].event) {
                continue;
            }
            let twice = [&log[..=at], &log[at..]].concat();
            assert!(objects(&twice), "twice: {:?}", log[at].event);
        }
    }
}

/// Which kinds of events nobody misses, out of how many.
#[test]
fn every_event_that_leads_to_others_is_missed() {
    let mut missed: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for log in logs() {
        for at in 0..log.len() {
            if needless(&log[at]) {
                continue;
            }
            let without = [&log[..at], &log[at + 1..]].concat();
            let (noticed, all) = missed.entry(log[at].event.name()).or_default();
            *noticed += usize::from(objects(&without));
            *all += 1;
        }
    }
    // The last event of an execution is missed by nobody after it, and what was
    // only waited for leaves no trace: the others are missed mostly.
    let silent = [
        "ExecutionSucceeded",
        "ExecutionFailed",
        "ExecutionStopped",
        "ExecutionCancelled",
        "ExecutionSuperseded",
        "ExecutionWaiting",
        "ActionPending",
        "RulePending",
        "PipelineDeleted",
    ];
    for (name, (noticed, all)) in missed {
        assert!(
            silent.contains(&name) || noticed * 3 >= all * 2,
            "{name}: {noticed} of {all} noticed"
        );
    }
}
