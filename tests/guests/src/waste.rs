//! Ways to waste time, memory, handles and ink.

use crate::lockgate::action::log as host_log;
use crate::machine::wasi::random::random;
use crate::wasi::clocks::monotonic_clock;
use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

pub(crate) fn time() -> ! {
    loop {
        black_box(0);
    }
}

/// A few hundred years.
pub(crate) fn sleep() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(10_000_000_000));
    }
}

/// A pollable that is never ready.
pub(crate) fn block() -> ! {
    loop {
        monotonic_clock::subscribe_instant(u64::MAX).block();
    }
}

/// Takes a megabyte at a time until there is none.
pub(crate) fn memory() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1u8; 1 << 20]));
    }
}

pub(crate) fn stack(depth: usize) -> usize {
    let frame = black_box([depth; 64]);
    if depth == 0 {
        return frame[0];
    }
    stack(black_box(depth - 1)) + frame[63]
}

/// Pollables that are never given back.
pub(crate) fn handles() -> ! {
    loop {
        std::mem::forget(monotonic_clock::subscribe_duration(1));
    }
}

pub(crate) fn randomness(bytes: usize) -> Result<String, String> {
    Ok(random::get_random_bytes(bytes as u64).len().to_string())
}

pub(crate) fn print(bytes: usize) -> Result<String, String> {
    let line = "y".repeat(1023) + "\n";
    let mut out = std::io::stdout().lock();
    for _ in 0..bytes.div_ceil(1024) {
        out.write_all(line.as_bytes()).map_err(|e| e.to_string())?;
    }
    Ok(bytes.to_string())
}

pub(crate) fn log(bytes: usize) {
    let line = "z".repeat(1024);
    for _ in 0..bytes.div_ceil(1024) {
        host_log::write(host_log::Level::Warning, &line);
    }
}
