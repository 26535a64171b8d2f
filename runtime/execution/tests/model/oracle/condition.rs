//! Laws of conditions and rules.

use super::run::{ActionRun, ConditionRun, Doer, Place, Worker};
use super::{Oracle, law, locks};
use crate::world::Broken;
use lockgate_execution::{Event, Recorded};
use lockgate_model::definition::{ConditionResult, ConditionType};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{
    ActionStatus, ConditionStatus, ExecutionStatus, RuleStatus, StageStatus,
};

impl Oracle {
    pub(super) fn condition(&mut self, id: ExecutionId, recorded: &Recorded) -> Result<(), Broken> {
        let event = &recorded.event;
        let Some(stage) = event.stage() else {
            return Ok(());
        };
        let run = self.run(id);
        law!(
            matches!(run.place, Place::In(_)) && run.stage_name() == Some(stage),
            "conditions are judged in the stage that the execution is in",
            "{stage} of {}, {:?}",
            run.number,
            run.place
        );
        match event {
            Event::ConditionStarted { condition, .. } => {
                self.condition_starts(id, stage, *condition)
            }
            Event::ConditionEnded {
                condition,
                status,
                result,
                ..
            } => self.condition_ends(id, stage, *condition, *status, *result),
            Event::ConditionOverridden {
                condition, resumed, ..
            } => self.overridden(id, stage, *condition, *resumed),
            _ => self.rule(id, recorded),
        }
    }

    fn condition_starts(
        &mut self,
        id: ExecutionId,
        stage: &str,
        condition: ConditionType,
    ) -> Result<(), Broken> {
        let run = self.run(id);
        let number = run.number;
        let definition = run.definition.clone();
        let index = run.place.stage();
        let ending = run.ending.is_some();
        let inside = run.stages.entry(index).or_default();
        let declared = &definition.stages[index];
        law!(
            !declared.conditions(condition).is_empty() && !ending,
            "a condition is judged when it is declared and nothing ends the execution",
            "{stage} {condition:?} of {number}"
        );
        law!(
            !inside.conditions.contains_key(&condition),
            "a condition is judged once in each run of its stage",
            "{stage} {condition:?} of {number}"
        );
        law!(
            inside.running().next().is_none(),
            "conditions are judged when nothing else runs",
            "{stage} {condition:?} of {number}"
        );
        let succeeded = inside.actions_in(ActionStatus::Succeeded) == declared.actions.len();
        let failed = inside.actions_in(ActionStatus::Failed) > 0
            || inside.fell(ConditionType::BeforeEntry).is_some()
            || inside.fell(ConditionType::OnSuccess).is_some();
        let in_time = match condition {
            ConditionType::BeforeEntry => inside.actions_in(ActionStatus::Failed) == 0,
            ConditionType::OnSuccess => succeeded,
            ConditionType::OnFailure => failed,
        };
        law!(
            in_time,
            "a condition is judged at entry, when all has succeeded, or when something failed",
            "{stage} {condition:?} of {number}"
        );
        inside.conditions.insert(
            condition,
            ConditionRun {
                status: ConditionStatus::InProgress,
                result: None,
                rules: Default::default(),
            },
        );
        Ok(())
    }

    fn condition_ends(
        &mut self,
        id: ExecutionId,
        stage: &str,
        condition: ConditionType,
        status: ConditionStatus,
        result: Option<ConditionResult>,
    ) -> Result<(), Broken> {
        let run = self.run(id);
        let number = run.number;
        let definition = run.definition.clone();
        let index = run.place.stage();
        let ending = run.ending.is_some();
        let inside = run.stages.entry(index).or_default();
        let Some(judged) = inside.conditions.get_mut(&condition) else {
            law!(
                false,
                "a condition that ends was judged",
                "{stage} {condition:?}"
            );
            return Ok(());
        };
        law!(
            judged.status == ConditionStatus::InProgress,
            "a condition ends once",
            "{stage} {condition:?} of {number}: {}, then {status}",
            judged.status
        );
        let stage_declared = &definition.stages[index];
        let declared = stage_declared.conditions(condition);
        let rules = declared.first().map_or(0, |declared| declared.rules.len());
        let in_status = |wanted| {
            judged
                .rules
                .values()
                .filter(|(status, _)| *status == wanted)
                .count()
        };
        law!(
            in_status(RuleStatus::InProgress) == 0,
            "a condition ends when all its rules have",
            "{stage} {condition:?} of {number}"
        );
        let met = in_status(RuleStatus::Succeeded) == rules;
        law!(
            met == (status == ConditionStatus::Succeeded),
            "a condition is met when all its rules succeed, and only then",
            "{stage} {condition:?} of {number}: {status}"
        );
        let own = declared.first().and_then(|declared| declared.result);
        let wanted = match condition {
            _ if ending => None,
            ConditionType::OnFailure if met => {
                let outer = stage_declared.on_failure.as_ref();
                own.or_else(|| outer?.result)
            }
            ConditionType::OnFailure => None,
            _ if met => None,
            _ => Some(own.unwrap_or(ConditionResult::Fail)),
        };
        law!(
            result == wanted,
            "a condition's result engages when it is not met, at failure when it is",
            "{stage} {condition:?} of {number}: {status} and {result:?}"
        );
        judged.status = status;
        judged.result = result;
        Ok(())
    }

    fn overridden(
        &mut self,
        id: ExecutionId,
        stage: &str,
        condition: ConditionType,
        resumed: bool,
    ) -> Result<(), Broken> {
        let holder = self.gates.holders.get(stage).copied();
        let latest = self.gates.latest.get(stage).copied();
        let run = self.run(id);
        let number = run.number;
        let locking = locks(run.mode());
        law!(
            !locking || latest.is_none_or(|latest| latest == id),
            "only the last execution in a stage is let through",
            "{stage} of {number}"
        );
        law!(
            condition != ConditionType::OnFailure,
            "the condition at failure is not overridden",
            "{stage} of {number}"
        );
        let index = run.place.stage();
        let inside = run.stages.entry(index).or_default();
        let Some(judged) = inside.conditions.get_mut(&condition) else {
            law!(
                false,
                "what is overridden was judged",
                "{stage} {condition:?}"
            );
            return Ok(());
        };
        let failed = matches!(
            judged.status,
            ConditionStatus::Failed | ConditionStatus::Errored
        );
        law!(
            if resumed {
                failed && judged.result != Some(ConditionResult::Skip)
            } else {
                judged.status == ConditionStatus::InProgress
            },
            "a condition is overridden while it is judged, or when it was not met",
            "{stage} {condition:?} of {number}: {}",
            judged.status
        );
        judged.status = ConditionStatus::Overridden;
        judged.result = None;
        if resumed {
            law!(
                inside.status == Some(StageStatus::Failed),
                "what goes on after an override had failed",
                "{stage} of {number}"
            );
            law!(
                !locking || holder.is_none(),
                "a stage never holds two executions",
                "{number} goes on in {stage}"
            );
            inside.status = Some(StageStatus::InProgress);
            inside.attempt += 1;
            inside.conditions.remove(&ConditionType::OnFailure);
            run.status = ExecutionStatus::InProgress;
            run.ending = None;
            if locking {
                self.gates.holders.insert(stage.to_owned(), id);
            }
        }
        Ok(())
    }

    fn rule(&mut self, id: ExecutionId, recorded: &Recorded) -> Result<(), Broken> {
        let event = &recorded.event;
        let (condition, rule) = match event {
            Event::RuleStarted {
                condition, rule, ..
            }
            | Event::RulePending {
                condition, rule, ..
            }
            | Event::RuleSucceeded {
                condition, rule, ..
            }
            | Event::RuleFailed {
                condition, rule, ..
            }
            | Event::RuleAbandoned {
                condition, rule, ..
            } => (*condition, rule.as_str()),
            _ => return Ok(()),
        };
        let started = match event {
            Event::RuleStarted { work, .. } => Some(self.doer(work)?),
            Event::RulePending { job, .. } => {
                self.fresh_job(*job)?;
                None
            }
            _ => None,
        };
        let run = self.run(id);
        let number = run.number;
        let ending = run.ending;
        let cancelling = run.cancelling;
        let index = run.place.stage();
        let inside = run.stages.entry(index).or_default();
        let Some(judged) = inside.conditions.get_mut(&condition) else {
            law!(
                false,
                "a rule belongs to a condition that is judged",
                "{event:?}"
            );
            return Ok(());
        };
        if let Event::RuleStarted { expires, input, .. } = event {
            law!(
                ending.is_none() && judged.status == ConditionStatus::InProgress,
                "rules start while their condition is judged",
                "{rule} of {number}"
            );
            let doer = started.unwrap_or(Doer::Nobody);
            let run = ActionRun {
                status: ActionStatus::InProgress,
                doer: doer.clone(),
                expires: *expires,
                silent: None,
                worker: Worker::None,
            };
            let twice = judged
                .rules
                .insert(rule.to_owned(), (RuleStatus::InProgress, run));
            law!(
                twice.is_none(),
                "a rule is asked once for a condition",
                "{rule} of {number}"
            );
            law!(
                doer == Doer::Nobody
                    || input
                        .configuration
                        .values()
                        .all(|value| !value.contains("#{")),
                "every variable is replaced before a rule starts",
                "{rule} of {number}"
            );
            return Ok(());
        }
        let overridden = judged.status == ConditionStatus::Overridden;
        let Some((status, run)) = judged.rules.get_mut(rule) else {
            law!(
                false,
                "things happen to rules that were started",
                "{event:?}"
            );
            return Ok(());
        };
        law!(
            *status == RuleStatus::InProgress,
            "things happen to rules that run",
            "{rule} of {number} is {status}"
        );
        match event {
            Event::RulePending { job, attempt, .. } => {
                law!(
                    matches!(run.doer, Doer::Job(_, last) if last + 1 == *attempt),
                    "attempts of a rule are counted one by one",
                    "{rule} of {number}"
                );
                run.doer = Doer::Job(*job, *attempt);
            }
            Event::RuleSucceeded { .. } => *status = RuleStatus::Succeeded,
            Event::RuleFailed { .. } => *status = RuleStatus::Failed,
            _ => {
                law!(
                    overridden || cancelling || ending == Some(true),
                    "only an override, a stop that abandons, an update or a deletion abandons a rule",
                    "{rule} of {number}"
                );
                *status = RuleStatus::Abandoned;
            }
        }
        Ok(())
    }
}
