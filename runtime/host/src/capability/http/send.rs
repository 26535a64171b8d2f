//! One request, from the guest to the wire and back.

use super::body::{Incoming, Outgoing, count};
use super::connect::{Refused, connect};
use super::policy::{Permission, Target};
use super::scrub::Scrubber;
use super::substitute::substitute;
use super::{Error, Sent};
use crate::store::JobShared;
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{RequestOptions, WasiBody};

/// Where the guest sets none, and the most it can set.
const CONNECT: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(120));
const FIRST_BYTE: (Duration, Duration) = (Duration::from_secs(120), Duration::from_secs(600));
const IDLE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));
/// Bytes of a response's head.
const HEAD_BYTES: usize = 256 << 10;

fn time(asked: Option<Duration>, (default, most): (Duration, Duration)) -> Duration {
    asked
        .unwrap_or(default)
        .clamp(Duration::from_millis(1), most)
}

/// Sends a request where the grant allows it.
pub(crate) async fn send(
    shared: Arc<JobShared>,
    mut request: http::Request<WasiBody>,
    options: RequestOptions,
) -> Sent {
    let target = Target::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
    // A proxy that were granted would lead anywhere.
    if request.method() == http::Method::CONNECT {
        return Err(Error::HttpRequestMethodInvalid);
    }
    let permission = Permission::of(&shared.grant(), &target);
    if permission == Permission::Denied {
        shared.denied(
            &format!("HTTP to '{}' at port {}", target.host, target.port),
            &target.grant(false),
        );
        return Err(Error::HttpRequestDenied);
    }
    if shared.http_requests.fetch_add(1, Ordering::Relaxed) >= shared.limits.http_requests {
        shared.log.host(format!(
            "The job sent more than its limit of {} HTTP requests (http-requests): this one was refused.",
            shared.limits.http_requests
        ));
        return Err(Error::ConnectionLimitReached);
    }
    substitute(&shared, &target, &mut request)?;
    let head: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    count(&shared, head)?;

    let wire = tokio::time::timeout(
        time(options.connect_timeout, CONNECT),
        connect(&target, permission),
    )
    .await
    .map_err(|_| Error::ConnectionTimeout)?
    .map_err(|refused| match refused {
        Refused::Error(error) => error,
        Refused::Special(address) => {
            shared.denied(
                &format!(
                    "HTTP to '{}' at port {}, which leads to the special address {address},",
                    target.host, target.port
                ),
                &target.grant(true),
            );
            Error::DestinationIpProhibited
        }
    })?;

    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .handshake(TokioIo::new(wire))
        .await?;
    let connection = wasmtime_wasi::runtime::spawn(connection);
    let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
    *request.uri_mut() = http::Uri::builder()
        .path_and_query(path)
        .build()
        .map_err(|_| Error::HttpRequestUriInvalid)?;
    let request = request.map(|body| Outgoing::new(body, Arc::clone(&shared)));
    let response = tokio::time::timeout(
        time(options.first_byte_timeout, FIRST_BYTE),
        sender.send_request(request),
    )
    .await
    .map_err(|_| Error::ConnectionReadTimeout)??;

    let idle = time(options.between_bytes_timeout, IDLE);
    let (mut head, body) = response.into_parts();
    let scrubber = Scrubber::new(shared.placeholders.to_scrub());
    if !scrubber.is_idle() {
        // Scrubbing changes the length.
        head.headers.remove(http::header::CONTENT_LENGTH);
    }
    head.headers = scrub_headers(&scrubber, head.headers);
    let body = Incoming::new(body, shared, idle).boxed_unsync();
    let running = async move { connection.await.map_err(Error::from) };
    Ok((http::Response::from_parts(head, body), Box::new(running)))
}

/// Header values without secrets.
pub(crate) fn scrub_headers(scrubber: &Scrubber, headers: HeaderMap) -> HeaderMap {
    if scrubber.is_idle() {
        return headers;
    }
    let mut clean = HeaderMap::with_capacity(headers.len());
    let mut last = None;
    for (name, value) in headers {
        // Repeated fields come without their name.
        last = name.or(last);
        let Some(name) = last.clone() else { continue };
        if let Ok(value) = HeaderValue::from_bytes(&scrubber.whole(value.as_bytes())) {
            clean.append(name, value);
        }
    }
    clean
}
