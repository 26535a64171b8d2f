//! A real receiver of HTTP requests on loopback: answers each as the test says,
//! and remembers what it got.

use crate::Received;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Status and headers, then the body.
pub type Response = (String, Vec<u8>);

/// Listens until the test's process ends.
#[derive(Debug)]
pub struct Receiver {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers the first request with the first response, and so on. Past the
    /// last it reads and never answers.
    #[must_use]
    pub fn start(responses: Vec<Response>) -> Self {
        let mut responses = responses.into_iter();
        Self::answering(move |_| responses.next())
    }

    /// Answers each request with what the rule says; with nothing: never.
    ///
    /// # Panics
    /// No port is free.
    #[must_use]
    pub fn answering(mut rule: impl FnMut(&Received) -> Option<Response> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener
            .local_addr()
            .expect("it has an address")
            .to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&received);
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for mut stream in listener.incoming().flatten() {
                let Ok(request) = Received::read(&stream) else {
                    continue;
                };
                let response = rule(&request);
                seen.lock().expect("no test panicked here").push(request);
                match response {
                    // The guest may hang up before it has read everything.
                    Some((head, body)) => drop(answer(&mut stream, &head, &body)),
                    None => silent.push(stream),
                }
            }
        });
        Self { address, received }
    }

    /// `127.0.0.1:port`
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What came so far.
    ///
    /// # Panics
    /// The receiver broke.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no test panicked here").clone()
    }
}

fn answer(stream: &mut TcpStream, head: &str, body: &[u8]) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}
