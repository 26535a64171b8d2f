//! What somebody could do something about: running actions and rules of live
//! executions, found by the words of a step.

use super::step::{Place, Target};
use lockgate_execution::{Execution, PipelineState, ResolvedAction, StageRun, Work, Worker};
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ApprovalToken, JobId};

/// Running work of an execution.
#[derive(Clone, Copy)]
pub(crate) struct Open<'s> {
    pub(crate) execution: &'s Execution,
    pub(crate) stage: &'s StageRun,
    pub(crate) condition: Option<ConditionType>,
    pub(crate) name: &'s str,
    pub(crate) input: &'s ResolvedAction,
    pub(crate) work: &'s Work,
}

impl<'s> Open<'s> {
    /// All of it, executions in the order of their ids.
    pub(crate) fn all(state: &'s PipelineState) -> impl Iterator<Item = Self> {
        let stages = state
            .live()
            .filter_map(|execution| Some((execution, execution.current_stage()?)));
        stages.flat_map(|(execution, stage)| {
            let actions = stage.running().map(move |run| Self {
                execution,
                stage,
                condition: None,
                name: &run.name,
                input: &run.input,
                work: &run.work,
            });
            let rules = stage.running_rules().map(move |(condition, run)| Self {
                execution,
                stage,
                condition: Some(condition),
                name: &run.name,
                input: &run.input,
                work: &run.work,
            });
            actions.chain(rules)
        })
    }

    /// The job that is awaited.
    pub(crate) fn job(self) -> Option<(JobId, u32)> {
        match self.work {
            Work::Job { id, attempt, .. } => Some((*id, *attempt)),
            Work::Approval { .. } | Work::Impossible(_) => None,
        }
    }

    /// How far it is with job workers.
    pub(crate) fn worker(self) -> Option<Worker> {
        match self.work {
            Work::Job { worker, .. } => *worker,
            Work::Approval { .. } | Work::Impossible(_) => None,
        }
    }

    /// The approval that is open.
    pub(crate) fn token(self) -> Option<ApprovalToken> {
        match self.work {
            Work::Approval {
                token,
                answer: None,
            } => Some(*token),
            _ => None,
        }
    }

    pub(crate) fn target(self, of: Option<usize>) -> Target {
        Target {
            stage: self.stage.name.clone(),
            place: match self.condition {
                None => Place::Action(self.name.to_owned()),
                Some(condition) => Place::Rule(condition, self.name.to_owned()),
            },
            of,
        }
    }

    /// Whether a step means it, the number of the execution left aside.
    pub(crate) fn is_at(self, target: &Target) -> bool {
        self.stage.name == target.stage
            && match &target.place {
                Place::Action(name) => self.condition.is_none() && self.name == name,
                Place::Rule(condition, name) => {
                    self.condition == Some(*condition) && self.name == name
                }
            }
    }
}
