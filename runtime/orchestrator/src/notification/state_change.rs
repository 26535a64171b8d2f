//! Which state changes an event of the log is, in EventBridge's words (semantics
//! 2.15). The one place that knows: the match is exhaustive, so that an event
//! that is added to the log must be placed here.

use super::event_type::ALL;
use super::story::Story;
use lockgate_execution::Event;
use lockgate_model::action_type::Category;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// An execution of a pipeline.
    Pipeline,
    /// A stage of it.
    Stage,
    /// An action of it.
    Action,
}

impl Level {
    /// As it stands in `detail-type`.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pipeline => "Pipeline",
            Self::Stage => "Stage",
            Self::Action => "Action",
        }
    }
}

/// What it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It began.
    Started,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// A failed or stopped one goes on.
    Resumed,
    /// Somebody asked to stop it.
    Stopping,
    /// It was stopped.
    Stopped,
    /// A newer one took its place.
    Superseded,
    /// The pipeline was updated or deleted.
    Canceled,
    /// A stop did not wait for it.
    Abandoned,
}

impl State {
    /// EventBridge's spelling.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Resumed => "RESUMED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
            Self::Superseded => "SUPERSEDED",
            Self::Canceled => "CANCELED",
            Self::Abandoned => "ABANDONED",
        }
    }
}

/// One change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateChange {
    pub(super) level: Level,
    pub(super) state: State,
    /// Of a stage, or the one that the action is in.
    pub(super) stage: Option<String>,
    pub(super) action: Option<String>,
}

/// The state changes that an event is, in order. `story` holds what happened in
/// its execution up to and with this event.
pub(super) fn state_changes(story: &Story, event: &Event) -> Vec<StateChange> {
    use State::{
        Abandoned, Canceled, Failed, Resumed, Started, Stopped, Stopping, Succeeded, Superseded,
    };
    match event {
        // Not of an execution, or nothing that AWS tells anybody.
        Event::PipelineCreated { .. }
        | Event::PipelineUpdated { .. }
        | Event::PipelineDeleted
        | Event::TransitionDisabled { .. }
        | Event::TransitionEnabled { .. }
        | Event::ExecutionWaiting { .. }
        | Event::ExecutionCancelling { .. }
        | Event::ActionPending { .. }
        | Event::ChangeIgnored { .. }
        | Event::StageSkipped { .. }
        | Event::ConditionStarted { .. }
        | Event::ConditionEnded { .. }
        | Event::ConditionOverridden { resumed: false, .. }
        | Event::RuleStarted { .. }
        | Event::RulePending { .. }
        | Event::RuleSucceeded { .. }
        | Event::RuleFailed { .. }
        | Event::RuleAbandoned { .. }
        | Event::JobQueued { .. }
        | Event::JobDispatched { .. }
        | Event::JobAcknowledged { .. }
        // The action's end follows, and says it.
        | Event::ApprovalAnswered { .. } => vec![],
        Event::ExecutionStarted { .. } => vec![pipeline(Started)],
        Event::ExecutionSuperseded { .. } => vec![pipeline(Superseded)],
        Event::ExecutionStopped { .. } => vec![pipeline(Stopped)],
        Event::ExecutionCancelled { .. } => vec![pipeline(Canceled)],
        Event::ExecutionSucceeded { .. } => vec![pipeline(Succeeded)],
        Event::ExecutionFailed { .. } => vec![pipeline(Failed)],
        Event::ExecutionStopping { .. } => {
            let inside = story.stage().map(|name| stage(name, Stopping));
            std::iter::once(pipeline(Stopping)).chain(inside).collect()
        }
        Event::StageEntered { stage: name, .. } => vec![stage(name, Started)],
        Event::StageSucceeded { stage: name, .. } => vec![stage(name, Succeeded)],
        Event::StageFailed { stage: name, .. } => vec![stage(name, Failed)],
        Event::StageStopped { stage: name, .. } => vec![stage(name, Stopped)],
        Event::StageCancelled { stage: name, .. } => vec![stage(name, Canceled)],
        Event::StageRetried { stage: name, .. }
        | Event::ConditionOverridden {
            stage: name,
            resumed: true,
            ..
        } => vec![pipeline(Resumed), stage(name, Resumed)],
        Event::ActionStarted { stage, action: name, .. } => vec![action(stage, name, Started)],
        Event::ActionSucceeded { stage, action: name, .. } => {
            vec![action(stage, name, Succeeded)]
        }
        Event::ActionFailed { stage, action: name, .. } => vec![action(stage, name, Failed)],
        Event::ActionAbandoned { stage, action: name, .. } => {
            let state = if story.is_cancelling() { Canceled } else { Abandoned };
            vec![action(stage, name, state)]
        }
    }
}

fn pipeline(state: State) -> StateChange {
    StateChange {
        level: Level::Pipeline,
        state,
        stage: None,
        action: None,
    }
}

fn stage(name: &str, state: State) -> StateChange {
    StateChange {
        level: Level::Stage,
        state,
        stage: Some(name.to_owned()),
        action: None,
    }
}

fn action(stage: &str, name: &str, state: State) -> StateChange {
    StateChange {
        level: Level::Action,
        state,
        stage: Some(stage.to_owned()),
        action: Some(name.to_owned()),
    }
}

impl StateChange {
    /// Whether one of these ids names it.
    pub(super) fn is_among(&self, ids: &[String], category: Option<Category>) -> bool {
        let approval = (category == Some(Category::Approval))
            .then_some(match self.state {
                State::Started => Some("needed"),
                State::Succeeded => Some("succeeded"),
                State::Failed => Some("failed"),
                _ => None,
            })
            .flatten();
        let level = self.level.as_str().to_ascii_lowercase();
        let state = self.state.as_str().to_ascii_lowercase();
        let id = format!("codepipeline-pipeline-{level}-execution-{state}");
        let approval = approval.map(|word| format!("codepipeline-pipeline-manual-approval-{word}"));
        ids.iter()
            .any(|wanted| wanted == ALL || *wanted == id || Some(wanted) == approval.as_ref())
    }
}
