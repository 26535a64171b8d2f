//! The provider, natively, against repositories that the system's `git` made
//! and a server that runs `git http-backend`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what the tests stand on fails by panicking"
)]

mod client;
mod history;
mod hostile;
mod http;
mod local;
mod ssh;

use client::exchange;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{
    Failure, FailureType, HttpError, Outcome, Request, Response, Success, Watch,
};
use source_git::SourceGit;
use std::path::PathBuf;

/// Runs one job with output artifact `Source`.
fn take(
    host: &FakeHost<'_>,
    configuration: &[(&str, &str)],
    revision: Option<&str>,
) -> Result<Success, Failure> {
    let mut job = host.job(configuration.iter().copied());
    job.output_artifacts = vec![host.output("Source")];
    job.revision = revision.map(str::to_owned);
    match lockgate_plugin::run::<SourceGit>(&job, host)? {
        Outcome::Succeeded(success) => Ok(success),
        Outcome::Pending(pending) => panic!("pending: {pending:?}"),
    }
}

fn detect(
    host: &FakeHost<'_>,
    configuration: &[(&str, &str)],
) -> Result<lockgate_plugin::Detection, Failure> {
    let configuration = configuration
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    lockgate_plugin::detect::<SourceGit>(&configuration, Some("before"), Watch::default(), host)
}

/// Where the artifact is.
fn output(host: &FakeHost<'_>) -> PathBuf {
    host.root().join("out/Source")
}

/// Checks a failure's type and that its sentence holds every one of these.
fn assert_failure<T: std::fmt::Debug>(
    result: Result<T, Failure>,
    kind: FailureType,
    parts: &[&str],
) {
    let failure = result.expect_err("it fails");
    for part in parts {
        assert!(
            failure.message.contains(part),
            "'{part}' in: {}",
            failure.message
        );
    }
    assert_eq!(failure.kind, kind, "{}", failure.message);
}

/// Sends requests over the real loopback.
fn send(request: Request) -> Result<Response, HttpError> {
    let (status, headers, body) = exchange(
        request.method.as_str(),
        &request.url,
        &request.headers,
        &request.body,
    )
    .map_err(|error| HttpError::Unreachable(error.to_string()))?;
    let length = headers.iter().find(|(name, _)| name == "content-length");
    if length.is_some_and(|(_, length)| *length != body.len().to_string()) {
        return Err(HttpError::Broken("the connection was cut".into()));
    }
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn variable<'a>(success: &'a Success, name: &str) -> &'a str {
    let found = success.variables.iter().find(|(n, _)| n == name);
    found.map_or("", |(_, value)| value)
}
