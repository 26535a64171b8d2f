//! Where in a pipeline an action stands, and which actions are guaranteed to
//! end before it begins.

use crate::definition::problem::quoted;
use crate::definition::{Action, Pipeline, Stage};

/// An action and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'p> {
    pub(super) stage_index: usize,
    pub(super) index: usize,
    pub(super) stage: &'p Stage,
    pub(super) action: &'p Action,
}

/// How one action stands to another in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// They are the same.
    Same,
    /// It ends before the other begins.
    Before,
    /// Same stage, same runOrder.
    SideBySide,
    /// Same stage, higher runOrder.
    AfterInStage,
    /// A later stage.
    InLaterStage,
    /// In the stage at whose entry the other is asked.
    AfterEntry,
    /// In the stage at whose failure the other is asked: it may have failed
    /// itself, or not have begun.
    PerhapsNever,
}

/// All actions, in the order of the text.
pub(super) fn of_pipeline(pipeline: &Pipeline) -> impl Iterator<Item = Site<'_>> {
    pipeline
        .stages
        .iter()
        .enumerate()
        .flat_map(|(index, stage)| of_stage(index, stage))
}

/// The actions of one stage, in the order of the text.
pub(super) fn of_stage(stage_index: usize, stage: &Stage) -> impl Iterator<Item = Site<'_>> {
    stage
        .actions
        .iter()
        .enumerate()
        .map(move |(index, action)| Site {
            stage_index,
            index,
            stage,
            action,
        })
}

impl Site<'_> {
    /// Of this action's part; `""`: of the action.
    pub(super) fn path(self, part: &str) -> String {
        let dot = if part.is_empty() { "" } else { "." };
        format!(
            "stages[{}].actions[{}]{dot}{part}",
            self.stage_index, self.index
        )
    }

    /// How this action stands to another.
    pub(super) fn order(self, other: Site<'_>) -> Order {
        if self.stage_index < other.stage_index {
            Order::Before
        } else if self.stage_index > other.stage_index {
            Order::InLaterStage
        } else if self.index == other.index {
            Order::Same
        } else if self.action.run_order < other.action.run_order {
            Order::Before
        } else if self.action.run_order == other.action.run_order {
            Order::SideBySide
        } else {
            Order::AfterInStage
        }
    }

    /// The action's name for a message.
    pub(super) fn name(self) -> String {
        quoted(&self.action.name)
    }

    /// The action's and the stage's name for a message.
    pub(super) fn full_name(self) -> String {
        format!("{} of stage {}", self.name(), quoted(&self.stage.name))
    }
}
