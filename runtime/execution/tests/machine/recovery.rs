//! A log cut at any event: fold it, ask what is due, carry on, and it ends the
//! same.

use crate::definitions::{
    Judged, Words, action, approval, build, failure, pending, pipeline, rule, source, stage,
    success,
};
use crate::line::{Line, execution};
use lockgate_execution::{
    Command, Effect, Event, PipelineState, Recorded, UpdatePolicy, WorkerJob, apply, due,
    worker_jobs,
};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{ConditionResult, ExecutionMode, Pipeline, RetryMode};
use lockgate_model::id::Nonce;
use lockgate_model::job::{Job, Outcome};
use lockgate_model::status::JobStatus;
use std::collections::BTreeMap;

/// At once, and one after the other when those have ended.
const STARTS: usize = 3;
const ALL_STARTS: usize = 5;

/// A world whose answers depend on the question alone.
fn outcome(job: &Job) -> Outcome {
    match (job.action.as_str(), job.attempt) {
        ("slow", 1..=2) => pending(&format!("so far {}", job.attempt), 10),
        // Fails in the first run of its stage in every execution.
        ("flaky", _) if job.revision.is_none() && first_run(job) => failure("flaky"),
        // Fails in the last execution, and its rollback does not.
        ("canary", _) if job.execution == execution(5) && is_mine(job, "Canary/canary") => {
            failure("it broke")
        }
        ("window", 1) => pending("at nine", 30),
        // Opens the entry at the second time of asking.
        ("open", _) if is_mine(job, "Deploy/BEFORE_ENTRY/open/1") => failure("closed"),
        _ => Outcome::Succeeded(success(job)),
    }
}

/// Of an execution that was asked for, and not of a rollback.
fn is_mine(job: &Job, name: &str) -> bool {
    job.execution.0.as_u128() < 1000
        && (1..4).any(|attempt| {
            let alone = job.execution.derive(name);
            let counted = job.execution.derive(&format!("{name}/{attempt}"));
            [alone, counted].contains(&job.action_execution.0)
        })
}

fn first_run(job: &Job) -> bool {
    job.action_execution.0 == job.execution.derive("Build/flaky/1")
}

/// What the world does next, if anything is left to do.
fn turn(line: &mut Line) -> bool {
    let started = line
        .log
        .iter()
        .filter(|r| matches!(r.event, Event::ExecutionStarted { rollback: None, .. }))
        .count();
    if started < STARTS {
        line.start();
        return true;
    }
    if work(line) {
        return true;
    }
    if let Some(effect) = due(&line.state).into_iter().next() {
        match effect {
            Effect::Dispatch { job, .. } if job.action == "pack" => {
                line.ask(Command::QueueJob { job: job.id }).unwrap();
            }
            Effect::Dispatch { job, not_before } => {
                line.now = line.now.max(not_before);
                let outcome = outcome(&job);
                line.answer(&job, outcome).unwrap();
            }
            Effect::AnnounceApproval(open) => {
                line.approve(&open.stage, &open.action, open.token, true)
                    .unwrap();
            }
            other => panic!("{other:?} is owed alone"),
        }
        return true;
    }
    let flaky: Vec<_> = line
        .state
        .executions()
        .filter(|run| run.status.as_str() == "Failed" && run.rollback.is_none())
        .filter(|run| run.stage("Build").unwrap().attempt == 1)
        .map(|run| run.id.0.as_u128())
        .collect();
    let retried = flaky.into_iter().any(|number| {
        line.retry(number, "Build", RetryMode::FailedActions)
            .is_ok()
    });
    if !retried && started < ALL_STARTS {
        line.start();
        return true;
    }
    retried
}

/// A job worker does what it does next.
fn work(line: &mut Line) -> bool {
    let Some(WorkerJob {
        job, status, nonce, ..
    }) = worker_jobs(&line.state).next()
    else {
        return false;
    };
    let fresh = Nonce(job.id.0);
    match status {
        JobStatus::Queued => line.ask(Command::DispatchJob {
            job: job.id,
            nonce: fresh,
            acknowledge_within: 60,
        }),
        JobStatus::Dispatched => line.ask(Command::AcknowledgeJob {
            job: job.id,
            nonce: nonce.unwrap(),
        }),
        _ => {
            let outcome = outcome(&job);
            line.answer(&job, outcome)
        }
    }
    .unwrap();
    true
}

type End = Vec<(u128, String, Vec<String>, BTreeMap<String, String>)>;

fn run_to_the_end(line: &mut Line) -> End {
    for _ in 0..1000 {
        if !turn(line) {
            return end(&line.log);
        }
    }
    panic!("it does not end");
}

/// What became of every execution, read off the log: a state forgets. The ids
/// of rollbacks depend on when they were decided.
fn end(log: &[Recorded]) -> End {
    let rollbacks = log.iter().filter_map(|r| match &r.event {
        Event::ExecutionStarted {
            execution,
            rollback: Some(rollback),
            ..
        } => Some((1000 + rollback.failed.unwrap().0.as_u128(), *execution)),
        _ => None,
    });
    (1..=ALL_STARTS as u128)
        .map(|number| (number, execution(number)))
        .chain(rollbacks)
        .map(|(number, id)| {
            let mine = || log.iter().filter(|r| r.event.execution() == Some(id));
            let last = mine().next_back().unwrap().event.name().to_owned();
            let stages = mine()
                .filter(|r| r.event.name().starts_with("Stage"))
                .map(|r| format!("{} {}", r.event.name(), r.event.stage().unwrap()))
                .collect();
            let artifacts = mine()
                .filter_map(|r| match &r.event {
                    Event::ActionSucceeded { artifacts, .. } => Some(artifacts),
                    _ => None,
                })
                .flatten()
                .map(|artifact| (artifact.name.clone(), artifact.digest.to_string()))
                .collect();
            (number, last, stages, artifacts)
        })
        .collect()
}

fn scenario(mode: ExecutionMode) -> Pipeline {
    let mut definition = pipeline(vec![
        stage("Source", vec![source("get").makes("src").space("git")]),
        stage(
            "Build",
            vec![
                build("slow").takes("src").makes("bin"),
                build("flaky").takes("src"),
                build("pack")
                    .order(2)
                    .takes("bin")
                    .makes("box")
                    .key("label", "#{git.by}"),
            ],
        ),
        stage("Gate", vec![approval("ok")]),
        stage(
            "Canary",
            vec![action("canary", Category::Deploy).takes("box")],
        )
        .entry(
            Some(ConditionResult::Skip),
            vec![rule("ready", "VariableCheck")],
        )
        .success(
            Some(ConditionResult::Rollback),
            vec![rule("calm", "CloudWatchAlarm")],
        )
        .failure(
            Some(ConditionResult::Rollback),
            vec![rule("alarm", "CloudWatchAlarm")],
        ),
        stage("Deploy", vec![action("put", Category::Deploy).takes("box")])
            .entry(
                Some(ConditionResult::Fail),
                vec![
                    rule("window", "DeploymentWindow"),
                    rule("open", "VariableCheck"),
                ],
            )
            .on_failure(ConditionResult::Retry, None),
    ]);
    definition.execution_mode = mode;
    definition
}

#[test]
fn every_prefix_of_a_log_ends_as_the_whole_does() {
    for mode in [
        ExecutionMode::Superseded,
        ExecutionMode::Queued,
        ExecutionMode::Parallel,
    ] {
        let mut whole = Line::new(&scenario(mode));
        let expected = run_to_the_end(&mut whole);
        let rolled_back = expected.iter().any(|(number, ..)| *number > 1000);
        assert_eq!(rolled_back, mode != ExecutionMode::Parallel);
        assert!(
            expected
                .iter()
                .any(|(_, last, ..)| last == "ExecutionSucceeded"),
            "{expected:#?}"
        );
        assert!(whole.log.len() > 20);
        for cut in 1..whole.log.len() {
            let log = whole.log[..cut].to_vec();
            let mut state = PipelineState::new("111122223333".parse().unwrap(), "site");
            for recorded in &log {
                apply(&mut state, recorded).unwrap();
            }
            let kept = serde_json::to_string(&state).unwrap();
            let state: PipelineState = serde_json::from_str(&kept).unwrap();
            let mut line = Line::resume(state, log);
            line.pass();
            let end = run_to_the_end(&mut line);
            assert_eq!(end, expected, "{mode:?} cut after event {cut}");
        }
    }
}

#[test]
fn after_a_restart_the_same_jobs_go_out() {
    let mut line = Line::new(&scenario(ExecutionMode::Superseded));
    line.start();
    line.succeed("get");
    line.finish("slow", pending("half", 3));
    let mut state = PipelineState::new("111122223333".parse().unwrap(), "site");
    for recorded in &line.log {
        apply(&mut state, recorded).unwrap();
    }
    assert_eq!(due(&state), due(&line.state));
    assert_eq!(state, line.state);
}

#[test]
fn an_event_that_does_not_fit_is_refused() {
    let mut line = Line::new(&scenario(ExecutionMode::Superseded));
    line.start();
    let mut state = PipelineState::new("111122223333".parse().unwrap(), "site");
    let problem = apply(&mut state, line.log.last().unwrap()).unwrap_err();
    assert_eq!(problem.event, "ActionStarted");
    assert!(problem.to_string().contains("execution"), "{problem}");
}

/// A log outlives the program that wrote it.
#[test]
fn events_of_the_first_version_still_read() {
    let id = execution(1);
    for text in [
        format!(
            r#"{{"type":"ExecutionStarted","execution":"{id}","version":1,"trigger":{{"triggerType":"CreatePipeline","triggerDetail":""}},"variables":{{}},"sourceRevisions":[{{"actionName":"get","revisionId":"r"}}]}}"#
        ),
        format!(r#"{{"type":"StageFailed","execution":"{id}","stage":"Build"}}"#),
        format!(
            r#"{{"type":"StageRetried","execution":"{id}","stage":"Build","mode":"FAILED_ACTIONS","attempt":2}}"#
        ),
        format!(
            r#"{{"type":"ActionStarted","execution":"{id}","stage":"Build","action":"make","id":"{id}","work":{{"Job":"{id}"}},"expires":5,"input":{{"actionType":{{"category":"Build","owner":"AWS","provider":"Plain","version":"1"}},"configuration":{{}}}}}}"#
        ),
    ] {
        let event: Event = serde_json::from_str(&text).unwrap();
        let again = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&again).unwrap(), event);
    }
    let definition = serde_json::to_string(&scenario(ExecutionMode::Queued)).unwrap();
    let text = format!(r#"{{"type":"PipelineUpdated","definition":{definition}}}"#);
    let event: Event = serde_json::from_str(&text).unwrap();
    assert!(matches!(
        event,
        Event::PipelineUpdated {
            policy: UpdatePolicy::Cancel,
            ..
        }
    ));
}
