//! The native API over HTTP, `/api/v1`, webhook deliveries, and `/healthz`. Turns requests into
//! calls of the orchestrator and answers into JSON; decides nothing.

mod action_types;
mod approvals;
mod auth;
mod executions;
mod explain;
mod feed;
mod jobs;
mod notifications;
mod path;
mod pipelines;
mod plugins;
mod recourse;
mod refusal;
mod schedules;
mod state;
mod webhooks;

pub use auth::Keys;

use crate::engine::Plugins;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
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
        .route("/pipelines/{name}/versions", get(pipelines::versions))
        .route("/pipelines/{name}/state", get(state::show))
        .route(
            "/pipelines/{name}/stages/{stage}/transition",
            put(state::transition),
        )
        .route(
            "/pipelines/{name}/stages/{stage}/rollback",
            post(recourse::rollback),
        )
        .route(
            "/pipelines/{name}/executions",
            get(executions::list).post(executions::start),
        )
        .route(
            "/pipelines/{name}/approvals",
            get(approvals::list).post(approvals::answer),
        )
        .route("/executions/{id}", get(executions::show))
        .route("/executions/{id}/stop", post(recourse::stop))
        .route("/executions/{id}/retry", post(recourse::retry))
        .route(
            "/executions/{id}/override",
            post(recourse::override_condition),
        )
        .route("/executions/{id}/feed", get(feed::feed))
        .route("/executions/{id}/why", get(explain::why))
        .route("/pipelines/{name}/why-not", get(explain::why_not))
        .route(
            "/pipelines/{name}/sources/{action}/webhook",
            get(explain::webhook),
        )
        .route(
            "/action-types",
            get(action_types::list).post(action_types::create),
        )
        .route(
            "/action-types/{category}/{provider}/{version}",
            delete(action_types::delete),
        )
        .route("/jobs/poll", post(jobs::poll))
        .route("/jobs/{id}", get(jobs::show))
        .route("/jobs/{id}/acknowledge", post(jobs::acknowledge))
        .route("/jobs/{id}/success", post(jobs::success))
        .route("/jobs/{id}/failure", post(jobs::failure))
        .route(
            "/pipelines/{name}/stages/{stage}/actions/{action}/revision",
            post(jobs::put_revision),
        )
        .route("/triggers/explain", post(explain::trigger))
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
        // A body that is streamed to a file has its own bound.
        .route(
            "/jobs/{id}/artifacts/{name}",
            get(jobs::download).put(jobs::upload),
        )
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
