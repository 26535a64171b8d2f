//! Why a guest's call did not come back with an answer, in one sentence for
//! people. Reads the engine's error and what the store remembers.

use crate::limiter::Refused;
use crate::prepare::one_line;
use crate::store::JobState;
use lockgate_model::job::{Failure, FailureType};
use lockgate_model::limits::Limits;
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// The deadline passed while the guest was computing.
#[derive(Debug, thiserror::Error)]
#[error("the deadline passed")]
pub(crate) struct DeadlinePassed;

/// A call that ended without an answer.
pub(crate) fn fault(error: &wasmtime::Error, state: &JobState) -> Failure {
    state.shared.flush();
    Failure::new(FailureType::SystemUnavailable, reason(error, state))
}

/// The deadline passed, however the guest spent the time.
pub(crate) fn deadline(limits: &Limits) -> Failure {
    Failure::new(
        FailureType::SystemUnavailable,
        format!(
            "The provider was ended because its time was over: it may run for {} seconds, or until the job's deadline (seconds).",
            limits.seconds
        ),
    )
}

/// An answer that is not kept.
pub(crate) fn too_large(bytes: u64, limits: &Limits) -> Failure {
    Failure::new(
        FailureType::SystemUnavailable,
        format!(
            "The provider's answer has {bytes} bytes, more than its limit of {} (output-bytes).",
            limits.output_bytes
        ),
    )
}

fn reason(error: &wasmtime::Error, state: &JobState) -> String {
    let limits = &state.shared.limits;
    if error.downcast_ref::<DeadlinePassed>().is_some() {
        return deadline(limits).message;
    }
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        return format!(
            "The provider ended itself with exit code {code} instead of returning an outcome."
        );
    }
    if matches!(
        error.downcast_ref::<ResourceTableError>(),
        Some(ResourceTableError::Full)
    ) {
        return format!(
            "The provider holds too many open handles: its limit is {} (handles).",
            limits.handles
        );
    }
    let text = one_line(&format!("{:#}", error.root_cause()));
    let text = text.strip_prefix("wasm trap: ").unwrap_or(&text);
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => {
            return format!(
                "The provider used up its fuel of {} units of work (fuel).",
                limits.fuel
            );
        }
        Some(Trap::StackOverflow) => {
            return format!(
                "The provider ran out of stack: its calls are nested too deep{}.",
                place(error)
            );
        }
        Some(Trap::Interrupt) => return deadline(limits).message,
        _ => {}
    }
    if text.contains("store handle limit") {
        return format!(
            "The provider holds too many open handles: its limit is {} (handles).",
            limits.handles
        );
    }
    if text.contains("hostcall fuel") || text.contains("fuel allocated for hostcalls") {
        return format!(
            "The provider handed over more than {} MiB at once.",
            crate::call::HOSTCALL_BYTES >> 20
        );
    }
    match state.limiter.refused {
        Some(Refused::Memory) => {
            return format!(
                "The provider ran out of memory: its limit is {} bytes (memory-bytes).",
                limits.memory_bytes
            );
        }
        Some(Refused::Table) => {
            return format!("The provider asked for a larger table than is allowed: {text}.");
        }
        None => {}
    }
    match state.shared.log.panic_message() {
        Some(message) => format!("The provider panicked: {message}"),
        None => format!("The provider trapped: {text}{}.", place(error)),
    }
}

/// The innermost function that has a name.
fn place(error: &wasmtime::Error) -> String {
    error
        .downcast_ref::<WasmBacktrace>()
        .and_then(|trace| trace.frames().iter().find_map(|frame| frame.func_name()))
        .map(|name| format!(" in {}", one_line(name)))
        .unwrap_or_default()
}
