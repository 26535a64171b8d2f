//! What is put in order at the start and now and then: directories that nobody
//! uses, tokens that nobody repeats.

use crate::error::OrchestratorError;
use crate::shared::Shared;
use lockgate_artifacts::remove_tree;
use lockgate_model::time::Timestamp;
use lockgate_store::StoreError;
use std::path::Path;
use std::sync::Arc;

/// Seconds that a request's token is remembered.
const TOKEN_SECONDS: u64 = 24 * 60 * 60;
/// Seconds between two clearings of such tokens.
const CLEARING_SECONDS: u64 = 60 * 60;

/// Tokens of requests that nobody repeats any more.
pub(crate) async fn forget_tokens(shared: Arc<Shared>) {
    loop {
        let now = shared.clock.now();
        let millis = i64::try_from(TOKEN_SECONDS * 1000).unwrap_or(i64::MAX);
        let before = Timestamp(now.0.saturating_sub(millis));
        if let Err(error) = shared.store.forget_idempotent_results(before).await {
            tracing::warn!(%error, "old request tokens were not forgotten");
        }
        let next = now.plus_seconds(CLEARING_SECONDS);
        shared.clock.sleep_until(next).await;
    }
}

/// What attempts of an earlier process left is nobody's. It may have any modes.
pub(crate) async fn clear(work: &Path) -> Result<(), OrchestratorError> {
    let path = work.to_owned();
    let cleared = tokio::task::spawn_blocking(move || {
        remove_tree(&path)?;
        std::fs::create_dir_all(&path)
    });
    let cleared = cleared.await.map_err(|_| OrchestratorError::ShuttingDown)?;
    cleared.map_err(|error| {
        StoreError::Io {
            path: work.to_owned(),
            reason: error.to_string(),
        }
        .into()
    })
}
