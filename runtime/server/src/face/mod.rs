//! The native API over HTTP, `/api/v1`, webhook deliveries, and `/healthz`. Turns requests into
//! calls of the orchestrator and answers into JSON; decides nothing.

mod auth;
mod executions;
mod notifications;
mod path;
mod pipelines;
mod plugins;
mod refusal;
mod schedules;
mod webhooks;

pub use auth::Keys;

use crate::engine::Plugins;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};
use lockgate_orchestrator::Orchestrator;
use std::sync::Arc;

/// A larger body is refused unread. Definitions are the largest there are.
const BODY_LIMIT: usize = 2 << 20;

/// What every handler can use.
#[derive(Clone)]
pub struct Face {
    orchestrator: Orchestrator,
    plugins: Arc<Plugins>,
    keys: Arc<Keys>,
}

/// Every route of the server.
pub fn router(orchestrator: Orchestrator, plugins: Arc<Plugins>, keys: Keys) -> Router {
    let face = Face {
        orchestrator,
        plugins,
        keys: Arc::new(keys),
    };
    let api = Router::new()
        .route(
            "/pipelines",
            get(pipelines::list)
                .post(pipelines::create)
                .put(pipelines::update),
        )
        .route(
            "/pipelines/{name}",
            get(pipelines::show).delete(pipelines::delete),
        )
        .route("/pipelines/{name}/state", get(pipelines::state))
        .route(
            "/pipelines/{name}/stages/{stage}/transition",
            put(pipelines::transition),
        )
        .route(
            "/pipelines/{name}/executions",
            get(executions::list).post(executions::start),
        )
        .route(
            "/pipelines/{name}/approvals",
            get(executions::approvals).post(executions::answer),
        )
        .route("/executions/{id}", get(executions::show))
        .route("/executions/{id}/stop", post(executions::stop))
        .route("/executions/{id}/retry", post(executions::retry))
        .route("/executions/{id}/feed", get(executions::feed))
        .route(
            "/notification-rules",
            get(notifications::list).post(notifications::create),
        )
        .route(
            "/notification-rules/{name}",
            get(notifications::show)
                .put(notifications::update)
                .delete(notifications::delete),
        )
        .route("/notification-rules/{name}/test", post(notifications::test))
        .route("/schedules", get(schedules::list).post(schedules::create))
        .route(
            "/schedules/{name}",
            get(schedules::show)
                .put(schedules::update)
                .delete(schedules::delete),
        )
        .route("/schedules/{name}/enable", post(schedules::enable))
        .route("/schedules/{name}/disable", post(schedules::disable))
        .route("/plugins", get(plugins::list))
        .route("/plugins/{name}", get(plugins::inspect))
        .fallback(refusal::no_such_route)
        .method_not_allowed_fallback(refusal::no_such_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(face.clone());
    // Through whatever name a forge reaches the server: a delivery is believed
    // for its signature alone.
    let webhooks = Router::new()
        .route("/{account}/{pipeline}/{action}", post(webhooks::deliver))
        .method_not_allowed_fallback(refusal::no_such_method)
        .layer(DefaultBodyLimit::max(webhooks::BODY_LIMIT))
        .with_state(face);
    Router::new()
        .nest("/api/v1", api)
        .route("/healthz", get(async || "ok\n"))
        .fallback(refusal::no_such_route)
        .layer(axum::middleware::from_fn(refusal::only_own_name))
        .nest("/webhooks", webhooks)
}
