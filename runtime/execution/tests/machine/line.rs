//! A line: a pipeline with its log, asked one command after the other, each
//! answer held against every law.

use crate::definitions::{failure, success};
use crate::law::Law;
use crate::rows::Rows;
use lockgate_execution::{
    Command, Direction, Effect, Event, PipelineState, Recorded, Rejected, Request, UpdatePolicy,
    apply, changes, decide, due, fold, step,
};
use lockgate_model::change::SourceChange;
use lockgate_model::definition::{ConditionType, Pipeline, RetryMode};
use lockgate_model::id::{ApprovalToken, ExecutionId, Principal};
use lockgate_model::job::{Job, Outcome};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use std::collections::BTreeMap;

/// A pipeline with its log. Executions are called by the number of their start.
pub(crate) struct Line {
    pub(crate) state: PipelineState,
    pub(crate) log: Vec<Recorded>,
    pub(crate) now: Timestamp,
    pub(crate) law: Law,
    rows: Rows,
    requests: u8,
    started: u128,
}

impl Line {
    pub(crate) fn new(definition: &Pipeline) -> Self {
        let mut line = Self {
            state: PipelineState::new("111122223333".parse().unwrap(), "site"),
            log: vec![],
            now: Timestamp(1_000_000),
            law: Law::default(),
            rows: Rows::default(),
            requests: 0,
            started: 0,
        };
        line.ask(Command::CreatePipeline {
            definition: Box::new(definition.clone()),
        })
        .unwrap();
        line
    }

    pub(crate) fn resume(state: PipelineState, log: Vec<Recorded>) -> Self {
        let mut law = Law::default();
        let mut folded = PipelineState::new(state.tenant().clone(), state.name());
        for recorded in &log {
            apply(&mut folded, recorded).unwrap();
            law.check(&folded, recorded);
        }
        let mut rows = Rows::default();
        rows.hold(&folded);
        let started = log
            .iter()
            .filter(|r| match &r.event {
                Event::ExecutionStarted { rollback, .. } => {
                    rollback.as_ref().is_none_or(|back| back.failed.is_none())
                }
                _ => false,
            })
            .count();
        Self {
            now: log.last().map_or(Timestamp(0), |r| r.at),
            state,
            log,
            law,
            rows,
            requests: 0,
            started: started as u128,
        }
    }

    /// Asks, and holds the answer against every law.
    pub(crate) fn ask(&mut self, command: Command) -> Result<Vec<String>, Rejected> {
        self.requests = self.requests.wrapping_add(1);
        self.now = Timestamp(self.now.0 + 1);
        let request = Request {
            at: self.now,
            by: Principal("arn:aws:iam::111122223333:user/ann".into()),
            seed: [self.requests; 16],
            command,
        };
        let decided = step(&self.state, &request)?;
        assert_eq!(decide(&self.state, &request).unwrap(), decided.events);
        for recorded in &decided.events {
            apply(&mut self.state, recorded).unwrap();
            self.law.check(&self.state, recorded);
            let text = serde_json::to_string(recorded).unwrap();
            assert_eq!(&serde_json::from_str::<Recorded>(&text).unwrap(), recorded);
        }
        assert_eq!(
            self.state, decided.after,
            "folded and decided states differ"
        );
        self.law.check_settled(&self.state);
        let again = Request {
            command: Command::TimePassed,
            ..request
        };
        assert_eq!(
            decide(&self.state, &again).unwrap(),
            [],
            "something was left to follow"
        );
        let text = serde_json::to_string(&self.state).unwrap();
        assert_eq!(
            serde_json::from_str::<PipelineState>(&text).unwrap(),
            self.state
        );
        let rows = changes(&self.state, &decided.events);
        for id in decided.events.iter().filter_map(|r| r.event.execution()) {
            let row = rows.executions.iter().find(|row| row.id == id);
            assert!(row.is_some(), "the row of {id} is lost: {decided:#?}");
        }
        self.rows.keep(&rows);
        self.rows.check(&self.state);
        let told = decided.events.iter().map(|r| tell(&r.event)).collect();
        self.log.extend(decided.events);
        Ok(told)
    }

    pub(crate) fn later(&mut self, milliseconds: i64) -> &mut Self {
        self.now = Timestamp(self.now.0 + milliseconds);
        self
    }

    pub(crate) fn start(&mut self) -> Vec<String> {
        self.start_with(BTreeMap::new(), vec![]).unwrap()
    }

    pub(crate) fn start_with(
        &mut self,
        variables: BTreeMap<String, String>,
        source_revisions: Vec<SourceRevision>,
    ) -> Result<Vec<String>, Rejected> {
        let number = self.started + 1;
        let told = self.ask(Command::StartExecution {
            id: execution(number),
            trigger: Trigger {
                trigger_type: TriggerType::StartPipelineExecution,
                trigger_detail: "ann".into(),
            },
            variables,
            source_revisions,
        })?;
        self.started = number;
        Ok(told)
    }

    /// The jobs owed, in the order of executions.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        due(&self.state)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Dispatch { job, .. } => Some(*job),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn job(&self, action: &str) -> Job {
        let jobs = self.jobs();
        let found = jobs.iter().find(|job| job.action == action);
        found
            .unwrap_or_else(|| panic!("no job of '{action}' is due: {jobs:#?}"))
            .clone()
    }

    pub(crate) fn answer(&mut self, job: &Job, outcome: Outcome) -> Result<Vec<String>, Rejected> {
        self.ask(Command::JobFinished {
            job: job.id,
            attempt: job.attempt,
            outcome,
        })
    }

    pub(crate) fn finish(&mut self, action: &str, outcome: Outcome) -> Vec<String> {
        let job = self.job(action);
        self.answer(&job, outcome).unwrap()
    }

    pub(crate) fn succeed(&mut self, action: &str) -> Vec<String> {
        let job = self.job(action);
        let outcome = Outcome::Succeeded(success(&job));
        self.answer(&job, outcome).unwrap()
    }

    pub(crate) fn fail(&mut self, action: &str) -> Vec<String> {
        self.finish(action, failure("no"))
    }

    pub(crate) fn stop(&mut self, number: u128, abandon: bool) -> Result<Vec<String>, Rejected> {
        self.ask(Command::StopExecution {
            id: execution(number),
            abandon,
            reason: "enough".into(),
        })
    }

    pub(crate) fn retry(
        &mut self,
        number: u128,
        stage: &str,
        mode: RetryMode,
    ) -> Result<Vec<String>, Rejected> {
        self.ask(Command::RetryStage {
            id: execution(number),
            stage: stage.into(),
            mode,
        })
    }

    /// Rolls a stage back, as the execution of the next number, to what the log
    /// says of an earlier one.
    pub(crate) fn roll_back(&mut self, stage: &str, target: u128) -> Result<Vec<String>, Rejected> {
        let definitions = self.law.definitions();
        // The versions of a pipeline that was made anew count from 1 again.
        let born = self
            .log
            .iter()
            .rposition(|r| matches!(r.event, Event::PipelineCreated { .. }));
        let log = &self.log[born.unwrap_or_default()..];
        let Some(target) = fold(&self.state, definitions, execution(target), log) else {
            return Ok(vec![]);
        };
        let number = self.started + 1;
        let told = self.ask(Command::RollbackStage {
            id: execution(number),
            stage: stage.into(),
            target: Box::new(target),
        })?;
        self.started = number;
        Ok(told)
    }

    pub(crate) fn go_past(
        &mut self,
        number: u128,
        stage: &str,
        condition: ConditionType,
    ) -> Result<Vec<String>, Rejected> {
        self.ask(Command::OverrideCondition {
            id: execution(number),
            stage: stage.into(),
            condition,
        })
    }

    pub(crate) fn change(
        &mut self,
        source_action: &str,
        change: &SourceChange,
        pin: bool,
    ) -> Vec<String> {
        self.report_as(source_action, change, pin).unwrap()
    }

    pub(crate) fn report(
        &mut self,
        source_action: &str,
        change: &SourceChange,
    ) -> Result<Vec<String>, Rejected> {
        self.report_as(source_action, change, true)
    }

    /// How many executions were asked for; automatic rollbacks do not count.
    pub(crate) fn started(&self) -> u128 {
        self.started
    }

    fn report_as(
        &mut self,
        source_action: &str,
        change: &SourceChange,
        pin: bool,
    ) -> Result<Vec<String>, Rejected> {
        let number = self.started + 1;
        let told = self.ask(Command::SourceChanged {
            id: execution(number),
            source_action: source_action.into(),
            change: Box::new(change.clone()),
            trigger: Trigger {
                trigger_type: TriggerType::WebhookV2,
                trigger_detail: "connection".into(),
            },
            pin,
        })?;
        if told.iter().any(|word| word.starts_with("ExecutionStarted")) {
            self.started = number;
        }
        Ok(told)
    }

    pub(crate) fn disable(&mut self, stage: &str, direction: Direction) -> Vec<String> {
        self.ask(Command::DisableTransition {
            stage: stage.into(),
            direction,
            reason: "frozen".into(),
        })
        .unwrap()
    }

    pub(crate) fn enable(&mut self, stage: &str, direction: Direction) -> Vec<String> {
        self.ask(Command::EnableTransition {
            stage: stage.into(),
            direction,
        })
        .unwrap()
    }

    pub(crate) fn token(&self) -> ApprovalToken {
        due(&self.state)
            .into_iter()
            .find_map(|effect| match effect {
                Effect::AnnounceApproval(approval) => Some(approval.token),
                _ => None,
            })
            .expect("an approval is open")
    }

    pub(crate) fn approve(
        &mut self,
        stage: &str,
        action: &str,
        token: ApprovalToken,
        approved: bool,
    ) -> Result<Vec<String>, Rejected> {
        self.ask(Command::AnswerApproval {
            stage: stage.into(),
            action: action.into(),
            token,
            approved,
            summary: "looked at it".into(),
        })
    }

    pub(crate) fn update(&mut self, definition: &Pipeline) -> Vec<String> {
        self.update_by(definition, UpdatePolicy::Cancel)
    }

    pub(crate) fn update_by(&mut self, definition: &Pipeline, policy: UpdatePolicy) -> Vec<String> {
        self.ask(Command::UpdatePipeline {
            definition: Box::new(definition.clone()),
            policy,
        })
        .unwrap()
    }

    pub(crate) fn pass(&mut self) -> Vec<String> {
        self.ask(Command::TimePassed).unwrap()
    }

    pub(crate) fn run(&self, number: u128) -> &lockgate_execution::Execution {
        self.state
            .execution(execution(number))
            .expect("the execution is held")
    }

    pub(crate) fn status(&self, number: u128) -> &'static str {
        self.run(number).status.as_str()
    }
}

/// The execution started as number so and so.
pub(crate) fn execution(number: u128) -> ExecutionId {
    let hex = format!("{number:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-").parse().unwrap()
}

/// An event in a few words: its name, the execution's number, the stage, the
/// action.
pub(crate) fn tell(event: &Event) -> String {
    let mut words = vec![event.name().to_owned()];
    if let Some(id) = event.execution() {
        // The machine's own ids: of automatic rollbacks.
        words.push(match u64::try_from(id.0.as_u128()) {
            Ok(number) => number.to_string(),
            Err(_) => "R".to_owned(),
        });
    }
    words.extend(event.stage().map(str::to_owned));
    words.extend(event.action().map(str::to_owned));
    words.extend(event.condition().map(|which| which.as_str().to_owned()));
    words.extend(event.rule().map(str::to_owned));
    words.join(" ")
}
