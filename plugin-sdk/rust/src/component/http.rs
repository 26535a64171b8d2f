//! A blocking HTTP client over `wasi:http`, without an async runtime: write the
//! body, wait for the head, pump the body. Every wait ends at the request's
//! timeout.

use crate::bindings::provider::wasi::clocks::monotonic_clock;
use crate::bindings::provider::wasi::http::outgoing_handler;
use crate::bindings::provider::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, HeaderError, IncomingResponse, Method as WasiMethod,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme as WasiScheme, http_error_code,
};
use crate::bindings::provider::wasi::io::poll::{Pollable, poll};
use crate::bindings::provider::wasi::io::streams::StreamError;
use crate::{HttpError, Method, Request, Response, Scheme, Url};
use std::io::Write;

/// The most that one `blocking-write-and-flush` takes.
const PIECE_OUT: usize = 4096;
/// The most that one read asks for.
const PIECE_IN: u64 = 64 * 1024;

pub(super) fn send(request: &Request, sink: &mut dyn Write) -> Result<Response, HttpError> {
    let url = Url::parse(&request.url)?;
    let silence = u64::try_from(request.timeout.as_nanos()).unwrap_or(u64::MAX);
    let exchange = Exchange { url, silence };
    let response = exchange.response(request)?;
    let status = response.status();
    let headers = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(&value).into_owned();
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    exchange.pump(&response, request.limit, sink)?;
    Ok(Response {
        status,
        headers,
        body: Vec::new(),
    })
}

/// One request on its way.
struct Exchange {
    url: Url,
    /// Nanoseconds.
    silence: u64,
}

impl Exchange {
    fn response(&self, request: &Request) -> Result<IncomingResponse, HttpError> {
        let outgoing = self.outgoing(request)?;
        // A body that is taken and left empty is sent in chunks; one that is
        // never taken is not sent at all.
        let body = if request.body.is_empty() {
            None
        } else {
            Some(outgoing.body().map_err(|()| self.broken("has no body"))?)
        };
        let options = RequestOptions::new();
        // A host that does not know an option leaves the wait to us.
        let _ = options.set_connect_timeout(Some(self.silence));
        let _ = options.set_first_byte_timeout(Some(self.silence));
        let _ = options.set_between_bytes_timeout(Some(self.silence));
        let future =
            outgoing_handler::handle(outgoing, Some(options)).map_err(|code| self.error(&code))?;
        let sent = match body {
            Some(body) => self.write(body, &request.body),
            None => Ok(()),
        };
        // A server may answer and hang up before it has read everything, and
        // where the connection failed only the future says why.
        match self.wait(&future) {
            Err(HttpError::Timeout(text)) => Err(HttpError::Timeout(text)),
            Ok(response) => Ok(response),
            Err(error) => Err(sent
                .err()
                .filter(|_| matches!(error, HttpError::Broken(_)))
                .unwrap_or(error)),
        }
    }

    fn outgoing(&self, request: &Request) -> Result<OutgoingRequest, HttpError> {
        let mut entries: Vec<(String, Vec<u8>)> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into_bytes()))
            .collect();
        let takes_body = matches!(request.method, Method::Post | Method::Put | Method::Patch);
        if takes_body || !request.body.is_empty() {
            let length = request.body.len().to_string();
            entries.push(("content-length".into(), length.into_bytes()));
        }
        let fields = Fields::from_list(&entries).map_err(|error| {
            let why = match error {
                HeaderError::InvalidSyntax => "holds a character that a header cannot hold",
                HeaderError::Forbidden => "is the host's own to set",
                HeaderError::Immutable => "cannot be changed",
            };
            let names: Vec<&str> = request.headers.iter().map(|(n, _)| n.as_str()).collect();
            HttpError::Invalid(format!("one of the headers {} {why}", names.join(", ")))
        })?;
        let outgoing = OutgoingRequest::new(fields);
        let scheme = match self.url.scheme {
            Scheme::Http => WasiScheme::Http,
            Scheme::Https => WasiScheme::Https,
        };
        outgoing
            .set_method(&method(request.method))
            .and_then(|()| outgoing.set_scheme(Some(&scheme)))
            .and_then(|()| outgoing.set_authority(Some(&self.url.authority)))
            .and_then(|()| outgoing.set_path_with_query(Some(&self.url.path)))
            .map_err(|()| {
                HttpError::Invalid(format!(
                    "'{}' is not the name of a web host; write https://host/path",
                    self.url.authority
                ))
            })?;
        Ok(outgoing)
    }

    fn write(&self, body: OutgoingBody, bytes: &[u8]) -> Result<(), HttpError> {
        let stream = body.write().map_err(|()| self.broken("takes no body"))?;
        for piece in bytes.chunks(PIECE_OUT) {
            if let Err(error) = stream.blocking_write_and_flush(piece) {
                return Err(self.stream(&error));
            }
        }
        drop(stream);
        OutgoingBody::finish(body, None).map_err(|code| self.error(&code))
    }

    fn wait(&self, future: &FutureIncomingResponse) -> Result<IncomingResponse, HttpError> {
        let ready = future.subscribe();
        loop {
            match future.get() {
                Some(Ok(Ok(response))) => return Ok(response),
                Some(Ok(Err(code))) => return Err(self.error(&code)),
                Some(Err(())) => return Err(self.broken("gave its response away")),
                None => self.patience(&ready)?,
            }
        }
    }

    fn pump(
        &self,
        response: &IncomingResponse,
        limit: u64,
        sink: &mut dyn Write,
    ) -> Result<(), HttpError> {
        let body = response
            .consume()
            .map_err(|()| self.broken("has no body"))?;
        let stream = body.stream().map_err(|()| self.broken("has no body"))?;
        let mut length = 0u64;
        loop {
            match stream.read(PIECE_IN) {
                Ok(piece) if piece.is_empty() => self.patience(&stream.subscribe())?,
                Ok(piece) => {
                    length = length.saturating_add(piece.len() as u64);
                    if length > limit {
                        return Err(HttpError::TooLong {
                            authority: self.url.authority.clone(),
                            limit,
                        });
                    }
                    sink.write_all(&piece)?;
                }
                Err(StreamError::Closed) => return Ok(()),
                Err(error) => return Err(self.stream(&error)),
            }
        }
    }

    /// Waits until `ready`, or fails when it has been silent for too long.
    fn patience(&self, ready: &Pollable) -> Result<(), HttpError> {
        let alarm = monotonic_clock::subscribe_duration(self.silence);
        if poll(&[ready, &alarm]).contains(&0) {
            return Ok(());
        }
        Err(HttpError::Timeout(format!(
            "{} was silent for {} seconds",
            self.url.authority,
            self.silence / 1_000_000_000
        )))
    }

    fn stream(&self, error: &StreamError) -> HttpError {
        match error {
            StreamError::Closed => self.broken("closed the connection"),
            StreamError::LastOperationFailed(error) => match http_error_code(error) {
                Some(code) => self.error(&code),
                None => self.broken(&error.to_debug_string()),
            },
        }
    }

    fn broken(&self, what: &str) -> HttpError {
        HttpError::Broken(format!(
            "the exchange with {} broke: {what}",
            self.url.authority
        ))
    }

    fn error(&self, code: &ErrorCode) -> HttpError {
        let at = &self.url.authority;
        match code {
            // The host's line in the log says which: no grant, or a placeholder
            // where no secret may stand.
            ErrorCode::HttpRequestDenied => HttpError::Denied(format!(
                "the host refused the request to {at}; its line in the log says why and which grant is missing, such as http={at}"
            )),
            ErrorCode::ConnectionLimitReached => HttpError::Denied(format!(
                "the job has met its limit on requests before the one to {at}"
            )),
            ErrorCode::HttpResponseBodySize(_) | ErrorCode::HttpRequestBodySize(_) => {
                HttpError::Denied(format!(
                    "the job has met its limit on bytes in the exchange with {at}"
                ))
            }
            ErrorCode::DestinationIpProhibited => HttpError::Denied(format!(
                "the host refused the request to {at}: it is a private address; the grant that allows it is http={at}+private"
            )),
            ErrorCode::DnsTimeout
            | ErrorCode::DnsError(_)
            | ErrorCode::DestinationNotFound
            | ErrorCode::DestinationUnavailable
            | ErrorCode::DestinationIpUnroutable
            | ErrorCode::ConnectionRefused => {
                HttpError::Unreachable(format!("{at} cannot be reached: {code:?}"))
            }
            ErrorCode::ConnectionTimeout
            | ErrorCode::ConnectionReadTimeout
            | ErrorCode::ConnectionWriteTimeout
            | ErrorCode::HttpResponseTimeout => {
                HttpError::Timeout(format!("{at} did not answer in time: {code:?}"))
            }
            ErrorCode::InternalError(Some(text)) => self.broken(text),
            code => self.broken(&format!("{code:?}")),
        }
    }
}

fn method(method: Method) -> WasiMethod {
    match method {
        Method::Get => WasiMethod::Get,
        Method::Head => WasiMethod::Head,
        Method::Post => WasiMethod::Post,
        Method::Put => WasiMethod::Put,
        Method::Patch => WasiMethod::Patch,
        Method::Delete => WasiMethod::Delete,
    }
}
