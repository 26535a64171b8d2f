//! Lines of logs as they are kept: numbered by the store through all attempts
//! at one action execution. They ride along with changes or, where none waits,
//! go to the disk without waiting for it.

use crate::error::StoreError;
use crate::queue::Lane;
use crate::store::Store;
use crate::table::log_chunk;
use lockgate_model::id::{ActionExecutionId, TenantId};
use lockgate_model::job::LogLine;

/// A line and its place in the log of its action execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLine {
    /// Counts from 0 through all attempts.
    pub index: u64,
    /// The attempt that said it.
    pub attempt: u32,
    /// The line.
    pub line: LogLine,
}

impl Store {
    /// Adds lines to the log of an action execution. Lines handed over first
    /// come first. They survive a killed process once this returns, and a loss
    /// of power with the next commit. Many lines at a time cost little more
    /// than one.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn append_logs(
        &self,
        tenant: &TenantId,
        action_execution: ActionExecutionId,
        attempt: u32,
        lines: &[LogLine],
    ) -> Result<(), StoreError> {
        if lines.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_string(lines)
            .map_err(|error| StoreError::Contradiction(error.to_string()))?;
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let bytes = u32::try_from(json.len()).unwrap_or(u32::MAX);
        let tenant = tenant.clone();
        self.write(Lane::Log(bytes), move |connection| {
            Ok(log_chunk::append(
                connection,
                &tenant,
                action_execution,
                attempt,
                count,
                &json,
            )?)
        })
        .await
    }

    /// The lines of an action execution from index `from` on.
    ///
    /// # Errors
    /// As all reads.
    pub async fn read_logs(
        &self,
        tenant: &TenantId,
        action_execution: ActionExecutionId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredLine>, StoreError> {
        let tenant = tenant.clone();
        self.readers()
            .read(move |connection| {
                log_chunk::read(connection, &tenant, action_execution, from, limit)
            })
            .await
    }
}
