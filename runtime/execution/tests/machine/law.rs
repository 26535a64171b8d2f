//! What holds in every history, read off the log alone, so that the machine's
//! own state is not its own witness.

use lockgate_execution::{Event, PipelineState, Recorded, StartedWork, due, due_jobs, waits};
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::{ConditionType, ExecutionMode, Pipeline, RetryMode};
use lockgate_model::id::ExecutionId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Default)]
pub(crate) struct Law {
    definitions: BTreeMap<u32, Arc<Pipeline>>,
    runs: BTreeMap<ExecutionId, Run>,
    /// The last execution that entered each stage of each version, by the order
    /// in which they started.
    entered: BTreeMap<(u32, String), usize>,
}

struct Run {
    version: u32,
    over: bool,
    inside: Option<String>,
    artifacts: BTreeMap<String, Artifact>,
    /// In the stage it is in.
    succeeded: BTreeSet<String>,
    running: BTreeSet<String>,
    rules: BTreeSet<(ConditionType, String)>,
    /// It runs this stage alone.
    rollback: Option<String>,
    order: usize,
}

impl Law {
    pub(crate) fn check(&mut self, _after: &PipelineState, recorded: &Recorded) {
        let event = &recorded.event;
        match event {
            Event::PipelineCreated { definition } | Event::PipelineUpdated { definition, .. } => {
                self.definitions
                    .insert(definition.version, definition.clone());
                if matches!(event, Event::PipelineCreated { .. }) {
                    assert!(self.runs.values().all(|run| run.over), "{recorded:?}");
                    self.entered.clear();
                }
            }
            Event::ExecutionStarted {
                execution,
                version,
                rollback,
                ..
            } => {
                let taken_over = rollback.iter().flat_map(|rollback| &rollback.artifacts);
                let new = Run {
                    artifacts: taken_over
                        .map(|artifact| (artifact.name.clone(), artifact.as_ref().clone()))
                        .collect(),
                    rules: BTreeSet::new(),
                    rollback: rollback.as_ref().map(|rollback| rollback.stage.clone()),
                    order: self.runs.len(),
                    version: *version,
                    over: false,
                    inside: None,
                    succeeded: BTreeSet::new(),
                    running: BTreeSet::new(),
                };
                assert!(self.runs.insert(*execution, new).is_none(), "started twice");
            }
            _ => {}
        }
        let Some(id) = event.execution() else { return };
        let (version, over) = (self.runs[&id].version, self.runs[&id].over);
        let definition = self.definitions[&version].clone();
        let locks = definition.execution_mode != ExecutionMode::Parallel;
        let again = matches!(
            event,
            Event::StageRetried { .. } | Event::ConditionOverridden { resumed: true, .. }
        );
        assert!(!over || again, "after its end: {recorded:?}");
        if let Event::StageEntered { stage, .. } | Event::StageRetried { stage, .. } = event {
            let others = self.runs.iter().filter(|(other, run)| {
                **other != id
                    && run.inside.as_ref() == Some(stage)
                    && self.definitions[&run.version].execution_mode != ExecutionMode::Parallel
            });
            assert!(
                !locks || others.count() == 0,
                "two executions in one stage: {recorded:?}"
            );
        }
        let Run {
            order, rollback, ..
        } = &self.runs[&id];
        if let Event::StageEntered { stage, .. } = event {
            if let Some(only) = rollback {
                assert_eq!(only, stage, "a rollback runs one stage");
                assert_ne!(definition.stages[0].name, *stage, "a source rolled back");
            } else if locks {
                let before = self.entered.insert((version, stage.clone()), *order);
                assert!(before < Some(*order), "overtaken: {recorded:?}");
            }
        }
        let run = self.runs.get_mut(&id).unwrap();
        run.obey(event, &definition);
    }

    /// After a whole decision.
    pub(crate) fn check_settled(&self, state: &PipelineState) {
        let running: usize = self.runs.values().map(Run::at_work).sum();
        assert_eq!(
            due(state).is_empty(),
            running == 0,
            "due and what is in progress differ"
        );
        let jobs: BTreeSet<_> = due_jobs(state).collect();
        assert_eq!(jobs.len(), due_jobs(state).count(), "one id for two jobs");
        let reasons: BTreeSet<_> = waits(state).iter().map(|wait| wait.execution).collect();
        for (id, run) in &self.runs {
            if run.over {
                assert_eq!(run.at_work(), 0, "{id} ended with actions or rules running");
            } else {
                let held = state.execution(*id).expect("a live execution is held");
                assert!(!held.status.is_final());
                let waits = state.definition_of(held).is_some_and(|definition| {
                    definition.stages.iter().any(|stage| {
                        state
                            .gate(&stage.name)
                            .is_some_and(|gate| gate.waiting.iter().any(|w| w.execution == *id))
                    })
                });
                assert!(
                    waits == (run.at_work() == 0),
                    "{id} neither waits nor runs, or does both"
                );
                assert!(reasons.contains(id), "{id} waits and nobody knows why");
            }
        }
        for stage in self.definitions.values().flat_map(|d| &d.stages) {
            let Some(gate) = state.gate(&stage.name) else {
                continue;
            };
            let superseded = state
                .definition()
                .is_some_and(|d| d.execution_mode == ExecutionMode::Superseded);
            let locking = gate.waiting.iter().filter(|waiting| {
                let held = state.execution(waiting.execution).unwrap();
                held.mode == ExecutionMode::Superseded && held.rollback.is_none()
            });
            assert!(!superseded || locking.count() <= 1, "two wait in one slot");
        }
    }

    /// Every definition there was.
    pub(crate) fn definitions(&self) -> Vec<Arc<Pipeline>> {
        self.definitions.values().cloned().collect()
    }

    pub(crate) fn all_over(&self) -> bool {
        self.runs.values().all(|run| run.over)
    }
}

impl Run {
    fn at_work(&self) -> usize {
        self.running.len() + self.rules.len()
    }

    fn obey(&mut self, event: &Event, definition: &Pipeline) {
        match event {
            Event::ExecutionSuperseded { .. } => {
                assert_eq!(self.inside, None, "superseded inside a stage");
                self.over = true;
            }
            Event::ExecutionWaiting { .. } => assert_eq!(self.inside, None),
            Event::ExecutionStopped { .. }
            | Event::ExecutionCancelled { .. }
            | Event::ExecutionSucceeded { .. }
            | Event::ExecutionFailed { .. } => {
                assert_eq!(self.inside, None, "ended inside a stage");
                self.over = true;
            }
            Event::StageEntered { stage, .. } => {
                assert_eq!(self.inside.replace(stage.clone()), None);
                self.succeeded.clear();
            }
            Event::StageRetried { stage, mode, .. } => {
                self.over = false;
                self.inside = Some(stage.clone());
                if *mode == RetryMode::AllActions {
                    assert!(self.running.is_empty());
                    self.succeeded.clear();
                }
            }
            Event::ConditionOverridden {
                stage,
                resumed: true,
                ..
            } => {
                self.over = false;
                assert_eq!(self.inside.replace(stage.clone()), None);
            }
            Event::StageSkipped { stage, .. } => {
                assert!(self.succeeded.is_empty(), "a skipped stage ran");
                self.leave(stage);
            }
            Event::RuleStarted {
                stage,
                condition,
                rule,
                ..
            } => {
                assert_eq!(self.inside.as_ref(), Some(stage));
                assert!(self.running.is_empty(), "judged while actions run");
                assert!(self.rules.insert((*condition, rule.clone())));
                assert!(self.rules.len() <= 5);
            }
            Event::RulePending {
                condition, rule, ..
            } => assert!(self.rules.contains(&(*condition, rule.clone()))),
            Event::RuleSucceeded {
                condition, rule, ..
            }
            | Event::RuleFailed {
                condition, rule, ..
            }
            | Event::RuleAbandoned {
                condition, rule, ..
            } => assert!(self.rules.remove(&(*condition, rule.clone()))),
            Event::StageSucceeded { stage, .. } => {
                let declared = &definition.stage(stage).unwrap().1.actions;
                assert!(declared.iter().all(|a| self.succeeded.contains(&a.name)));
                self.leave(stage);
            }
            Event::StageFailed { stage, .. }
            | Event::StageStopped { stage, .. }
            | Event::StageCancelled { stage, .. } => self.leave(stage),
            Event::ActionStarted {
                stage,
                action,
                work,
                input,
                ..
            } => {
                assert_eq!(self.inside.as_ref(), Some(stage));
                assert!(!self.succeeded.contains(action), "'{action}' was repeated");
                let stage = definition.stage(stage).unwrap().1;
                let order = stage.action(action).unwrap().run_order;
                for earlier in stage.actions.iter().filter(|a| a.run_order < order) {
                    assert!(self.succeeded.contains(&earlier.name), "out of order");
                }
                if !matches!(work, StartedWork::Impossible(_)) {
                    for artifact in &input.input_artifacts {
                        assert_eq!(self.artifacts.get(&artifact.name), Some(artifact));
                    }
                }
                assert!(self.rules.is_empty(), "started while a condition is judged");
                assert!(self.running.insert(action.clone()));
                assert!(
                    definition.execution_mode != ExecutionMode::Parallel || self.running.len() <= 5
                );
            }
            Event::ActionSucceeded {
                action, artifacts, ..
            } => {
                assert!(self.running.remove(action));
                self.succeeded.insert(action.clone());
                for artifact in artifacts {
                    self.artifacts
                        .insert(artifact.name.clone(), artifact.clone());
                }
            }
            Event::ActionFailed { action, .. } | Event::ActionAbandoned { action, .. } => {
                assert!(self.running.remove(action));
            }
            Event::ActionPending { action, .. } | Event::ApprovalAnswered { action, .. } => {
                assert!(self.running.contains(action));
            }
            _ => {}
        }
    }

    fn leave(&mut self, stage: &str) {
        assert_eq!(self.inside.take().as_deref(), Some(stage));
        assert_eq!(self.at_work(), 0, "left with actions or rules running");
    }
}
