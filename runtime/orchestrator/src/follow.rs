//! Following one execution: its events and its log lines, in an order that
//! makes sense to a reader, until it has ended. Reads the store; the doorbell
//! only says when to look again.

use crate::commit::recorded;
use crate::doorbell::Bell;
use crate::error::OrchestratorError;
use crate::history::masked;
use crate::shared::Shared;
use lockgate_execution::{Event, Recorded};
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ActionExecutionId, ExecutionId, TenantId};
use lockgate_model::job::LogLine;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Events, or lines, that are held at a time.
const PAGE: u32 = 500;

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
    /// A line of the log of an action or of a rule.
    Log {
        /// Of which stage.
        stage: String,
        /// Of which action; of a rule its name.
        action: String,
        /// The condition that it is a rule of; absent: it is an action.
        condition: Option<ConditionType>,
        /// The line.
        line: LogLine,
    },
}

/// A reader of one execution.
pub struct Follow {
    shared: Arc<Shared>,
    bell: Bell,
    tenant: TenantId,
    execution: ExecutionId,
    after: u64,
    /// Read and not given out yet.
    events: VecDeque<(u64, Recorded)>,
    lines: VecDeque<Entry>,
    /// Actions and rules that have not ended, as far as was given out.
    actions: BTreeMap<ActionExecutionId, Log>,
    ended: bool,
    wait: bool,
}

struct Log {
    stage: String,
    action: String,
    condition: Option<ConditionType>,
    next: u64,
}

impl Log {
    fn of(stage: &str, action: &str, condition: Option<ConditionType>) -> Self {
        Self {
            stage: stage.to_owned(),
            action: action.to_owned(),
            condition,
            next: 0,
        }
    }
}

/// What a look brought.
enum Look {
    Found(Entry),
    /// More may be there already.
    Again,
    Nothing,
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
            bell: shared.doorbell.listen(execution),
            shared,
            tenant,
            execution,
            after: 0,
            events: VecDeque::new(),
            lines: VecDeque::new(),
            actions: BTreeMap::new(),
            ended: false,
            wait,
        }
    }

    /// The next entry; `None` when there is nothing more to come: the execution
    /// has ended, or there is no such execution (any more). The values of secret
    /// properties are masked. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// Where the store cannot be read, and `ShuttingDown` where the server ends
    /// before the execution does.
    pub async fn next(&mut self) -> Result<Option<Entry>, OrchestratorError> {
        loop {
            match self.look().await? {
                Look::Found(entry) => return Ok(Some(entry)),
                Look::Again => continue,
                Look::Nothing if self.ended || !self.wait => return Ok(None),
                Look::Nothing => {}
            }
            if self.is_gone().await? {
                return Ok(None);
            }
            if !self.bell.rung().await {
                return Err(OrchestratorError::ShuttingDown);
            }
        }
    }

    async fn look(&mut self) -> Result<Look, OrchestratorError> {
        if let Some(entry) = self.lines.pop_front() {
            return Ok(Look::Found(entry));
        }
        if self.events.is_empty() {
            self.read_events().await?;
        }
        let Some((_, next)) = self.events.front() else {
            return self.read_all_logs().await;
        };
        // The lines of an action or a rule come before the event that ends it, which stays
        // where it is meanwhile: the caller may drop this future.
        if let Some(id) = self.ends(&next.event) {
            if self.read_log(id).await? {
                return Ok(Look::Again);
            }
            self.actions.remove(&id);
        }
        Ok(match self.events.pop_front() {
            Some((sequence, event)) => Look::Found(self.give(sequence, event)),
            None => Look::Again,
        })
    }

    /// The action or rule that ends with this event.
    fn ends(&self, event: &Event) -> Option<ActionExecutionId> {
        let (stage, name, condition) = match event {
            Event::ActionSucceeded { stage, action, .. }
            | Event::ActionFailed { stage, action, .. }
            | Event::ActionAbandoned { stage, action, .. } => (stage, action, None),
            Event::RuleSucceeded {
                stage,
                rule,
                condition,
                ..
            }
            | Event::RuleFailed {
                stage,
                rule,
                condition,
                ..
            }
            | Event::RuleAbandoned {
                stage,
                rule,
                condition,
                ..
            } => (stage, rule, Some(*condition)),
            _ => return None,
        };
        let mut actions = self.actions.iter();
        let (id, _) = actions.find(|(_, log)| {
            log.stage == *stage && log.action == *name && log.condition == condition
        })?;
        Some(*id)
    }

    fn give(&mut self, sequence: u64, mut recorded: Recorded) -> Entry {
        match &mut recorded.event {
            Event::ActionStarted {
                id,
                stage,
                action,
                input,
                ..
            } => {
                self.actions.insert(*id, Log::of(stage, action, None));
                *input = masked(input, &self.shared.catalogue(&self.tenant));
            }
            Event::RuleStarted {
                id,
                stage,
                rule,
                condition,
                input,
                ..
            } => {
                self.actions
                    .insert(*id, Log::of(stage, rule, Some(*condition)));
                *input = masked(input, &self.shared.catalogue(&self.tenant));
            }
            Event::ExecutionSucceeded { .. }
            | Event::ExecutionFailed { .. }
            | Event::ExecutionStopped { .. }
            | Event::ExecutionCancelled { .. }
            | Event::ExecutionSuperseded { .. } => self.ended = true,
            // What had ended goes on.
            Event::StageRetried { .. } | Event::ConditionOverridden { resumed: true, .. } => {
                self.ended = false;
            }
            _ => {}
        }
        Entry::Event {
            sequence,
            recorded: Box::new(recorded),
        }
    }

    async fn read_events(&mut self) -> Result<(), OrchestratorError> {
        let events = self
            .shared
            .store
            .execution_events(&self.tenant, self.execution, self.after, PAGE)
            .await?;
        for stored in events {
            let event = recorded(&stored).map_err(|error| OrchestratorError::Damaged {
                what: format!("event {} of execution {}", stored.sequence, self.execution),
                reason: error.to_string(),
            })?;
            self.after = stored.sequence;
            self.events.push_back((stored.sequence, event));
        }
        Ok(())
    }

    async fn read_all_logs(&mut self) -> Result<Look, OrchestratorError> {
        let open: Vec<ActionExecutionId> = self.actions.keys().copied().collect();
        let mut look = Look::Nothing;
        for id in open {
            if self.read_log(id).await? {
                look = Look::Again;
            }
        }
        Ok(look)
    }

    /// Reads a page of an action's log; false where nothing is new in it.
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
            self.lines.push_back(Entry::Log {
                stage: log.stage.clone(),
                action: log.action.clone(),
                condition: log.condition,
                line: stored.line,
            });
        }
        Ok(found)
    }

    /// The pipeline was deleted, or there never was such an execution.
    async fn is_gone(&self) -> Result<bool, OrchestratorError> {
        let store = &self.shared.store;
        let execution = store.execution(&self.tenant, self.execution).await?;
        Ok(execution.is_none())
    }
}
