//! One HTTP/1.1 request, read from a connection. Knows nothing of answers.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

/// One request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method, path and version.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As long as `content-length` says.
    pub body: Vec<u8>,
}

impl Received {
    /// The first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Reads one request to the end of its body.
    ///
    /// # Errors
    /// The other side hung up before.
    pub(crate) fn read(stream: &TcpStream) -> io::Result<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut headers = Vec::new();
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut received = Self {
            line: line.trim_end().to_owned(),
            headers,
            body: Vec::new(),
        };
        let length = received.header("content-length");
        let length = length.and_then(|value| value.parse().ok()).unwrap_or(0);
        received.body.resize(length, 0);
        reader.read_exact(&mut received.body)?;
        Ok(received)
    }
}
