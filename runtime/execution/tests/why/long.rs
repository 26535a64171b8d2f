//! Long logs.

use crate::log::{Log, execution, id};
use lockgate_execution::why::{Fate, Question, ReasonKind, why, why_not};
use serde_json::json;

/// A log of 140,000 events, with a queue in front of its first stage that is
/// always full. Anything that looked back at every event would not end.
#[test]
fn a_long_log_is_read_from_beginning_to_end_and_no_more() {
    const EXECUTIONS: u32 = 20_000;
    const QUEUE: u32 = 49;
    let mut log = Log::new("QUEUED");
    for number in 1..=EXECUTIONS + QUEUE {
        if number <= EXECUTIONS {
            log.started(number);
            log.in_stage("ExecutionWaiting", number, "Source");
        }
        if let Some(first @ 1..) = number.checked_sub(QUEUE) {
            log.through_source(first, &format!("abc{first}"));
            log.of("ExecutionCancelled", first, json!({"reason": "enough"}));
        }
    }
    assert!(log.events.len() > 140_000);
    let answer = why(
        &log.events,
        &Question::Execution {
            execution: execution(EXECUTIONS),
        },
    );
    let kinds: Vec<_> = answer.reasons.iter().map(|reason| reason.kind).collect();
    assert_eq!(
        kinds,
        [
            ReasonKind::Started,
            ReasonKind::Waited,
            ReasonKind::WaitEnded,
            ReasonKind::RevisionFetched,
            ReasonKind::Cancelled
        ]
    );
    let all = why_not(&log.events, "abc");
    assert_eq!(all.fate, Fate::Cancelled);
    assert_eq!(all.executions.len(), EXECUTIONS as usize);
    assert!(all.sentence.contains(&id(EXECUTIONS)), "{}", all.sentence);
}
