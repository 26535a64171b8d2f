//! Every refusal as JSON: CodePipeline's name for it, one sentence, and the
//! status that goes with it.

use crate::api::Refusal;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection, StringRejection};
use axum::extract::{OriginalUri, Request};
use axum::http::header::{HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use lockgate_execution::Rejected;
use lockgate_model::definition::{Problem, exception_of};
use lockgate_orchestrator::OrchestratorError;
use lockgate_store::StoreError;
use std::net::IpAddr;

/// A request that is not carried out.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    refusal: Refusal,
}

impl Refused {
    fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        let refusal = Refusal {
            kind: kind.to_owned(),
            message: message.into(),
            problems: vec![],
        };
        Self { status, refusal }
    }

    /// What was given cannot be used.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationException", message)
    }

    /// A definition with everything that is wrong with it.
    pub fn definition(problems: &[Problem]) -> Self {
        let mut refused = Self::new(
            StatusCode::BAD_REQUEST,
            exception_of(problems).unwrap_or("InvalidStructureException"),
            format!("the definition has {} problem(s)", problems.len()),
        );
        refused.refusal.problems = problems.iter().map(ToString::to_string).collect();
        refused
    }

    /// There is no such thing, or it is somebody else's.
    pub fn not_found(kind: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, kind, message)
    }

    /// Whoever sent it may not.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    pub(super) fn nobody() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "MissingAuthenticationTokenException",
            "the request names no access key; send 'Authorization: Basic' with the access key id and its secret",
        )
    }

    pub(super) fn stranger() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UnrecognizedClientException",
            "the access key or its secret is wrong",
        )
    }

    /// Something on our side; the particulars are for the log.
    pub fn ours(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "the server could not do this; its log says why",
        )
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let mut response = (self.status, Json(self.refusal)).into_response();
        if unauthorized {
            let basic = HeaderValue::from_static("Basic realm=\"lockgate\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, basic);
        }
        response
    }
}

impl From<OrchestratorError> for Refused {
    fn from(error: OrchestratorError) -> Self {
        match &error {
            OrchestratorError::Definition(problems) => Self::definition(problems),
            OrchestratorError::Rejected(rejected) => Self::new(
                status_of(rejected),
                rejected.exception(),
                rejected.to_string(),
            ),
            OrchestratorError::Store(error) => error.clone().into(),
            OrchestratorError::Invalid(problems) => {
                let mut refused = Self::invalid(error.to_string());
                if problems.len() > 1 {
                    refused.refusal.problems.clone_from(problems);
                }
                refused
            }
            OrchestratorError::NotFound(message) => {
                Self::not_found("ResourceNotFoundException", message.clone())
            }
            OrchestratorError::ActionTypeNotFound(message) => {
                Self::not_found("ActionTypeNotFoundException", message.clone())
            }
            OrchestratorError::LimitExceeded(message) => Self::new(
                StatusCode::BAD_REQUEST,
                "LimitExceededException",
                message.clone(),
            ),
            OrchestratorError::NameInUse(message) => Self::new(
                StatusCode::CONFLICT,
                "ResourceAlreadyExistsException",
                message.clone(),
            ),
            OrchestratorError::Damaged { .. } => Self::ours(&error),
            OrchestratorError::ShuttingDown => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
                error.to_string(),
            ),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Full(_) => Self::new(
                StatusCode::INSUFFICIENT_STORAGE,
                "InternalFailure",
                "the server's disk is full; nothing of the request was kept, try again when there is room",
            ),
            StoreError::Conflict { .. } | StoreError::Deleting { .. } => {
                Self::new(StatusCode::CONFLICT, "ConflictException", error.to_string())
            }
            _ => Self::ours(&error),
        }
    }
}

impl From<JsonRejection> for Refused {
    fn from(rejection: JsonRejection) -> Self {
        Self::invalid(without_prefix(
            &rejection.body_text(),
            "the request's body cannot be used",
        ))
    }
}

impl From<StringRejection> for Refused {
    fn from(rejection: StringRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::invalid("the definition is larger than 2 MiB; split the pipeline")
            }
            _ => Self::invalid(rejection.body_text()),
        }
    }
}

impl From<QueryRejection> for Refused {
    fn from(rejection: QueryRejection) -> Self {
        Self::invalid(without_prefix(
            &rejection.body_text(),
            "the request's query cannot be used",
        ))
    }
}

/// What is wrong, in our words for where, instead of the framework's.
fn without_prefix(text: &str, place: &str) -> String {
    let known = [
        "Failed to deserialize the JSON body into the target type: ",
        "Failed to parse the request body as JSON: ",
        "Failed to deserialize query string: ",
    ];
    match known.iter().find_map(|known| text.strip_prefix(known)) {
        Some(rest) => format!("{place}: {rest}"),
        None => text.to_owned(),
    }
}

fn status_of(rejected: &Rejected) -> StatusCode {
    match rejected {
        Rejected::PipelineNotFound { .. }
        | Rejected::ExecutionNotFound { .. }
        | Rejected::StageNotFound { .. }
        | Rejected::ActionNotFound { .. }
        | Rejected::JobNotFound { .. } => StatusCode::NOT_FOUND,
        Rejected::PipelineNameInUse { .. }
        | Rejected::ApprovalAlreadyCompleted { .. }
        | Rejected::DuplicatedStopRequest { .. }
        | Rejected::NotStoppable { .. }
        | Rejected::StageNotRetryable { .. }
        | Rejected::NotLatestExecution { .. }
        | Rejected::ConditionNotOverridable { .. }
        | Rejected::UnableToRollback { .. }
        | Rejected::ExecutionOutdated { .. }
        | Rejected::InvalidJobState { .. }
        | Rejected::StaleJob { .. } => StatusCode::CONFLICT,
        Rejected::Contradiction(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A page in a browser can be made to believe that its own name leads here (DNS
/// rebinding); the name that it asked for stays in the request.
pub(super) async fn only_own_name(request: Request, next: Next) -> Result<Response, Refused> {
    let host = request
        .uri()
        .host()
        .or_else(|| {
            request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok())
        })
        .unwrap_or_default();
    if is_own(host) {
        return Ok(next.run(request).await);
    }
    Err(Refused::new(
        StatusCode::MISDIRECTED_REQUEST,
        "InvalidHostException",
        format!("this server answers as localhost or by its loopback address, not as '{host}'"),
    ))
}

/// Whether a `Host` header, with or without a port, names this machine to
/// itself.
fn is_own(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

pub(super) async fn no_such_route(OriginalUri(uri): OriginalUri) -> Refused {
    Refused::not_found(
        "UnknownOperationException",
        format!("there is nothing at {}", uri.path()),
    )
}

pub(super) async fn no_such_method(OriginalUri(uri): OriginalUri) -> Refused {
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "UnknownOperationException",
        format!("{} cannot be used with this method", uri.path()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_mean_this_machine_are_its_own() {
        for own in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:1",
            "127.8.9.1",
            "[::1]:80",
            "[::1]",
        ] {
            assert!(is_own(own), "{own}");
        }
        for other in [
            "",
            "evil.example:8080",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[::2]:80",
            "2130706433",
        ] {
            assert!(!is_own(other), "{other}");
        }
    }
}
