//! What is known of one execution that is asked about: how it and its stages,
//! actions and rules stand, and why.

use super::answer::Reason;
use crate::event::{Event, Recorded, Rollback, StartedWork};
use lockgate_model::action_type::ActionTypeId;
use lockgate_model::definition::{ConditionType, Pipeline, RetryMode};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use std::collections::BTreeMap;

/// One execution.
pub(super) struct Tale<'e> {
    pub(super) id: ExecutionId,
    pub(super) definition: Option<&'e Pipeline>,
    pub(super) status: ExecutionStatus,
    /// How it ended.
    pub(super) end: String,
    /// What it does when what runs has ended, if not the next thing.
    pub(super) ending: Option<&'static str>,
    pub(super) rollback: Option<&'e Rollback>,
    /// The stage it is in, or was in last.
    pub(super) current: Option<&'e str>,
    pub(super) stages: BTreeMap<&'e str, StageTale<'e>>,
    pub(super) reasons: Vec<Reason>,
}

/// One stage of it.
pub(super) struct StageTale<'e> {
    pub(super) status: StageStatus,
    /// How it ended.
    pub(super) end: String,
    /// What failed in it, in this run of it.
    pub(super) failures: Vec<String>,
    /// What no failure of an action says.
    pub(super) reason: Option<&'e str>,
    pub(super) actions: BTreeMap<&'e str, Part<'e>>,
    pub(super) rules: BTreeMap<(ConditionType, &'e str), Part<'e>>,
}

/// One action or rule of it.
pub(super) struct Part<'e> {
    pub(super) status: ActionStatus,
    pub(super) provider: &'e ActionTypeId,
    pub(super) started: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) stand: Stand,
    /// Somebody answered the approval: its end says nothing new.
    pub(super) answered: bool,
    /// How it ended.
    pub(super) end: String,
}

/// How a part in progress stands.
pub(super) enum Stand {
    /// A person has to answer.
    Approval,
    /// A provider has a job, or is about to get it.
    Job,
    /// The provider is asked again then.
    Poll {
        not_before: Timestamp,
        percent: Option<u8>,
    },
    /// No job worker has the job.
    Queued,
    /// A job worker has it, and has to begin until then.
    Dispatched { until: Timestamp },
    /// A job worker has begun.
    Acknowledged,
}

impl<'e> Tale<'e> {
    pub(super) fn new(
        id: ExecutionId,
        definition: Option<&'e Pipeline>,
        rollback: Option<&'e Rollback>,
    ) -> Self {
        Self {
            id,
            definition,
            status: ExecutionStatus::InProgress,
            end: String::new(),
            ending: None,
            rollback,
            current: None,
            stages: BTreeMap::new(),
            reasons: vec![],
        }
    }

    pub(super) fn part(&self, stage: &str, action: &str) -> Option<&Part<'e>> {
        self.stages.get(stage)?.actions.get(action)
    }

    /// Takes in an event of this execution, told in this sentence.
    pub(super) fn know(&mut self, recorded: &'e Recorded, sentence: &str) {
        match &recorded.event {
            Event::ExecutionStopping { .. } => {
                self.status = ExecutionStatus::Stopping;
                self.ending = Some("it stops when this has ended");
            }
            Event::ExecutionCancelling { .. } => {
                self.ending = Some("it is cancelled when this has ended");
            }
            Event::ExecutionSuperseded { .. } => self.ends(ExecutionStatus::Superseded, sentence),
            Event::ExecutionStopped { .. } => self.ends(ExecutionStatus::Stopped, sentence),
            Event::ExecutionCancelled { .. } => self.ends(ExecutionStatus::Cancelled, sentence),
            Event::ExecutionSucceeded { .. } => self.ends(ExecutionStatus::Succeeded, sentence),
            Event::ExecutionFailed { .. } => self.ends(ExecutionStatus::Failed, sentence),
            Event::StageEntered { stage, .. } => {
                self.current = Some(stage);
                self.stages.insert(stage, StageTale::new());
            }
            Event::StageRetried { stage, mode, .. } => {
                self.resumes(stage);
                if let Some(tale) = self.stages.get_mut(stage.as_str()) {
                    tale.again(*mode);
                }
            }
            Event::ConditionOverridden { stage, resumed, .. } => {
                if *resumed {
                    self.resumes(stage);
                }
            }
            Event::StageSucceeded { stage, .. } => {
                self.stage_ends(stage, StageStatus::Succeeded, sentence);
            }
            Event::StageFailed { stage, reason, .. } => {
                if let Some(tale) = self.stages.get_mut(stage.as_str()) {
                    tale.reason = reason.as_deref();
                }
                self.stage_ends(stage, StageStatus::Failed, sentence);
            }
            Event::StageSkipped { stage, .. } => {
                self.stage_ends(stage, StageStatus::Skipped, sentence);
            }
            Event::StageStopped { stage, .. } => {
                self.stage_ends(stage, StageStatus::Stopped, sentence);
            }
            Event::StageCancelled { stage, .. } => {
                self.stage_ends(stage, StageStatus::Cancelled, sentence);
            }
            Event::PipelineCreated { .. }
            | Event::PipelineUpdated { .. }
            | Event::PipelineDeleted
            | Event::ExecutionStarted { .. }
            | Event::ChangeIgnored { .. }
            | Event::ExecutionWaiting { .. }
            | Event::ConditionStarted { .. }
            | Event::ConditionEnded { .. }
            | Event::TransitionDisabled { .. }
            | Event::TransitionEnabled { .. } => {}
            Event::RuleStarted { stage, .. }
            | Event::RulePending { stage, .. }
            | Event::RuleSucceeded { stage, .. }
            | Event::RuleFailed { stage, .. }
            | Event::RuleAbandoned { stage, .. }
            | Event::ActionStarted { stage, .. }
            | Event::ActionPending { stage, .. }
            | Event::ActionSucceeded { stage, .. }
            | Event::ActionFailed { stage, .. }
            | Event::ActionAbandoned { stage, .. }
            | Event::ApprovalAnswered { stage, .. }
            | Event::JobQueued { stage, .. }
            | Event::JobDispatched { stage, .. }
            | Event::JobAcknowledged { stage, .. } => {
                if let Some(tale) = self.stages.get_mut(stage.as_str()) {
                    tale.know(recorded, sentence);
                }
            }
        }
    }

    fn ends(&mut self, status: ExecutionStatus, sentence: &str) {
        self.status = status;
        sentence.clone_into(&mut self.end);
    }

    fn resumes(&mut self, stage: &'e str) {
        self.status = ExecutionStatus::InProgress;
        self.end.clear();
        self.ending = None;
        self.current = Some(stage);
        if let Some(tale) = self.stages.get_mut(stage) {
            tale.status = StageStatus::InProgress;
            tale.end.clear();
            tale.reason = None;
        }
    }

    fn stage_ends(&mut self, stage: &str, status: StageStatus, sentence: &str) {
        if let Some(tale) = self.stages.get_mut(stage) {
            tale.status = status;
            sentence.clone_into(&mut tale.end);
        }
    }
}

impl<'e> StageTale<'e> {
    fn new() -> Self {
        Self {
            status: StageStatus::InProgress,
            end: String::new(),
            failures: vec![],
            reason: None,
            actions: BTreeMap::new(),
            rules: BTreeMap::new(),
        }
    }

    fn again(&mut self, mode: RetryMode) {
        self.failures.clear();
        self.rules.clear();
        self.actions.retain(|_, part| match part.status {
            ActionStatus::InProgress => true,
            ActionStatus::Succeeded => mode == RetryMode::FailedActions,
            ActionStatus::Failed | ActionStatus::Abandoned => false,
        });
    }

    /// Takes in an event of an action or a rule.
    fn know(&mut self, recorded: &'e Recorded, sentence: &str) {
        let event = &recorded.event;
        match event {
            Event::ActionStarted {
                work,
                expires,
                input,
                ..
            }
            | Event::RuleStarted {
                work,
                expires,
                input,
                ..
            } => {
                let part = Part {
                    status: ActionStatus::InProgress,
                    provider: &input.action_type,
                    started: recorded.at,
                    expires: *expires,
                    stand: match work {
                        StartedWork::Approval(_) => Stand::Approval,
                        StartedWork::Job(_) | StartedWork::Impossible(_) => Stand::Job,
                    },
                    answered: false,
                    end: String::new(),
                };
                if let Some(action) = event.action() {
                    self.actions.insert(action, part);
                } else if let (Some(condition), Some(rule)) = (event.condition(), event.rule()) {
                    self.rules.insert((condition, rule), part);
                }
                return;
            }
            _ => {}
        }
        let part = match (event.action(), event.condition(), event.rule()) {
            (Some(action), ..) => self.actions.get_mut(action),
            (None, Some(condition), Some(rule)) => self.rules.get_mut(&(condition, rule)),
            _ => None,
        };
        if let Some(part) = part {
            part.know(event, sentence);
            if let Event::ActionFailed { .. } = event {
                self.failures.push(part.end.clone());
            }
        }
    }

    /// Why it failed, once that was said.
    pub(super) fn why_failed(&self, reason: Option<&str>) -> String {
        let failures = self.failures.iter().map(String::as_str);
        let parts: Vec<&str> = failures.chain(reason).collect();
        parts.join("; ")
    }

    /// Actions in progress.
    pub(super) fn running(&self) -> impl Iterator<Item = (&'e str, &Part<'e>)> {
        self.actions
            .iter()
            .filter(|(_, part)| part.status == ActionStatus::InProgress)
            .map(|(name, part)| (*name, part))
    }
}

impl Part<'_> {
    fn know(&mut self, event: &Event, sentence: &str) {
        let ended = match event {
            Event::ActionPending {
                not_before,
                percent,
                ..
            }
            | Event::RulePending {
                not_before,
                percent,
                ..
            } => {
                self.stand = Stand::Poll {
                    not_before: *not_before,
                    percent: *percent,
                };
                None
            }
            Event::JobQueued { .. } => {
                self.stand = Stand::Queued;
                None
            }
            Event::JobDispatched { until, .. } => {
                self.stand = Stand::Dispatched { until: *until };
                None
            }
            Event::JobAcknowledged { .. } => {
                self.stand = Stand::Acknowledged;
                None
            }
            Event::ApprovalAnswered { .. } => {
                self.answered = true;
                sentence.clone_into(&mut self.end);
                None
            }
            Event::ActionSucceeded { .. } | Event::RuleSucceeded { .. } => {
                Some(ActionStatus::Succeeded)
            }
            Event::ActionFailed { .. } | Event::RuleFailed { .. } => Some(ActionStatus::Failed),
            Event::ActionAbandoned { .. } | Event::RuleAbandoned { .. } => {
                Some(ActionStatus::Abandoned)
            }
            _ => None,
        };
        if let Some(status) = ended {
            self.status = status;
            if !sentence.is_empty() {
                sentence.clone_into(&mut self.end);
            }
        }
    }
}
