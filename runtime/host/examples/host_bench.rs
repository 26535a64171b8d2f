//! What a job costs through the host, beside the engine's own floor for the
//! same component. Prints one JSON object; times are microseconds.
//!
//! `host_bench <provider.wasm> [iterations]`

use lockgate_host::{Host, HostSettings, LogSink, Plugin, RunRequest, floor};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::grant::Grant;
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId};
use lockgate_model::job::{Job, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use lockgate_model::time::Timestamp;
use std::error::Error;
use std::time::{Duration, Instant};

/// Measured in turns, so that what else the machine does falls on both.
const TURNS: usize = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("write: host_bench <provider.wasm> [iterations]")?;
    let iterations: usize = arguments.next().map_or(Ok(5000), |text| text.parse())?;
    let component = std::fs::read(&path).map_err(|e| format!("{path}: {e}"))?;
    let job = job();
    let host = Host::new(HostSettings::default())?;
    let plugin = Plugin {
        name: "bench",
        world: World::ActionProvider,
        grant: &Grant::default(),
        optional: &Default::default(),
        limits: Limits::default(),
    };
    let prepared = host.prepare(&component, plugin)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let turn = iterations.div_ceil(TURNS);
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            bare.extend(floor(&component, &job, turn).await?);
            for _ in 0..turn {
                let request = RunRequest::new(job.clone(), LogSink::discard());
                let started = Instant::now();
                let outcome = host.run(&prepared, request).await;
                ours.push(started.elapsed());
                if let Outcome::Failed(failure) = outcome {
                    return Err(failure.message.into());
                }
            }
        }
        let (floor, run) = (Percentiles::of(bare), Percentiles::of(ours));
        println!(
            "{{\"floor_p50_us\":{:.1},\"floor_p99_us\":{:.1},\"run_p50_us\":{:.1},\"run_p99_us\":{:.1},\"ratio\":{:.2}}}",
            floor.p50,
            floor.p99,
            run.p50,
            run.p99,
            run.p50 / floor.p50
        );
        Ok(())
    })
}

struct Percentiles {
    p50: f64,
    p99: f64,
}

impl Percentiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| {
            times
                .get(times.len().saturating_sub(1) * percent / 100)
                .map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
        };
        Self {
            p50: at(50),
            p99: at(99),
        }
    }
}

fn job() -> Job {
    let id = uuid::Uuid::from_u128(7);
    Job {
        id: JobId(id),
        action_execution: ActionExecutionId(id),
        attempt: 1,
        tenant: "111122223333".parse().unwrap_or_else(|_| unreachable!()),
        pipeline: "bench".into(),
        execution: ExecutionId(id),
        stage: "Build".into(),
        action: "NoOp".into(),
        action_type: ActionTypeId {
            category: Category::Build,
            owner: "Custom".into(),
            provider: "NoOp".into(),
            version: "1".into(),
        },
        configuration: Default::default(),
        input_artifacts: vec![],
        output_artifacts: vec![],
        environment_variables: vec![],
        commands: vec![],
        output_variables: vec![],
        revision: None,
        continuation: None,
        deadline: Timestamp(i64::MAX),
    }
}
