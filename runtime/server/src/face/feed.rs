//! What happens in an execution, live.

use super::Face;
use super::auth::Caller;
use super::executions::find;
use super::path::Path;
use super::refusal::Refused;
use crate::api::FeedEntry;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    #[serde(default)]
    follow: bool,
}

/// Server-sent events (WHATWG HTML, "Server-sent events"), one `FeedEntry` each.
pub(super) async fn feed(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    query: Result<Query<Feed>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(Feed { follow }) = query?;
    let (id, _) = find(&face, &caller, &id).await?;
    let reader = face.orchestrator.follow(&caller.tenant, id, follow);
    let stream = futures::stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        let (entry, rest) = match reader.next().await {
            Ok(Some(entry)) => (FeedEntry::from(entry), Some(reader)),
            Ok(None) => return None,
            Err(error) => (
                FeedEntry::Broken {
                    message: error.to_string(),
                },
                None,
            ),
        };
        let json = serde_json::to_string(&entry).unwrap_or_default();
        Some((
            Ok::<_, Infallible>(Bytes::from(format!("data: {json}\n\n"))),
            rest,
        ))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}
