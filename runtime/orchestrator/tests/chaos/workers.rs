//! Job workers: machines of their own that poll for jobs, begin them, and answer,
//! and live on when a server dies. Some answer late, twice, without having begun,
//! or to a server that they cannot reach.

use crate::house::House;
use crate::journal::What;
use crate::people::{kept, name};
use crate::provider::mark;
use lockgate_execution::WorkerJob;
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::id::{Nonce, Principal};
use lockgate_model::job::{External, Failure, FailureType, Job, Pending, Success};
use lockgate_model::status::JobStatus;
use lockgate_orchestrator::{CustomActionType, OrchestratorError};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// The action type that they do.
pub(crate) fn action_type() -> ActionTypeId {
    ActionTypeId {
        category: Category::Test,
        owner: "Custom".into(),
        provider: "Worker".into(),
        version: "1".into(),
    }
}

/// What is known of it.
pub(crate) fn custom() -> CustomActionType {
    serde_json::from_value(json!({
        "category": "Test",
        "provider": "Worker",
        "version": "1",
        "configurationProperties": [{ "name": "Setting" }],
        "inputArtifactDetails": { "minimumCount": 0, "maximumCount": 5 },
        "outputArtifactDetails": { "minimumCount": 0, "maximumCount": 5 },
    }))
    .unwrap()
}

/// A job in a worker's hands.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    job: Job,
    nonce: Nonce,
    begun: bool,
    /// It does nothing before the calm.
    dead: bool,
}

/// Works for as long as the server lives; what workers hold outlives it.
pub(crate) async fn work(house: House) {
    let world = house.world.clone();
    loop {
        let longest = if world.is_calm() { 5_000 } else { 300_000 };
        let millis = world.draw("worker pause", |chance| chance.millis(longest));
        tokio::time::sleep(Duration::from_millis(millis)).await;
        poll(&house).await;
        let mut deliveries: Vec<u64> = world.state().held.keys().copied().collect();
        if !world.is_calm() {
            let one = world.draw("worker", |chance| chance.of(&deliveries).copied());
            deliveries.retain(|delivery| Some(*delivery) == one);
        }
        for delivery in deliveries {
            deal(&house, delivery).await;
        }
    }
}

async fn poll(house: &House) {
    let House {
        orchestrator,
        tenant,
        world,
        ..
    } = house;
    let (by, none) = (Principal("worker".into()), BTreeMap::new());
    let kind = action_type();
    let polled = orchestrator.poll_jobs(tenant, &kind, 3, &none, &by);
    // Whoever is not told what it got asks again, and the jobs are offered again.
    for WorkerJob { job, nonce, .. } in polled.await.unwrap_or_default() {
        let delivery = world.hand_to_worker(&job);
        let Some(nonce) = nonce else {
            world.wrong(format!("d{delivery}: a worker gets no nonce"));
            continue;
        };
        let held = Held {
            job,
            nonce,
            begun: false,
            dead: world.draw("worker", |chance| chance.percent(8)),
        };
        world.state().held.insert(delivery, held);
    }
}

/// Begins a job, or answers it.
async fn deal(house: &House, delivery: u64) {
    let world = &house.world;
    let Some(held) = world.state().held.get(&delivery).cloned() else {
        return;
    };
    let calm = world.is_calm();
    if held.dead && !calm {
        return;
    }
    let skips = world.draw("worker", |chance| chance.percent(5)) && !calm;
    let keeps = if held.begun || skips {
        let draw = world.draw("worker", |chance| chance.below(100));
        let keeps = answer(house, delivery, &held, draw).await;
        let twice = world.draw("worker", |chance| chance.percent(20));
        if twice && !keeps {
            answer(house, delivery, &held, draw).await;
        }
        keeps
    } else {
        begin(house, delivery, &held).await
    };
    let mut state = world.state();
    if !keeps {
        state.held.remove(&delivery);
    }
}

/// Whether the worker has the job still.
async fn begin(house: &House, delivery: u64, held: &Held) -> bool {
    let House {
        orchestrator,
        tenant,
        world,
        ..
    } = house;
    let command = asks(house, held, format!("begin d{delivery}"));
    let by = Principal(name(command));
    let begun = orchestrator.acknowledge_job(tenant, held.job.id, held.nonce, &by);
    let begun = begun.await.map(|_| ());
    hears(house, command, &begun);
    let mut is_begun = begun.is_ok();
    if let Err(OrchestratorError::Rejected(_)) = begun {
        // Whoever was not told that it has begun is refused a second time.
        match orchestrator.worker_job(tenant, held.job.id).await {
            Ok(open) => {
                is_begun = open.status == JobStatus::InProgress && open.nonce == Some(held.nonce);
                if !is_begun {
                    return false;
                }
            }
            Err(OrchestratorError::Rejected(_)) => return false,
            Err(_) => {}
        }
    }
    if let Some(held) = world.state().held.get_mut(&delivery) {
        held.begun = is_begun;
    }
    true
}

async fn answer(house: &House, delivery: u64, held: &Held, draw: u64) -> bool {
    let House {
        orchestrator,
        tenant,
        world,
        ..
    } = house;
    let (command, job) = (
        asks(house, held, format!("answer d{delivery}")),
        held.job.id,
    );
    let by = Principal(name(command));
    let mark = mark(delivery);
    let external = External {
        summary: Some(mark.clone()),
        ..External::default()
    };
    let told = match draw {
        _ if world.is_calm() => "succeeds",
        0..15 => "fails",
        15..35 => "goes on",
        _ => "succeeds",
    };
    world.note(What::Answered {
        delivery,
        answer: told.to_owned(),
    });
    let answered = match told {
        "fails" => {
            let failure = Failure::new(FailureType::JobFailed, mark);
            orchestrator.job_failed(tenant, job, failure, &by).await
        }
        "goes on" => {
            let pending = Pending {
                continuation: mark,
                poll_after: 30,
                percent: None,
                external,
            };
            orchestrator.job_continued(tenant, job, pending, &by).await
        }
        _ => {
            let success = Success {
                variables: BTreeMap::from([("by".to_owned(), "x".to_owned())]),
                external,
                ..Success::default()
            };
            orchestrator.job_succeeded(tenant, job, success, &by).await
        }
    };
    hears(house, command, &answered);
    let gone = matches!(answered, Ok(()) | Err(OrchestratorError::Rejected(_)));
    !gone
}

fn asks(house: &House, held: &Held, text: String) -> u64 {
    let command = house.world.command();
    house.world.note(What::Asked {
        command,
        pipeline: held.job.pipeline.clone(),
        text,
        tells: true,
    });
    command
}

fn hears(house: &House, command: u64, result: &Result<(), OrchestratorError>) {
    let (kept, text) = match result {
        Ok(()) => (Some(true), "done".to_owned()),
        Err(error) => (kept(error), error.to_string()),
    };
    house.world.note(What::Told {
        command,
        kept,
        text,
    });
}
