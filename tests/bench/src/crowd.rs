//! Many executions: what those cost that wait for somebody, and whether a long
//! past makes the present slower. Asks the same things of the engine as the
//! faces do.

use crate::engine::Bench;
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

/// Pipelines in PARALLEL mode, each with as many executions as there may be.
const PIPELINES: usize = 200;
const EACH: usize = 50;
/// Executions in a page of a list.
const PAGE: u32 = 100;

/// Bytes that each of ten thousand executions takes that wait at an approval.
pub(crate) async fn waiting_bytes(bench: &Bench) -> Result<f64> {
    let names: Vec<String> = (0..PIPELINES)
        .map(|index| format!("waiting-{index}"))
        .collect();
    for name in &names {
        bench.approval_pipeline(name).await?;
    }
    let before = private_bytes()?;
    for name in &names {
        for _ in 0..EACH {
            bench.start_one(name).await?;
        }
    }
    for name in &names {
        bench.all_wait(name, EACH).await?;
    }
    let after = private_bytes()?;
    Ok((after - before) / (PIPELINES * EACH) as f64)
}

/// The time of each page of a pipeline's history, from the newest to the oldest.
pub(crate) async fn pages(bench: &Bench, name: &str) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut before = None;
    loop {
        let started = Instant::now();
        let page = bench.page(name, before, PAGE).await?;
        times.push(started.elapsed());
        match page.last() {
            Some(oldest) => before = Some(*oldest),
            None => return Ok(times),
        }
    }
}

/// Memory that is this process's alone (proc_pid_smaps_rollup(5)).
fn private_bytes() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let kilobytes = text
        .lines()
        .filter_map(|line| line.strip_prefix("Private_"))
        .filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok())
        .sum::<f64>();
    (kilobytes > 0.0)
        .then_some(kilobytes * 1024.0)
        .context("the system does not tell this process's memory")
}
