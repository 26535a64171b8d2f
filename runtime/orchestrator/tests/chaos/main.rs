//! The whole shell under a simulated clock, with a disk that fails, providers
//! that answer late, twice or never, and servers that are killed: nothing is
//! lost, and no outcome is applied twice.
//!
//! Every history comes from a seed. `LOCKGATE_CHAOS_SEEDS` says how many are
//! tried (a fixed number where it is not set), `LOCKGATE_CHAOS_SEED` which is the
//! first, `LOCKGATE_CHAOS_STEPS` about how many steps a life takes,
//! `LOCKGATE_CHAOS_TELL` prints every history that is tried.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test tells what is wrong by panicking"
)]

mod chance;
mod definitions;
mod disk;
mod finish;
mod history;
mod house;
mod journal;
mod laws;
mod people;
mod probe;
mod provider;
mod workers;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;
use std::time::Instant;

/// What a test run has time for.
const SEEDS: u64 = 40;
/// Of one life, on average.
const STEPS: u64 = 40;

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[test]
fn whatever_fails_nothing_is_lost_and_nothing_is_applied_twice() {
    let first = setting("LOCKGATE_CHAOS_SEED").unwrap_or(1);
    let seeds = setting("LOCKGATE_CHAOS_SEEDS").unwrap_or(SEEDS);
    let steps = setting("LOCKGATE_CHAOS_STEPS").unwrap_or(STEPS);
    let tell = std::env::var_os("LOCKGATE_CHAOS_TELL").is_some();
    let next = AtomicU64::new(first);
    let broken = Mutex::new(BTreeMap::new());
    let met: Mutex<BTreeMap<String, u64>> = Mutex::default();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + seeds {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| history::history(seed, steps)));
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(panic) => {
                    eprintln!("seed {seed} panics");
                    resume_unwind(panic);
                }
            };
            if tell {
                println!("seed {seed}\n{}", outcome.journal);
            }
            for (name, count) in outcome.met {
                *met.lock().unwrap().entry(name).or_default() += count;
            }
            if !outcome.wrong.is_empty() {
                // At once, for those who wait for a long run.
                eprintln!("seed {seed}:\n  {}", outcome.wrong.join("\n  "));
                broken.lock().unwrap().insert(seed, outcome.journal);
            }
        }
    };
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    println!(
        "{seeds} histories in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    for (name, count) in met.into_inner().unwrap() {
        println!("{count:>9} {name}");
    }
    let broken = broken.into_inner().unwrap();
    // The first is told as a whole.
    if let Some((seed, journal)) = broken.first_key_value() {
        eprintln!("the history of seed {seed}:\n{journal}");
    }
    assert!(
        broken.is_empty(),
        "{} of {seeds} histories are broken; LOCKGATE_CHAOS_SEED and LOCKGATE_CHAOS_SEEDS=1 repeat one",
        broken.len()
    );
}
