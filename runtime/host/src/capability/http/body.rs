//! Bodies on their way: counted against the job's limit in both directions,
//! watched for placeholders on the way out, scrubbed and timed on the way in.

use super::scrub::Scrubber;
use crate::store::JobShared;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::{Error, WasiBody};

/// Counts bytes moved; past the limit, says so and fails.
pub(crate) fn count(shared: &JobShared, bytes: usize) -> Result<(), Error> {
    let before = shared.http_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    let limit = shared.limits.http_bytes;
    if before.saturating_add(bytes as u64) <= limit {
        return Ok(());
    }
    if before <= limit {
        shared.log.host(format!(
            "The job moved more than its limit of {limit} bytes by HTTP (http-bytes): the transfer was ended."
        ));
    }
    Err(Error::HttpResponseBodySize(None))
}

/// A request's body.
pub(crate) struct Outgoing {
    inner: WasiBody,
    shared: Arc<JobShared>,
    /// The beginning of every placeholder, and the end of what was sent.
    nonce: Option<Vec<u8>>,
    held: Vec<u8>,
}

impl Outgoing {
    pub(crate) fn new(inner: WasiBody, shared: Arc<JobShared>) -> Self {
        Self {
            inner,
            nonce: shared.placeholders.nonce(),
            shared,
            held: Vec::new(),
        }
    }

    fn check(&mut self, data: &[u8]) -> Result<(), Error> {
        count(&self.shared, data.len())?;
        let Some(nonce) = &self.nonce else {
            return Ok(());
        };
        self.held.extend_from_slice(data);
        if memchr::memmem::find(&self.held, nonce).is_some() {
            self.shared.log.host(
                "The request was cut off: a secret's placeholder stands in its body; it may only stand in the value of a header.",
            );
            return Err(Error::HttpRequestDenied);
        }
        let surplus = self.held.len().saturating_sub(nonce.len() - 1);
        self.held.drain(..surplus);
        Ok(())
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        let checked = match &frame {
            Some(Ok(frame)) => match (frame.data_ref(), frame.trailers_ref()) {
                (Some(data), _) => self.check(&data.clone()),
                (None, Some(trailers)) => trailers
                    .iter()
                    .try_for_each(|(_, value)| self.check(value.as_bytes())),
                (None, None) => Ok(()),
            },
            _ => Ok(()),
        };
        Poll::Ready(match checked {
            Ok(()) => frame,
            Err(error) => Some(Err(error)),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A response's body. Holds its share of the job, never its store.
pub(crate) struct Incoming {
    inner: hyper::body::Incoming,
    shared: Arc<JobShared>,
    scrubber: Scrubber,
    /// Something that came after the data and waits its turn.
    next: Option<Frame<Bytes>>,
    ended: bool,
    idle: Duration,
    timer: Pin<Box<Sleep>>,
}

impl Incoming {
    pub(crate) fn new(
        inner: hyper::body::Incoming,
        shared: Arc<JobShared>,
        idle: Duration,
    ) -> Self {
        Self {
            scrubber: Scrubber::new(shared.placeholders.to_scrub()),
            inner,
            shared,
            next: None,
            ended: false,
            idle,
            timer: Box::pin(tokio::time::sleep(idle)),
        }
    }

    /// What is held back goes before the end or the trailers.
    fn finish(&mut self, next: Option<Frame<Bytes>>) -> Option<Frame<Bytes>> {
        self.ended = true;
        let rest = self.scrubber.end();
        if rest.is_empty() {
            return next;
        }
        self.next = next;
        Some(Frame::data(rest.into()))
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.ended {
            return Poll::Ready(self.next.take().map(Ok));
        }
        loop {
            let frame = match Pin::new(&mut self.inner).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    std::task::ready!(self.timer.as_mut().poll(cx));
                    self.ended = true;
                    return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
                }
            };
            let until = Instant::now() + self.idle;
            self.timer.as_mut().reset(until);
            let frame = match frame {
                None => return Poll::Ready(self.finish(None).map(Ok)),
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(Error::from(error))));
                }
                Some(Ok(frame)) => frame,
            };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    let clean = super::send::scrub_headers(&self.scrubber, trailers);
                    return Poll::Ready(self.finish(Some(Frame::trailers(clean))).map(Ok));
                }
            };
            if let Err(error) = count(&self.shared, data.len()) {
                self.ended = true;
                return Poll::Ready(Some(Err(error)));
            }
            if self.scrubber.is_idle() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            let clean = self.scrubber.push(&data);
            if !clean.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(clean.into()))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended && self.next.is_none()
    }
}
