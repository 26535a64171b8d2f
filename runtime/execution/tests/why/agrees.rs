//! The answers against the machine: after every step of a random history, what
//! the log says is what the state says, and nothing waits without a reason.

use crate::log::{definition, execution};
use lockgate_execution::why::{Present, Question, Wait as Told, WaitKind, why, why_not};
use lockgate_execution::{
    Command, Direction, Effect, PipelineState, Recorded, Request, UpdatePolicy, Wait, WaitReason,
    due, step, waits,
};
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::{ConditionType, Pipeline, RetryMode};
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::job::{
    External, Failure, FailureType, Job, Outcome, Pending, Revision, Success,
};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{Trigger, TriggerType};
use proptest::prelude::*;
use serde_json::json;

struct Line {
    state: PipelineState,
    log: Vec<Recorded>,
    now: i64,
    started: u32,
}

const STAGES: [&str; 4] = ["Source", "Build", "Prod", "Gone"];

/// Six build actions at a time, an entry condition of Prod, and a rollback when
/// it fails.
fn pipeline(mode: &str, last: &str) -> Box<Pipeline> {
    let mut definition = definition(mode, 1);
    let build = definition["stages"][1]["actions"].as_array_mut().unwrap();
    for number in 0..4 {
        let mut more = build[1].clone();
        more["name"] = json!(format!("More{number}"));
        build.push(more);
    }
    let prod = &mut definition["stages"][2];
    prod["name"] = json!(last);
    prod["beforeEntry"] = json!({"conditions": [{"result": "FAIL", "rules": [{
        "name": "Window",
        "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "DeploymentWindow", "version": "1"},
    }]}]});
    if mode != "PARALLEL" {
        prod["onFailure"] = json!({"result": "ROLLBACK"});
    }
    Box::new(serde_json::from_value(definition).unwrap())
}

impl Line {
    fn new(mode: &str) -> Self {
        let tenant = "111122223333".parse().unwrap();
        let mut line = Self {
            state: PipelineState::new(tenant, "web"),
            log: vec![],
            now: 1_714_564_800_000,
            started: 0,
        };
        line.ask(Command::CreatePipeline {
            definition: pipeline(mode, "Prod"),
        });
        line
    }

    /// What is refused is no part of the log.
    fn ask(&mut self, command: Command) {
        self.now += 1000;
        let mut seed = [0; 16];
        seed[..8].copy_from_slice(&self.now.to_le_bytes());
        let request = Request {
            at: Timestamp(self.now),
            by: Principal(format!("{}-caller", command.name())),
            seed,
            command,
        };
        if let Ok(done) = step(&self.state, &request) {
            self.state = done.after;
            self.log.extend(done.events);
        }
    }

    fn act(&mut self, what: u8, which: usize) {
        let stage = STAGES[which % STAGES.len()].to_owned();
        let direction = if which.is_multiple_of(3) {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        let any: Vec<_> = self
            .state
            .executions()
            .map(|run| (run.id, run.stages.last().map(|stage| stage.name.clone())))
            .collect();
        let any = any.get(which % any.len().max(1)).cloned();
        match what {
            0..12 => {
                self.started += 1;
                self.ask(Command::StartExecution {
                    id: execution(self.started),
                    trigger: Trigger {
                        trigger_type: TriggerType::StartPipelineExecution,
                        trigger_detail: String::new(),
                    },
                    variables: Default::default(),
                    source_revisions: vec![],
                });
            }
            12..72 => self.answer(which, |job| Outcome::Succeeded(success(job))),
            72..75 => self.answer(which, |_| {
                Outcome::Failed(Failure::new(FailureType::JobFailed, "no"))
            }),
            75..78 => self.answer(which, |_| {
                Outcome::Pending(Pending {
                    continuation: "more".into(),
                    poll_after: 5,
                    percent: None,
                    external: External::default(),
                })
            }),
            78..86 => self.approve(!which.is_multiple_of(4)),
            86..89 => self.ask(Command::DisableTransition {
                stage,
                direction,
                reason: "freeze".into(),
            }),
            89..93 => self.ask(Command::EnableTransition { stage, direction }),
            93 => {
                if let Some((id, _)) = any {
                    self.ask(Command::StopExecution {
                        id,
                        abandon: which.is_multiple_of(2),
                        reason: String::new(),
                    });
                }
            }
            94..96 => {
                if let Some((id, Some(stage))) = any {
                    self.ask(Command::RetryStage {
                        id,
                        stage,
                        mode: RetryMode::FailedActions,
                    });
                }
            }
            96 => {
                if let Some((id, Some(stage))) = any {
                    self.ask(Command::OverrideCondition {
                        id,
                        stage,
                        condition: ConditionType::BeforeEntry,
                    });
                }
            }
            97 => {
                let last = if which.is_multiple_of(2) {
                    "Gone"
                } else {
                    "Prod"
                };
                let policy = if which.is_multiple_of(3) {
                    UpdatePolicy::Cancel
                } else {
                    UpdatePolicy::Pin
                };
                let mode = ["SUPERSEDED", "QUEUED", "PARALLEL"][which % 3];
                self.ask(Command::UpdatePipeline {
                    definition: pipeline(mode, last),
                    policy,
                });
            }
            98 if which.is_multiple_of(4) => {
                self.ask(Command::DeletePipeline);
                self.ask(Command::CreatePipeline {
                    definition: pipeline("QUEUED", "Prod"),
                });
            }
            _ => {
                self.now += 20 * 60_000 * i64::try_from(which % 100).unwrap();
                self.ask(Command::TimePassed);
            }
        }
    }

    fn answer(&mut self, which: usize, outcome: impl Fn(&Job) -> Outcome) {
        let jobs: Vec<_> = due(&self.state)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Dispatch { job, .. } => Some(job),
                _ => None,
            })
            .collect();
        if let Some(job) = jobs.get(which % jobs.len().max(1)) {
            self.ask(Command::JobFinished {
                job: job.id,
                attempt: job.attempt,
                outcome: outcome(job),
            });
        }
    }

    fn approve(&mut self, approved: bool) {
        let open = due(&self.state)
            .into_iter()
            .find_map(|effect| match effect {
                Effect::AnnounceApproval(approval) => Some(approval),
                _ => None,
            });
        if let Some(open) = open {
            self.ask(Command::AnswerApproval {
                stage: open.stage,
                action: open.action,
                token: open.token,
                approved,
                summary: String::new(),
            });
        }
    }

    /// What the state says, the log says too.
    fn agrees(&self) {
        let waits = waits(&self.state);
        for run in self.state.executions() {
            let now = self.now(&Question::Execution { execution: run.id });
            assert_eq!(now.status, Some(run.status), "{}", now.sentence);
            let waiting: Vec<_> = waits
                .iter()
                .filter(|wait| wait.execution == run.id)
                .collect();
            assert_eq!(
                now.waits.is_empty(),
                run.status.is_final(),
                "{}: {}",
                run.id,
                now.sentence
            );
            for told in &now.waits {
                assert_ne!(told.kind, WaitKind::Nothing, "{}: {waiting:?}", run.id);
            }
            for wait in waiting {
                assert!(
                    self.is_told(run.id, wait, &now.waits),
                    "{wait:?} in {now:?}"
                );
            }
        }
    }

    fn now(&self, question: &Question) -> Present {
        let answer = why(&self.log, question);
        assert!(answer.found, "{}", answer.now.sentence);
        assert!(!answer.reasons.is_empty());
        answer.now
    }

    fn is_told(&self, execution: ExecutionId, wait: &Wait, told: &[Told]) -> bool {
        let stage = Some(wait.stage.as_str());
        let any = |kind: WaitKind, other: Option<ExecutionId>| {
            told.iter().any(|told| {
                told.kind == kind
                    && told.about.stage.as_deref() == stage
                    && told.about.other == other
                    && told.about.action == wait.action
                    && told.about.rule.as_ref() == wait.rule.as_ref().map(|(_, rule)| rule)
            })
        };
        match &wait.reason {
            WaitReason::StageHeldBy(other) => any(WaitKind::StageHeld, Some(*other)),
            WaitReason::BehindInQueue(other) => any(WaitKind::Queue, Some(*other)),
            WaitReason::TransitionDisabled { stage, by, at, .. } => told.iter().any(|told| {
                told.kind == WaitKind::Transition
                    && told.about.stage.as_ref() == Some(stage)
                    && (&told.by, &told.since) == (by, at)
            }),
            WaitReason::Approval { .. } => any(WaitKind::Approval, None),
            WaitReason::Job { .. } | WaitReason::Poll { .. } if wait.rule.is_some() => {
                any(WaitKind::Rule, None)
            }
            WaitReason::Job { .. } | WaitReason::Poll { .. } => any(WaitKind::Action, None),
            WaitReason::Worker { .. } => any(WaitKind::Worker, None),
            WaitReason::ParallelLimit(_) => {
                let now = self.now(&Question::Action {
                    execution,
                    stage: wait.stage.clone(),
                    action: wait.action.clone().unwrap(),
                });
                now.waits.iter().any(|told| told.kind == WaitKind::Turn)
            }
        }
    }

    /// How far each execution came with its revision is how far the state says.
    fn journeys_agree(&self) {
        for journey in why_not(&self.log, "r").executions {
            let Some(run) = self.state.execution(journey.execution) else {
                continue;
            };
            for stop in &journey.stages {
                let status = run.stage(&stop.stage).map(|stage| stage.status);
                // Only the execution is being stopped, as the log has it.
                let told = stop.status.map(|status| status.as_str());
                let state = status.map(|status| match status.as_str() {
                    "Stopping" => "InProgress",
                    other => other,
                });
                assert_eq!(told, state, "{} in {}", journey.execution, stop.stage);
            }
        }
    }
}

fn success(job: &Job) -> Success {
    Success {
        revision: (job.stage == "Source").then(|| Revision {
            id: format!("r{}", job.execution),
            summary: None,
            url: None,
            created: None,
        }),
        artifacts: Vec::<Artifact>::new(),
        ..Success::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_log_names_everything_that_the_state_waits_for(
        mode in prop::sample::select(vec!["SUPERSEDED", "QUEUED", "PARALLEL"]),
        acts in prop::collection::vec((0u8..100, any::<u8>()), 1..160),
    ) {
        let mut line = Line::new(mode);
        for (what, which) in acts {
            line.act(what, which.into());
            line.agrees();
        }
        line.journeys_agree();
    }
}
