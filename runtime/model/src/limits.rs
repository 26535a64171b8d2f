//! What one job may use. Every field is enforced by the host, and every default
//! is finite.

use serde::{Deserialize, Serialize};

/// Limits of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// Seconds of wall time for one attempt, waiting included.
    pub seconds: u64,
    /// Units of work inside Wasm, about one an instruction.
    pub fuel: u64,
    /// Bytes of linear memory, all memories together.
    pub memory_bytes: u64,
    /// Bytes of log text.
    pub log_bytes: u64,
    /// Bytes of one answer: variables, continuation, messages.
    pub output_bytes: u64,
    /// Bytes over all output artifacts.
    pub artifact_bytes: u64,
    /// Files over all output artifacts.
    pub artifact_files: u64,
    /// Bytes received and sent by HTTP, together.
    pub http_bytes: u64,
    /// Requests by HTTP.
    pub http_requests: u64,
    /// Open handles (files, streams, requests) at a time.
    pub handles: u32,
    /// Bytes of resident memory of a command in the OS sandbox, as a tree.
    pub exec_memory_bytes: u64,
    /// Processes of a command in the OS sandbox.
    pub exec_processes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            seconds: 60 * 60,
            fuel: 1_000_000_000_000,
            memory_bytes: 512 * MIB,
            log_bytes: 16 * MIB,
            output_bytes: MIB,
            artifact_bytes: 4096 * MIB,
            artifact_files: 100_000,
            http_bytes: 2048 * MIB,
            http_requests: 1000,
            handles: 1024,
            exec_memory_bytes: 8192 * MIB,
            exec_processes: 1024,
        }
    }
}
