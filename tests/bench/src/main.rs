//! Measures executions of a three-action no-op pipeline through the real
//! engine: the store on this disk, durable, and every action a component in a
//! sandbox of its own. The floors are measured in the same run, in turns with
//! what they are compared with. Prints one JSON object. `cargo xtask bench`
//! calls it.
//!
//! `lockgate-test-bench <noop.wasm> <directory>`

mod crowd;
mod engine;
mod floor;

use anyhow::{Context, Result, bail};
use engine::Bench;
use floor::Disk;
use serde::Serialize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One execution after the other, so often.
const IDLE_EXECUTIONS: usize = 300;
/// In so many turns, with the disk's floor measured between them.
const TURNS: usize = 10;
/// Pipelines that run at the same time.
const IN_FLIGHT: usize = 32;
/// For so long.
const LOADED: Duration = Duration::from_secs(8);
/// Executions of a pipeline that has been at work for long.
const PAST: usize = 10_000;
/// Jobs straight through the host, and bare instances beside them.
const JOBS: usize = 4000;

#[derive(Serialize)]
struct Report {
    fdatasync_us: f64,
    bare_instance_us: f64,
    host_job_us: f64,
    host_job_ratio: f64,
    idle_execution_us: f64,
    idle_execution_ratio: f64,
    executions_per_second_32: f64,
    cpu_ms_per_execution: f64,
    commits_per_transaction_32: f64,
    long_past_ratio: f64,
    history_page_ms: f64,
    waiting_execution_kb: f64,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(component), Some(directory)) = (arguments.next(), arguments.next()) else {
        bail!("write: lockgate-test-bench <noop.wasm> <directory>");
    };
    let component = std::fs::read(&component)
        .with_context(|| format!("cannot read {}", component.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    // As a task of the runtime, which is what the server's own callers are.
    let report = runtime.block_on(runtime.spawn(measure(component, directory)))??;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}

async fn measure(component: Vec<u8>, directory: PathBuf) -> Result<Report> {
    let bench = Bench::start(&component, &directory).await?;

    let (mut bare, mut jobs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        bare.extend(bench.bare(JOBS / TURNS).await?);
        jobs.extend(bench.jobs(JOBS / TURNS).await?);
    }
    let (bare, job) = (median(bare), median(jobs));

    let mut disk = Disk::open(&directory)?;
    bench.pipeline("idle").await?;
    for _ in 0..20 {
        bench.execute("idle").await?;
    }
    let (mut syncs, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        for _ in 0..IDLE_EXECUTIONS / TURNS {
            syncs.extend(disk.appends(4)?);
            let started = Instant::now();
            bench.execute("idle").await?;
            idle.push(started.elapsed());
        }
    }
    let (sync, execution) = (median(syncs), median(idle));

    let names: Vec<String> = (0..IN_FLIGHT)
        .map(|index| format!("loaded-{index}"))
        .collect();
    for name in &names {
        bench.pipeline(name).await?;
    }
    let (transactions, cpu, started) = (bench.transactions(), floor::cpu(), Instant::now());
    let runs = names
        .iter()
        .map(|name| bench.execute_until(name.clone(), started + LOADED));
    let mut executions = 0;
    for run in runs.map(tokio::spawn).collect::<Vec<_>>() {
        executions += run.await??;
    }
    let (elapsed, cpu) = (started.elapsed(), floor::cpu() - cpu);
    let transactions = bench.transactions() - transactions;
    let count = executions as f64;

    let past = long_past(&bench).await?;
    let waiting = crowd::waiting_bytes(&bench).await?;
    Ok(Report {
        fdatasync_us: micros(sync),
        bare_instance_us: micros(bare),
        host_job_us: micros(job),
        host_job_ratio: job.as_secs_f64() / bare.as_secs_f64(),
        idle_execution_us: micros(execution),
        // One commit starts it, and each action's answer is one.
        idle_execution_ratio: execution.as_secs_f64()
            / (sync.as_secs_f64() * (engine::ACTIONS + 1) as f64),
        executions_per_second_32: count / elapsed.as_secs_f64(),
        cpu_ms_per_execution: cpu.as_secs_f64() * 1000.0 / count,
        commits_per_transaction_32: count * (engine::ACTIONS + 1) as f64 / transactions as f64,
        long_past_ratio: past.ratio,
        history_page_ms: past.page.as_secs_f64() * 1000.0,
        waiting_execution_kb: waiting / 1000.0,
    })
}

struct LongPast {
    /// An execution of a pipeline with ten thousand behind it over one of a
    /// pipeline with ten.
    ratio: f64,
    /// The slowest page of its history.
    page: Duration,
}

async fn long_past(bench: &Bench) -> Result<LongPast> {
    let (old, young) = ("old", "young");
    for (name, past) in [(old, PAST), (young, 10)] {
        bench.pipeline(name).await?;
        for _ in 0..past {
            bench.execute(name).await?;
        }
    }
    let (mut olds, mut youngs) = (Vec::new(), Vec::new());
    for _ in 0..IDLE_EXECUTIONS {
        for (name, times) in [(old, &mut olds), (young, &mut youngs)] {
            let started = Instant::now();
            bench.execute(name).await?;
            times.push(started.elapsed());
        }
    }
    let pages = crowd::pages(bench, old).await?;
    Ok(LongPast {
        ratio: median(olds).as_secs_f64() / median(youngs).as_secs_f64(),
        page: pages.into_iter().max().unwrap_or_default(),
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e7).round() / 10.0
}
