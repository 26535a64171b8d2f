//! The native API, asked over one connection a request. A client that retries
//! nothing and hides nothing: tests see a connection that breaks off.

use serde_json::Value;
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
    let address = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: {AUTHORIZATION}\r\n\
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
