//! The native API, asked over one connection a request. A client that retries
//! nothing and hides nothing: tests see a connection that breaks off.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// `LOCKGATEDEV:lockgate-dev-secret` in base64.
const AUTHORIZATION: &str = "Basic TE9DS0dBVEVERVY6bG9ja2dhdGUtZGV2LXNlY3JldA==";

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// One request to `http://<host>:<port>`.
///
/// # Errors
/// Where the connection fails or breaks off.
pub fn request(server: &str, method: &str, path: &str, body: &str) -> Result<Answer> {
    let headers = format!("Authorization: {AUTHORIZATION}\r\n");
    send(server, method, path, &headers, body)
}

/// GitHub's delivery of an event to a webhook address, signed with this secret.
///
/// # Errors
/// Where the connection fails or breaks off.
pub fn deliver(server: &str, path: &str, event: &str, body: &str, secret: &str) -> Result<Answer> {
    let signature = hmac_sha256(secret.as_bytes(), body.as_bytes());
    let signature = signature.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let headers = format!(
        "X-GitHub-Event: {event}\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n\
         X-Hub-Signature-256: sha256={signature}\r\n"
    );
    send(server, "POST", path, &headers, body)
}

/// RFC 2104, with keys of at most one block.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> {
        let padded = key.iter().copied().chain(std::iter::repeat(0));
        padded.take(64).map(|byte| byte ^ with).collect()
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message);
    let outer = Sha256::new().chain_update(pad(0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

fn send(server: &str, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer> {
    let address = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    if length.is_some_and(|length| length != body.len()) {
        return Err(cut());
    }
    Ok(Answer {
        status: status.ok_or_else(cut)?,
        body: body.to_owned(),
    })
}
