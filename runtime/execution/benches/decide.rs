//! What one outcome costs: `step` (which decides and applies), `owed` and
//! `changes`, in the largest pipeline there may be, and in small ones with much
//! behind them. Run with `cargo bench -p lockgate-execution`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot be set up has to say so"
)]

use divan::{Bencher, black_box};
use lockgate_execution::{Command, Effect, PipelineState, Request, changes, due, owed, step};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::definition::{
    Action, ExecutionMode, InputArtifact, OutputArtifact, Pipeline, PipelineType, Stage,
};
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::job::{External, Job, Outcome, Success};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{Trigger, TriggerType};
use std::collections::BTreeMap;

fn main() {
    divan::main();
}

fn action(stage: usize, number: usize, take: Option<String>) -> Action {
    let category = if stage == 0 {
        Category::Source
    } else {
        Category::Build
    };
    Action {
        name: format!("action-{number}"),
        action_type_id: ActionTypeId {
            category,
            owner: "AWS".into(),
            provider: "Plain".into(),
            version: "1".into(),
        },
        run_order: 1,
        configuration: BTreeMap::from([
            ("ProjectName".to_owned(), "site".to_owned()),
            (
                "Who".to_owned(),
                if stage == 0 {
                    "nobody".to_owned()
                } else {
                    "#{space-0-0.by}".to_owned()
                },
            ),
        ]),
        commands: vec![],
        environment_variables: vec![],
        input_artifacts: take
            .map(|name| InputArtifact { name })
            .into_iter()
            .collect(),
        output_artifacts: vec![OutputArtifact {
            name: format!("artifact-{stage}-{number}"),
            files: vec![],
        }],
        output_variables: vec![],
        role_arn: None,
        region: None,
        namespace: Some(format!("space-{stage}-{number}")),
        timeout_in_minutes: None,
    }
}

fn pipeline(stages: usize, actions: usize, mode: ExecutionMode) -> Pipeline {
    let stages = (0..stages).map(|stage| Stage {
        name: format!("stage-{stage}"),
        actions: (0..actions)
            .map(|number| {
                let take = stage
                    .checked_sub(1)
                    .map(|before| format!("artifact-{before}-{number}"));
                action(stage, number, take)
            })
            .collect(),
        before_entry: None,
        on_success: None,
        on_failure: None,
    });
    Pipeline {
        name: "site".into(),
        role_arn: None,
        artifact_store: None,
        artifact_stores: None,
        stages: stages.collect(),
        version: 1,
        execution_mode: mode,
        pipeline_type: PipelineType::V2,
        variables: vec![],
        triggers: vec![],
    }
}

struct Line {
    state: PipelineState,
    now: i64,
}

impl Line {
    fn new(definition: Pipeline) -> Self {
        let mut line = Self {
            state: PipelineState::new("111122223333".parse().unwrap(), "site"),
            now: 1_000_000,
        };
        line.ask(Command::CreatePipeline {
            definition: Box::new(definition),
        });
        line
    }

    fn request(&self, command: Command) -> Request {
        Request {
            at: Timestamp(self.now + 1),
            by: Principal::server(),
            seed: [7; 16],
            command,
        }
    }

    fn ask(&mut self, command: Command) {
        let request = self.request(command);
        self.now += 1;
        self.state = step(&self.state, &request).unwrap().after;
    }

    fn start(&mut self) {
        let id = ExecutionId::following(Timestamp(self.now), [9; 16], &self.now.to_string());
        self.ask(Command::StartExecution {
            id,
            trigger: Trigger {
                trigger_type: TriggerType::StartPipelineExecution,
                trigger_detail: String::new(),
            },
            variables: BTreeMap::new(),
            source_revisions: vec![],
        });
    }

    fn jobs(&self) -> Vec<Job> {
        let due = due(&self.state).into_iter();
        due.filter_map(|effect| match effect {
            Effect::Dispatch { job, .. } => Some(*job),
            _ => None,
        })
        .collect()
    }

    /// Everything that runs succeeds.
    fn finish_stage(&mut self) {
        for job in self.jobs() {
            self.ask(answer(&job));
        }
    }

    /// One execution, in this stage.
    fn in_stage(mut self, stage: usize) -> Self {
        self.start();
        for _ in 0..stage {
            self.finish_stage();
        }
        self
    }

    fn outcome(&self) -> Request {
        let jobs = self.jobs();
        let job = jobs
            .get(jobs.len() / 2)
            .unwrap_or_else(|| panic!("no job is due"));
        self.request(answer(job))
    }
}

fn answer(job: &Job) -> Command {
    let artifacts = job.output_artifacts.iter().map(|wanted| Artifact {
        name: wanted.name.clone(),
        digest: Digest([1; 32]),
        bytes: 1,
        files: 1,
        revision: None,
    });
    Command::JobFinished {
        job: job.id,
        attempt: job.attempt,
        outcome: Outcome::Succeeded(Success {
            variables: BTreeMap::from([("by".to_owned(), job.action.clone())]),
            revision: None,
            artifacts: artifacts.collect(),
            external: External::default(),
        }),
    }
}

/// What a shell does with one request, short of the disk.
fn perform(state: &PipelineState, request: &Request) -> usize {
    let stepped = step(state, request).unwrap();
    let effects = owed(&stepped.after, &stepped.events);
    black_box(effects.len() + stepped.events.len())
}

fn measure(bencher: Bencher<'_, '_>, line: &Line) {
    let request = line.outcome();
    bencher.bench_local(|| perform(black_box(&line.state), black_box(&request)));
}

/// The bound: 50 µs.
#[divan::bench(args = [1, 25, 49])]
fn one_outcome_of_50_stages_by_50_actions(bencher: Bencher<'_, '_>, stage: usize) {
    let line = Line::new(pipeline(50, 50, ExecutionMode::Superseded)).in_stage(stage);
    measure(bencher, &line);
}

/// With the rows for the store.
#[divan::bench]
fn one_outcome_and_its_rows(bencher: Bencher<'_, '_>) {
    let line = Line::new(pipeline(50, 50, ExecutionMode::Superseded)).in_stage(25);
    let request = line.outcome();
    bencher.bench_local(|| {
        let stepped = step(&line.state, &request).unwrap();
        black_box(changes(&stepped.after, &stepped.events));
    });
}

/// The last outcome of a stage: fifty actions start.
#[divan::bench]
fn a_stage_of_50_actions_starts(bencher: Bencher<'_, '_>) {
    let mut line = Line::new(pipeline(50, 50, ExecutionMode::Superseded)).in_stage(25);
    for job in line.jobs().into_iter().skip(1) {
        line.ask(answer(&job));
    }
    measure(bencher, &line);
}

/// The same, however many executions there were.
#[divan::bench(args = [10, 10_000])]
fn one_outcome_after_past_executions(bencher: Bencher<'_, '_>, past: usize) {
    let mut line = Line::new(pipeline(3, 3, ExecutionMode::Superseded));
    for _ in 0..past {
        line.start();
        for _ in 0..3 {
            line.finish_stage();
        }
    }
    let line = line.in_stage(1);
    measure(bencher, &line);
}

/// A full queue in front of the first stage.
#[divan::bench]
fn one_outcome_with_fifty_in_the_queue(bencher: Bencher<'_, '_>) {
    let mut line = Line::new(pipeline(50, 50, ExecutionMode::Queued)).in_stage(2);
    while line.state.live().count() < 50 {
        line.start();
    }
    measure(bencher, &line);
}

/// Fifty side by side, five actions each.
#[divan::bench]
fn one_outcome_of_fifty_in_parallel(bencher: Bencher<'_, '_>) {
    let mut line = Line::new(pipeline(50, 50, ExecutionMode::Parallel));
    for _ in 0..50 {
        line.start();
    }
    measure(bencher, &line);
}
