//! Names and ids in a request's path, with a refusal of our own where they
//! cannot be read.

use super::refusal::Refused;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// As axum's `Path`.
pub(super) struct Path<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        let axum::extract::Path(names) = read.map_err(|rejection| {
            Refused::invalid(format!(
                "{}: {}; write names in the path as percent-encoded UTF-8",
                parts.uri.path(),
                rejection.body_text()
            ))
        })?;
        Ok(Self(names))
    }
}

/// What is replaced keeps its name: the one in the path and the one in the body
/// must agree.
pub(super) fn same_name(path: &str, body: &str) -> Result<(), Refused> {
    if path == body {
        return Ok(());
    }
    Err(Refused::invalid(format!(
        "name: '{body}' is not '{path}', which the path names; a name cannot be changed, write the same in both"
    )))
}
