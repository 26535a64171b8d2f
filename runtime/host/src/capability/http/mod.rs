//! The capability `http`: outgoing requests, to granted hosts only, at
//! addresses that were checked, with secrets filled in on the way out and
//! scrubbed on the way back. Redirects are the guest's business: each hop is a
//! request of its own and checked again.

mod address;
mod body;
mod connect;
mod policy;
mod scrub;
mod send;
mod substitute;

use crate::store::JobShared;
use std::sync::Arc;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

type Sent = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

/// The hook that WASI's HTTP hands every request to.
pub(crate) struct Egress {
    shared: Arc<JobShared>,
}

impl Egress {
    pub(crate) fn new(shared: Arc<JobShared>) -> Self {
        Self { shared }
    }
}

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let shared = Arc::clone(&self.shared);
        Box::new(send::send(shared, request, options.unwrap_or_default()))
    }

    // The defaults write a warning into the server's own log for every error,
    // which a guest could repeat without end.
    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        if error.is_timeout() {
            ErrorCode::HttpResponseTimeout
        } else if error.is_incomplete_message() {
            ErrorCode::HttpResponseIncomplete
        } else {
            ErrorCode::HttpProtocolError
        }
    }

    fn p2_error_from_connect(&mut self, error: &std::io::Error) -> ErrorCode {
        match error.kind() {
            std::io::ErrorKind::TimedOut => ErrorCode::ConnectionTimeout,
            std::io::ErrorKind::HostUnreachable | std::io::ErrorKind::NetworkUnreachable => {
                ErrorCode::DestinationIpUnroutable
            }
            _ => ErrorCode::ConnectionRefused,
        }
    }

    fn p2_error_from_tls(&mut self, _: &std::io::Error) -> ErrorCode {
        ErrorCode::TlsCertificateError
    }
}
