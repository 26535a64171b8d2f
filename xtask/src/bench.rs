//! The benchmark: the engine through `tests/bench`, the idle server through the
//! binary itself, each beside what this machine can do at best.

use crate::command::{cargo, root, run, target};
use crate::{bundle, tools};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Key, what it is, how it should be, and the unit.
const ROWS: [(&str, &str, &str); 13] = [
    ("fdatasync_us", "floor: durable append of one page, µs", ""),
    (
        "bare_instance_us",
        "floor: the no-op component in bare wasmtime, µs",
        "",
    ),
    ("host_job_us", "a job through the host, µs", ""),
    ("host_job_ratio", "  over bare wasmtime", "at most 2"),
    (
        "idle_execution_us",
        "three no-op actions, trigger to end, durable, µs",
        "",
    ),
    (
        "idle_execution_ratio",
        "  over four durable appends",
        "at most 1.5",
    ),
    (
        "executions_per_second_32",
        "executions a second, 32 in flight",
        "400",
    ),
    (
        "cpu_ms_per_execution",
        "processor time of each, ms",
        "at most 2.5",
    ),
    (
        "long_past_ratio",
        "an execution after 10,000 others over one after ten",
        "about 1",
    ),
    (
        "history_page_ms",
        "the slowest page of those 10,000, ms",
        "below 10",
    ),
    (
        "waiting_execution_kb",
        "memory of each of 10,000 that wait for approval, kB",
        "below 4",
    ),
    (
        "commits_per_transaction_32",
        "commits that share one write",
        "",
    ),
    (
        "idle_memory_mib",
        "memory of the idle server with all providers, MiB",
        "at most 60",
    ),
];

#[derive(clap::Args)]
pub struct Options {
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run_all(options: &Options) -> Result<()> {
    tools::ensure()?;
    bundle::build()?;
    let binary = bundle::build_binary(true)?;
    run(cargo().args(["build", "--release", "-p", "lockgate-test-bench"]))?;

    // On the disk that holds the checkout, not on one made of memory.
    let directory = target().join("bench");
    if directory.exists() {
        std::fs::remove_dir_all(&directory)?;
    }
    std::fs::create_dir_all(&directory)?;
    let mut report = engine(&directory)?;
    let memory = idle_memory_mib(&binary, &directory)?;
    if let Value::Object(report) = &mut report {
        report.insert("idle_memory_mib".to_owned(), memory.into());
    }
    if options.json {
        println!("{report}");
        return Ok(());
    }
    for (key, what, wanted) in ROWS {
        let value = report.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
        let wanted = if wanted.is_empty() {
            String::new()
        } else {
            format!("  ({wanted})")
        };
        println!("{what:<52} {value:>9.2}{wanted}");
    }
    println!();
    println!(
        "Others with three no-op steps on a machine like ours, as they were measured elsewhere:"
    );
    println!("Restate 305-325 executions/s and 3.9-6 ms each, Obelisk 66-154/s and 5-15 ms,");
    println!("Buildbot 0.5/s and 420 ms.");
    Ok(())
}

fn engine(directory: &Path) -> Result<Value> {
    let component = bundle::extra("tests/noop").join("plugin.wasm");
    let output = Command::new(target().join("release/lockgate-test-bench"))
        .arg(component)
        .arg(directory)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start the benchmark")?;
    if !output.status.success() {
        bail!("the benchmark ended with {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Memory that is this server's alone or its share of (PSS), once it has
/// prepared every provider and answers.
fn idle_memory_mib(binary: &Path, directory: &Path) -> Result<f64> {
    let data = directory.join("serve");
    let serve = || {
        Command::new(binary)
            .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .current_dir(root())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the server")
    };
    // The first start compiles the providers; what is measured is a server that
    // finds them compiled.
    let mut memory = 0.0;
    for _ in 0..2 {
        let mut server = serve()?;
        let ready = server
            .stdout
            .take()
            .map(BufReader::new)
            .and_then(|out| out.lines().next());
        let measured = pss_mib(server.id());
        server.kill()?;
        server.wait()?;
        if ready.is_none() {
            bail!("the server ended before it listened");
        }
        memory = measured?;
    }
    Ok(memory)
}

fn pss_mib(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/smaps_rollup");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let kib = text
        .lines()
        .find_map(|line| {
            line.strip_prefix("Pss:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        })
        .with_context(|| format!("{path} has no Pss"))?;
    let kib: f64 = kib;
    Ok(kib / 1024.0)
}
