//! HTTP requests and responses, in words. The host decides where a request may
//! go and puts secrets in its headers; nothing here follows redirects or keeps
//! cookies.

use crate::{Failure, FailureType};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// `http://` or `https://`, without a user name; a fragment is left out.
    pub url: String,
    /// In this order; `content-length` and `host` are added.
    pub headers: Vec<(String, String)>,
    /// Empty for most.
    pub body: Vec<u8>,
    /// The longest silence: until the connection stands, until the response
    /// begins, and between two pieces of its body.
    pub timeout: Duration,
    /// Most bytes of response body.
    pub limit: u64,
}

/// A response, whatever its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Empty where it went to a sink.
    pub body: Vec<u8>,
}

/// There is no whole response.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The request cannot be sent as it is.
    #[error("{0}")]
    Invalid(String),
    /// The host refused it: no grant, an address that must not be reached, or a
    /// limit of the job.
    #[error("{0}")]
    Denied(String),
    /// Nobody answered there.
    #[error("{0}")]
    Unreachable(String),
    /// Silence for longer than the request allows.
    #[error("{0}")]
    Timeout(String),
    /// The body is longer than [`Request::limit`].
    #[error("the response from {authority} is longer than {limit} bytes")]
    TooLong {
        /// Who sends it.
        authority: String,
        /// The limit.
        limit: u64,
    },
    /// The sink did not take the body.
    #[error("the response could not be written: {0}")]
    Sink(#[from] std::io::Error),
    /// The connection or the protocol broke.
    #[error("{0}")]
    Broken(String),
}

/// How to talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the open.
    Http,
    /// Over TLS.
    Https,
}

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// How to talk.
    pub scheme: Scheme,
    /// Host and, where written, port.
    pub authority: String,
    /// Path and query; begins with `/`.
    pub path: String,
}

impl Method {
    /// As it stands in the request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Request {
    /// A request without body, 30 seconds of patience and room for 16 MiB.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_secs(30),
            limit: 16 << 20,
        }
    }

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::Get, url)
    }

    /// A POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new(Method::Post, url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sends this along.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the longest silence.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the most bytes of response body.
    #[must_use]
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }
}

impl Response {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

impl Url {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// [`HttpError::Invalid`], saying what to write.
    pub fn parse(url: &str) -> Result<Self, HttpError> {
        let invalid = |why: &str| Err(HttpError::Invalid(format!("'{url}' {why}")));
        let (scheme, rest) = match url.split_once("://") {
            Some((s, rest)) if s.eq_ignore_ascii_case("https") => (Scheme::Https, rest),
            Some((s, rest)) if s.eq_ignore_ascii_case("http") => (Scheme::Http, rest),
            _ => return invalid("is not a web address; write https://host/path"),
        };
        if rest.bytes().any(|b| b <= b' ' || b >= 0x7f) {
            return invalid("holds a blank or a special character; write it as %XX");
        }
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() {
            return invalid("names no host; write https://host/path");
        }
        if authority.contains('@') {
            return Err(HttpError::Invalid(
                "the address holds a user name or password; leave it out and use a secret".into(),
            ));
        }
        let path = match path.chars().next() {
            None => "/".to_owned(),
            Some('/') => path.to_owned(),
            Some(_) => format!("/{path}"),
        };
        Ok(Self {
            scheme,
            authority: authority.to_owned(),
            path,
        })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let kind = match error {
            HttpError::Invalid(_) => FailureType::ConfigurationError,
            HttpError::Denied(_) => FailureType::PermissionError,
            HttpError::TooLong { .. } => FailureType::JobFailed,
            HttpError::Unreachable(_)
            | HttpError::Timeout(_)
            | HttpError::Sink(_)
            | HttpError::Broken(_) => FailureType::SystemUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_a_client_needs_it() {
        for (text, whole) in [
            ("https://example.com", "https://example.com/"),
            ("HTTP://127.0.0.1:80/a?b=c#d", "http://127.0.0.1:80/a?b=c"),
            ("https://[::1]:9?q=/", "https://[::1]:9/?q=/"),
        ] {
            assert_eq!(Url::parse(text).unwrap().to_string(), whole);
        }
    }

    #[test]
    fn a_url_that_cannot_be_sent_says_what_to_write() {
        for (text, remedy) in [
            ("example.com/hook", "write https://host/path"),
            ("ftp://example.com", "write https://host/path"),
            ("https:///hook", "names no host"),
            ("https://example.com/a b", "%XX"),
            ("https://example.com/\r\nx", "%XX"),
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(error.contains(remedy), "{error}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let error = Url::parse("https://me:hunter2@example.com").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
