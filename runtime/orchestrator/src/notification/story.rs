//! What happened in one execution so far, as far as a notification tells of it:
//! a small fold over its events. Knows nothing of who is told.

use lockgate_execution::{Event, Recorded};
use lockgate_model::action_type::{ActionTypeId, Catalogue, Category};
use lockgate_model::artifact::Artifact;
use lockgate_model::change::SourceChange;
use lockgate_model::id::{ActionExecutionId, ExecutionId};
use lockgate_model::job::External;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::Trigger;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shorter values are not looked for in texts: they would be found everywhere.
const SHORTEST_SECRET: usize = 4;

/// One execution so far.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(super) execution: ExecutionId,
    pub(super) version: u32,
    pub(super) started: Timestamp,
    pub(super) trigger: Trigger,
    /// The change that it started for.
    pub(super) change: Option<Arc<SourceChange>>,
    /// Counts the runs of the execution: every retry of a stage is one more.
    pub(super) attempt: u32,
    /// What somebody said when they stopped it.
    pub(super) comments: Option<String>,
    cancelling: bool,
    stage: Option<String>,
    /// When stages were last retried.
    pub(super) retried: BTreeMap<String, Timestamp>,
    actions: BTreeMap<(String, String), Acting>,
    pub(super) sources: BTreeMap<String, Source>,
    /// Actions that failed since the last retry.
    pub(super) failed: Vec<FailedAction>,
    /// Why the last stage failed, where no action says it.
    pub(super) reason: Option<String>,
}

/// An action that was started.
#[derive(Debug, Clone)]
pub(super) struct Acting {
    pub(super) id: ActionExecutionId,
    pub(super) started: Timestamp,
    pub(super) action_type: ActionTypeId,
    pub(super) inputs: Vec<Artifact>,
    pub(super) custom_data: Option<String>,
    pub(super) link: Option<String>,
    pub(super) external: External,
    /// What must not be told.
    secrets: Vec<String>,
}

/// A source action that succeeded.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) provider: String,
    pub(super) variables: Arc<BTreeMap<String, String>>,
}

/// An action that failed.
#[derive(Debug, Clone)]
pub(super) struct FailedAction {
    pub(super) stage: String,
    pub(super) action: String,
    pub(super) message: String,
}

impl Story {
    /// Begins with the event that started the execution; none with any other.
    pub(super) fn begin(recorded: &Recorded) -> Option<Self> {
        let Event::ExecutionStarted {
            execution,
            version,
            trigger,
            change,
            ..
        } = &recorded.event
        else {
            return None;
        };
        Some(Self {
            execution: *execution,
            version: *version,
            started: recorded.at,
            trigger: trigger.clone(),
            change: change.as_ref().map(|started| started.change.clone()),
            attempt: 1,
            comments: None,
            cancelling: false,
            stage: None,
            retried: BTreeMap::new(),
            actions: BTreeMap::new(),
            sources: BTreeMap::new(),
            failed: vec![],
            reason: None,
        })
    }

    /// Goes on with the next event of the execution.
    pub(super) fn tell(&mut self, recorded: &Recorded, catalogue: &Catalogue) {
        match &recorded.event {
            Event::ExecutionStopping { reason, .. } => self.comments = Some(reason.clone()),
            Event::ExecutionCancelling { .. } => self.cancelling = true,
            Event::StageEntered { stage, .. } => self.stage = Some(stage.clone()),
            Event::StageRetried { stage, .. }
            | Event::ConditionOverridden {
                stage,
                resumed: true,
                ..
            } => {
                self.stage = Some(stage.clone());
                self.retried.insert(stage.clone(), recorded.at);
                self.attempt = self.attempt.saturating_add(1);
                self.comments = None;
                self.failed.clear();
                self.reason = None;
            }
            Event::StageFailed { reason, .. } => {
                self.stage = None;
                self.reason.clone_from(reason);
            }
            Event::StageSucceeded { .. }
            | Event::StageSkipped { .. }
            | Event::StageStopped { .. }
            | Event::StageCancelled { .. } => self.stage = None,
            Event::ActionStarted {
                stage,
                action,
                id,
                input,
                ..
            } => {
                let secrets = catalogue
                    .get(&input.action_type)
                    .into_iter()
                    .flat_map(|action_type| &action_type.properties)
                    .filter(|property| property.secret)
                    .filter_map(|property| input.configuration.get(&property.name))
                    .filter(|value| value.len() >= SHORTEST_SECRET)
                    .cloned()
                    .collect();
                let said = |key: &str| input.configuration.get(key).cloned();
                let acting = Acting {
                    id: *id,
                    started: recorded.at,
                    action_type: input.action_type.clone(),
                    inputs: input.input_artifacts.clone(),
                    custom_data: said("CustomData"),
                    link: said("ExternalEntityLink"),
                    external: External::default(),
                    secrets,
                };
                let place = (stage.clone(), action.clone());
                self.actions.insert(place, acting);
            }
            Event::ActionPending {
                stage,
                action,
                external,
                ..
            } => {
                let place = (stage.clone(), action.clone());
                if let Some(acting) = self.actions.get_mut(&place) {
                    acting.external = external.clone();
                }
            }
            Event::ActionSucceeded {
                stage,
                action,
                variables,
                ..
            } => {
                let acting = self.acting(stage, action);
                let source = acting
                    .filter(|acting| acting.action_type.category == Category::Source)
                    .map(|acting| Source {
                        provider: acting.action_type.provider.clone(),
                        variables: variables.clone(),
                    });
                if let Some(source) = source {
                    self.sources.insert(action.clone(), source);
                }
            }
            Event::ActionFailed {
                stage,
                action,
                failure,
                ..
            } => {
                let message = match self.acting(stage, action) {
                    Some(acting) => acting.masked(&failure.message),
                    None => failure.message.clone(),
                };
                self.failed.push(FailedAction {
                    stage: stage.clone(),
                    action: action.clone(),
                    message,
                });
            }
            _ => {}
        }
    }

    /// Forgets the action that ended with this event, once it was told of.
    pub(super) fn told(&mut self, event: &Event) {
        if let Event::ActionSucceeded { stage, action, .. }
        | Event::ActionFailed { stage, action, .. }
        | Event::ActionAbandoned { stage, action, .. } = event
        {
            self.actions.remove(&(stage.clone(), action.clone()));
        }
    }

    /// The stage that the execution is in.
    pub(super) fn stage(&self) -> Option<&str> {
        self.stage.as_deref()
    }

    /// Whether the execution ends because its pipeline was updated or deleted.
    pub(super) fn is_cancelling(&self) -> bool {
        self.cancelling
    }

    /// The action that was started there and has not been told to have ended.
    pub(super) fn acting(&self, stage: &str, action: &str) -> Option<&Acting> {
        self.actions.get(&(stage.to_owned(), action.to_owned()))
    }
}

impl Acting {
    /// A text of this action without the values of its secret properties.
    pub(super) fn masked(&self, text: &str) -> String {
        self.secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "****"))
    }
}

/// Whether an execution has ended with this event, unless a stage is retried.
pub(super) fn ends(event: &Event) -> bool {
    matches!(
        event,
        Event::ExecutionSucceeded { .. }
            | Event::ExecutionFailed { .. }
            | Event::ExecutionStopped { .. }
            | Event::ExecutionCancelled { .. }
            | Event::ExecutionSuperseded { .. }
    )
}
