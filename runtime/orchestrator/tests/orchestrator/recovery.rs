//! A server that is killed after any durable step goes on where it was.

use crate::definitions::{approval, make, pipeline, ship, source, stage, with};
use crate::house::{House, Plan, life};
use lockgate_execution::{Event, StartedWork};
use lockgate_model::id::{ExecutionId, JobId};
use lockgate_orchestrator::Entry;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// What the scenario does, one durable change each.
const STEPS: usize = 9;

/// What was seen of jobs through all lives.
#[derive(Default)]
struct Seen {
    execution: Option<ExecutionId>,
    /// Handed out, by action and attempt.
    jobs: BTreeMap<(String, u32), JobId>,
    /// Answered, and the answer on disk.
    answered: Vec<JobId>,
    /// Steps done.
    steps: usize,
}

fn definition() -> lockgate_model::definition::Pipeline {
    let code = json!({"outputArtifacts": [{"name": "Code"}], "namespace": "src"});
    let input = json!({"inputArtifacts": [{"name": "Code"}]});
    pipeline(
        "p",
        &[
            stage("Source", &[with(source(), code)]),
            stage(
                "Build",
                &[with(make("A"), input.clone()), with(make("B"), input)],
            ),
            stage("Gate", &[approval("Ask")]),
            stage("Deploy", &[ship("Ship")]),
        ],
    )
}

/// Goes on until `stop` steps are done in all, or to the end.
async fn go_on(house: &mut House, seen: &mut Seen, stop: usize) {
    let execution = if let Some(execution) = seen.execution {
        execution
    } else {
        if house.orchestrator.state(&house.tenant, "p").await.is_err() {
            house.create(definition()).await;
            seen.steps += 1;
        }
        if seen.steps >= stop {
            return;
        }
        let execution = house.start("p").await;
        seen.execution = Some(execution);
        seen.steps += 1;
        execution
    };
    let mut pending = false;
    while seen.steps < stop {
        // What the state waits for, of the job handed out first.
        if let Some(token) = open_approval(house, execution).await {
            let (o, t) = (&house.orchestrator, &house.tenant);
            let (stage, action) = ("Gate".into(), "Ask".into());
            o.answer_approval(t, "p", stage, action, token, true, String::new(), &house.by)
                .await
                .unwrap();
            seen.steps += 1;
            continue;
        }
        let state = house.state("p").await;
        if state.execution(execution).unwrap().status.is_final() {
            return;
        }
        if std::mem::take(&mut pending) || state_is_pending(&state, execution) {
            house.pass(60).await;
        }
        let call = house.calls.recv().await.unwrap();
        let (id, action, attempt) = (call.job.id, call.job.action.clone(), call.job.attempt);
        assert!(!seen.answered.contains(&id), "{action} was done already");
        let known = seen.jobs.entry((action.clone(), attempt)).or_insert(id);
        assert_eq!(*known, id, "{action} has another job");
        let mut follow = house.follow(execution);
        let ends = match (action.as_str(), attempt) {
            ("Fetch", _) => {
                std::fs::write(call.directory("/out/Code").join("a"), "alpha").unwrap();
                call.fetch("r1");
                "ActionSucceeded"
            }
            ("Ship", 1) => {
                call.wait("there", 60);
                pending = true;
                "ActionPending"
            }
            (action, _) => {
                if action != "Ship" {
                    let text = std::fs::read(call.directory("/in/Code").join("a"));
                    assert_eq!(text.unwrap(), b"alpha");
                }
                call.succeed_with("of", action);
                "ActionSucceeded"
            }
        };
        loop {
            let event = house.until(&mut follow, ends).await;
            if event.action() == Some(action.as_str()) {
                break;
            }
        }
        seen.answered.push(id);
        seen.steps += 1;
    }
}

fn state_is_pending(state: &lockgate_execution::PipelineState, execution: ExecutionId) -> bool {
    let run = state.execution(execution).unwrap();
    run.current_stage().is_some_and(|stage| {
        stage.running().any(|action| {
            matches!(&action.work, lockgate_execution::Work::Job { continuation, .. }
                if continuation.is_some())
        })
    })
}

async fn open_approval(
    house: &House,
    execution: ExecutionId,
) -> Option<lockgate_model::id::ApprovalToken> {
    let store = house.orchestrator.store();
    let open = store
        .open_approvals(&house.tenant, Some("p"))
        .await
        .unwrap();
    let found = open.iter().find(|a| a.execution == execution)?;
    Some(found.token)
}

/// How it ended, without what is different each time.
async fn ending(house: &House, execution: ExecutionId) -> Vec<String> {
    let entries = house.rest(house.follow(execution)).await;
    let mut events = vec![];
    for entry in entries {
        let Entry::Event { recorded, .. } = entry else {
            continue;
        };
        let event = &recorded.event;
        let work = match event {
            Event::ActionStarted { work, .. } => match work {
                StartedWork::Job(_) => "job",
                StartedWork::Approval(_) => "approval",
                StartedWork::Impossible(_) => "impossible",
            },
            _ => "",
        };
        let action = event.action().unwrap_or_default();
        events.push(format!("{} {action} {work}", event.name()));
    }
    events
}

fn run(path: &Path, stops: &[usize]) -> (Seen, Vec<String>) {
    let mut seen = Seen::default();
    for stop in stops {
        life(path, Plan::default(), async |house| {
            go_on(house, &mut seen, *stop).await;
        });
    }
    let events = life(path, Plan::default(), async |house| {
        go_on(house, &mut seen, usize::MAX).await;
        let events = ending(house, seen.execution.unwrap()).await;
        house.no_directories().await;
        let store = house.orchestrator.store();
        let loaded = store.load(&house.tenant, "p").await.unwrap().unwrap();
        assert!(loaded.jobs.is_empty(), "{:?}", loaded.jobs);
        events
    });
    (seen, events)
}

#[test]
fn killed_after_any_durable_change_it_ends_the_same_and_repeats_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (whole, expected) = run(directory.path(), &[]);
    assert_eq!(whole.steps, STEPS - 1);
    assert_eq!(expected.last().unwrap().trim(), "ExecutionSucceeded");
    for stop in 1..STEPS {
        let directory = tempfile::tempdir().unwrap();
        let (seen, events) = run(directory.path(), &[stop]);
        assert_eq!(seen.steps, whole.steps, "killed after {stop}");
        let mut sorted = (events, expected.clone());
        // A and B run side by side, so either may end first.
        sorted.0.sort();
        sorted.1.sort();
        assert_eq!(sorted.0, sorted.1, "killed after {stop}");
    }
}

#[test]
fn killed_after_every_durable_change_it_ends_the_same_and_repeats_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let stops: Vec<_> = (1..STEPS).collect();
    let (seen, events) = run(directory.path(), &stops);
    assert_eq!(seen.steps, STEPS - 1);
    assert_eq!(events.last().unwrap().trim(), "ExecutionSucceeded");
}

#[test]
fn what_a_killed_server_left_in_its_work_directory_is_removed_whatever_its_modes() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    life(path, Plan::default(), async |house| {
        house.create(definition()).await;
        house.start("p").await;
        let call = house.call("Fetch").await;
        let left = call.directory("/out/Code").join("left");
        std::fs::create_dir_all(left.join("deep")).unwrap();
        std::fs::set_permissions(&left, PermissionsExt::from_mode(0o500)).unwrap();
    });
    assert_eq!(std::fs::read_dir(path.join("work")).unwrap().count(), 1);
    life(path, Plan::default(), async |house| {
        let call = house.call("Fetch").await;
        assert_eq!(house.directories(), 1);
        let out = call.directory("/out/Code");
        assert_eq!(std::fs::read_dir(out).unwrap().count(), 0);
    });
}

#[test]
fn an_answer_that_was_given_and_not_kept_is_asked_for_again_with_the_same_job() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let job = life(path, Plan::default(), async |house| {
        house.create(definition()).await;
        house.start("p").await;
        let call = house.call("Fetch").await;
        let job = call.job.clone();
        // Killed before anybody could look at it.
        call.fetch("r1");
        job
    });
    life(path, Plan::default(), async |house| {
        assert_eq!(house.call("Fetch").await.job, job);
    });
}

#[test]
fn a_clock_that_was_set_back_holds_up_no_job() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    life(path, Plan::default(), async |house| {
        house.create(definition()).await;
        house.start("p").await;
        house.call("Fetch").await;
    });
    let yesterday = Plan {
        at: lockgate_model::time::Timestamp(crate::house::BEGINNING.0 - 86_400_000),
        ..Plan::default()
    };
    life(path, yesterday, async |house| {
        house.call("Fetch").await;
    });
}
