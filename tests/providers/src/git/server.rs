//! A server on loopback that runs the real `git http-backend`, and misbehaves
//! where a test asks it to.

use super::repository::command;
use crate::Received;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// What a test may do to a request before Git sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Let Git answer.
    Git,
    /// Let Git answer the request for this other path.
    As(String),
    /// Let Git answer, but without the header that asks for version 2.
    OldProtocol,
    /// Let Git answer the request for this path, but end the connection in the
    /// middle of the body.
    Cut(String),
    /// Status, headers (with line breaks), body.
    Raw(u16, String, Vec<u8>),
}

/// One request, as a test sees it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// Path and query.
    pub path: &'a str,
    /// The `authorization` header.
    pub authorization: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

type Rule = dyn Fn(&Seen<'_>) -> Answer + Send + Sync;

/// Serves every repository below one directory until it is dropped.
pub struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves what is below `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self::with(root, |_| Answer::Git)
    }

    /// The same, with a rule for each request.
    #[must_use]
    pub fn with(root: &Path, rule: impl Fn(&Seen<'_>) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let requests = Arc::new(AtomicUsize::new(0));
        let (stopping, counting) = (Arc::clone(&stop), Arc::clone(&requests));
        let (root, rule): (PathBuf, Arc<Rule>) = (root.to_owned(), Arc::new(rule));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopping.load(Ordering::SeqCst) {
                    break;
                }
                counting.fetch_add(1, Ordering::SeqCst);
                let (root, rule) = (root.clone(), Arc::clone(&rule));
                if let Ok(stream) = stream {
                    // A client may hang up in the middle.
                    std::thread::spawn(move || drop(serve(&stream, &root, &*rule)));
                }
            }
        });
        Self {
            address,
            stop,
            requests,
            thread: Some(thread),
        }
    }

    /// `127.0.0.1:<port>`
    #[must_use]
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// The URL of this path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// How many requests came.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(stream: &TcpStream, root: &Path, rule: &Rule) -> std::io::Result<()> {
    let request = Received::read(stream)?;
    let mut words = request.line.split(' ');
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default();
    let body = &request.body;
    let answer = rule(&Seen {
        path,
        authorization: request.header("authorization"),
        body,
    });
    let mut stream = stream;
    let (path, old) = match &answer {
        Answer::Raw(status, headers, body) => {
            let head = format!("HTTP/1.1 {status} Raw\r\n{headers}connection: close\r\n\r\n");
            stream.write_all(head.as_bytes())?;
            return stream.write_all(body);
        }
        Answer::As(other) | Answer::Cut(other) => (other.as_str(), false),
        Answer::OldProtocol => (path, true),
        Answer::Git => (path, false),
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut child = command(root)
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env(
            "CONTENT_TYPE",
            request.header("content-type").unwrap_or_default(),
        )
        .env("CONTENT_LENGTH", body.len().to_string())
        .env(
            "GIT_PROTOCOL",
            request
                .header("git-protocol")
                .filter(|_| !old)
                .unwrap_or_default(),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(body)?;
    }
    let output = child.wait_with_output()?.stdout;
    let end = output
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .unwrap_or(0);
    let (head, rest) = output.split_at(end);
    let rest = rest.get(4..).unwrap_or_default();
    let head = String::from_utf8_lossy(head);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: "));
    let fields: String = head
        .lines()
        .filter(|line| !line.starts_with("Status: "))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let cut = matches!(answer, Answer::Cut(_));
    let sent = if cut { rest.len() / 2 } else { rest.len() };
    let length = if cut {
        format!("content-length: {}\r\n", rest.len())
    } else {
        String::new()
    };
    let status = status.unwrap_or("200 OK");
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{fields}{length}connection: close\r\n\r\n"
    )?;
    stream.write_all(rest.get(..sent).unwrap_or_default())
}
