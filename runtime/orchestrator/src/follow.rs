//! Following one execution: its events and its log lines, in an order that
//! makes sense to a reader, until it has ended. Reads the store; the doorbell
//! only says when to look again.

use crate::commit::recorded;
use crate::error::OrchestratorError;
use crate::shared::Shared;
use lockgate_execution::{Event, Recorded};
use lockgate_model::id::{ActionExecutionId, ExecutionId, TenantId};
use lockgate_model::job::LogLine;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

const PAGE: u32 = 500;
/// A ring that was missed delays a follower by this much at most.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Something that happened in an execution.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Its state changed.
    Event {
        /// Its place in the pipeline's history.
        sequence: u64,
        /// What happened.
        recorded: Box<Recorded>,
    },
    /// A line of an action's log.
    Log {
        /// Of which stage.
        stage: String,
        /// Of which action.
        action: String,
        /// The line.
        line: LogLine,
    },
}

/// A reader of one execution.
pub struct Follow {
    shared: Arc<Shared>,
    doorbell: broadcast::Receiver<ExecutionId>,
    tenant: TenantId,
    execution: ExecutionId,
    after: u64,
    events: VecDeque<(u64, Recorded)>,
    actions: BTreeMap<ActionExecutionId, Log>,
    ready: VecDeque<Entry>,
    ended: bool,
    wait: bool,
}

struct Log {
    stage: String,
    action: String,
    next: u64,
    ended: bool,
}

impl Follow {
    /// `wait`: go on until the execution has ended; else end with what there is.
    pub(crate) fn new(
        shared: Arc<Shared>,
        tenant: TenantId,
        execution: ExecutionId,
        wait: bool,
    ) -> Self {
        Self {
            doorbell: shared.doorbell.subscribe(),
            shared,
            tenant,
            execution,
            after: 0,
            events: VecDeque::new(),
            actions: BTreeMap::new(),
            ready: VecDeque::new(),
            ended: false,
            wait,
        }
    }

    /// The next entry; `None` when there is nothing more to come.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn next(&mut self) -> Result<Option<Entry>, OrchestratorError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            if self.advance().await? {
                continue;
            }
            if self.ended || !self.wait {
                return Ok(None);
            }
            self.rest().await;
        }
    }

    /// Fills `ready` with what is new; false where nothing is.
    async fn advance(&mut self) -> Result<bool, OrchestratorError> {
        if self.events.is_empty() {
            let events = self
                .shared
                .store
                .execution_events(&self.tenant, self.execution, self.after, PAGE)
                .await?;
            for stored in events {
                self.after = stored.sequence;
                let event = recorded(&stored).map_err(|error| OrchestratorError::Damaged {
                    what: format!("event {} of execution {}", stored.sequence, self.execution),
                    reason: error.to_string(),
                })?;
                self.events.push_back((stored.sequence, event));
            }
        }
        // The lines of an action come before the event that ends it.
        let Some((sequence, event)) = self.events.pop_front() else {
            return self.read_all_logs().await;
        };
        match &event.event {
            Event::ActionStarted {
                id, stage, action, ..
            } => {
                let log = Log {
                    stage: stage.clone(),
                    action: action.clone(),
                    next: 0,
                    ended: false,
                };
                self.actions.insert(*id, log);
            }
            Event::ActionSucceeded { stage, action, .. }
            | Event::ActionFailed { stage, action, .. }
            | Event::ActionAbandoned { stage, action, .. } => {
                let ended: Vec<ActionExecutionId> = self
                    .actions
                    .iter()
                    .filter(|(_, log)| !log.ended && log.stage == *stage && log.action == *action)
                    .map(|(id, _)| *id)
                    .collect();
                for id in ended {
                    while self.read_log(id).await? {}
                    if let Some(log) = self.actions.get_mut(&id) {
                        log.ended = true;
                    }
                }
            }
            Event::ExecutionSucceeded { .. }
            | Event::ExecutionFailed { .. }
            | Event::ExecutionStopped { .. }
            | Event::ExecutionCancelled { .. }
            | Event::ExecutionSuperseded { .. } => self.ended = true,
            Event::StageRetried { .. } => self.ended = false,
            _ => {}
        }
        self.ready.push_back(Entry::Event {
            sequence,
            recorded: Box::new(event),
        });
        Ok(true)
    }

    async fn read_all_logs(&mut self) -> Result<bool, OrchestratorError> {
        let open: Vec<ActionExecutionId> = self
            .actions
            .iter()
            .filter(|(_, log)| !log.ended)
            .map(|(id, _)| *id)
            .collect();
        let mut found = false;
        for id in open {
            found |= self.read_log(id).await?;
        }
        Ok(found)
    }

    async fn read_log(&mut self, id: ActionExecutionId) -> Result<bool, OrchestratorError> {
        let Some(log) = self.actions.get_mut(&id) else {
            return Ok(false);
        };
        let lines = self
            .shared
            .store
            .read_logs(&self.tenant, id, log.next, PAGE)
            .await?;
        let found = !lines.is_empty();
        for stored in lines {
            log.next = stored.index + 1;
            self.ready.push_back(Entry::Log {
                stage: log.stage.clone(),
                action: log.action.clone(),
                line: stored.line,
            });
        }
        Ok(found)
    }

    async fn rest(&mut self) {
        let ring = async {
            loop {
                match self.doorbell.recv().await {
                    Ok(execution) if execution == self.execution => return,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
        };
        let _ = tokio::time::timeout(LOOK_AGAIN, ring).await;
    }
}
