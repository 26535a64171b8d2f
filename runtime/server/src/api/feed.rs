//! The feed of an execution: its events and the lines of its logs.

use lockgate_execution::{Event, StartedWork};
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ApprovalToken, Nonce};
use lockgate_model::job::LogLevel;
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::Entry;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One thing that happened in an execution, as `…/feed` sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FeedEntry {
    /// The state changed.
    Event {
        sequence: u64,
        at: Timestamp,
        by: String,
        event: Box<Event>,
    },
    /// A line of the log of an action, or of a rule, which has a condition.
    Log {
        stage: String,
        action: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<ConditionType>,
        at: Timestamp,
        level: LogLevel,
        text: String,
    },
    /// The feed broke off on the server's side.
    Broken { message: String },
}

impl From<Entry> for FeedEntry {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::Event { sequence, recorded } => {
                let recorded = *recorded;
                let mut event = recorded.event;
                // A token lets its bearer approve: it is read from the state, by
                // those who may. A nonce is its worker's alone.
                match &mut event {
                    Event::ActionStarted {
                        work: work @ StartedWork::Approval(_),
                        ..
                    } => *work = StartedWork::Approval(ApprovalToken(Uuid::nil())),
                    Event::JobDispatched { nonce, .. } => *nonce = Nonce(Uuid::nil()),
                    _ => {}
                }
                Self::Event {
                    sequence,
                    at: recorded.at,
                    by: recorded.cause.by.to_string(),
                    event: Box::new(event),
                }
            }
            Entry::Log {
                stage,
                action,
                condition,
                line,
            } => Self::Log {
                stage,
                action,
                condition,
                at: line.at,
                level: line.level,
                text: line.text,
            },
        }
    }
}
