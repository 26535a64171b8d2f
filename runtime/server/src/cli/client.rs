//! Talking to a server: requests signed with the access key, refusals turned
//! into sentences.

use super::Connection;
use crate::Failure;
use crate::api::{FeedEntry, Refusal};
use anyhow::Context;
use futures::StreamExt;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// A server, reached with one access key.
pub struct Client {
    http: reqwest::Client,
    connection: Connection,
}

impl Client {
    pub fn new(connection: Connection) -> Result<Self, Failure> {
        if !connection.server.starts_with("http://") && !connection.server.starts_with("https://") {
            return Err(Failure::input(format!(
                "--server {}: write a URL such as http://127.0.0.1:8080",
                connection.server
            )));
        }
        Ok(Self {
            http: reqwest::Client::builder().build()?,
            connection,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let server = self.connection.server.trim_end_matches('/');
        self.http
            .request(method, format!("{server}/api/v1{path}"))
            .basic_auth(
                &self.connection.access_key,
                Some(&self.connection.secret_key),
            )
    }

    async fn send(
        &self,
        request: RequestBuilder,
        file: Option<&Path>,
    ) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| {
            if error.is_connect() {
                Failure::input(format!(
                    "no server answers at {}; start one with 'lockgate serve --dev --data DIR', or name another with --server",
                    self.connection.server
                ))
            } else {
                Failure::Ours(error.into())
            }
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.bytes().await.unwrap_or_default();
        let Ok(refusal) = serde_json::from_slice::<Refusal>(&body) else {
            return Err(Failure::Ours(anyhow::anyhow!(
                "{} answered {status}; is it a Lockgate server?",
                self.connection.server
            )));
        };
        if status.is_server_error() && status != StatusCode::INSUFFICIENT_STORAGE {
            return Err(Failure::Ours(anyhow::anyhow!(
                "the server failed: {}",
                refusal.message
            )));
        }
        if status == StatusCode::UNAUTHORIZED {
            return Err(Failure::input(format!(
                "{}: {}; give both with --access-key and --secret-key",
                self.connection.server, refusal.message
            )));
        }
        if refusal.problems.is_empty() {
            Err(Failure::Input(vec![refusal.message]))
        } else {
            let place = file.map_or_else(String::new, |file| format!("{}:", file.display()));
            let problems = refusal.problems.iter();
            Err(Failure::Input(
                problems
                    .map(|problem| format!("{place}{problem}"))
                    .collect(),
            ))
        }
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Failure> {
        self.read_of(request, None).await
    }

    async fn read_of<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        file: Option<&Path>,
    ) -> Result<T, Failure> {
        let bytes = self.send(request, file).await?.bytes().await?;
        Ok(serde_json::from_slice(&bytes)
            .context("the server's answer cannot be read; are both of the same version?")?)
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.read(self.request(Method::GET, path)).await
    }

    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.read(self.request(Method::POST, path).json(body)).await
    }

    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.read(self.request(Method::PUT, path).json(body)).await
    }

    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.read(self.request(Method::DELETE, path)).await
    }

    /// Sends a definition as it is written, so that the server can name places.
    /// `file` is put in front of them.
    pub async fn definition<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        text: String,
        file: &Path,
    ) -> Result<T, Failure> {
        let request = self
            .request(method, path)
            .header("content-type", media_type)
            .body(text);
        self.read_of(request, Some(file)).await
    }

    /// Reads an execution's feed, entry by entry.
    pub async fn feed(
        &self,
        execution: &str,
        follow: bool,
        mut take: impl FnMut(FeedEntry),
    ) -> Result<(), Failure> {
        let path = format!("/executions/{}/feed?follow={follow}", segment(execution));
        let response = self.send(self.request(Method::GET, &path), None).await?;
        let mut stream = response.bytes_stream();
        let mut rest: Vec<u8> = Vec::new();
        while let Some(piece) = stream.next().await {
            rest.extend_from_slice(&piece.context("the feed broke off; ask again")?);
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                // Server-sent events: only data lines say something.
                if let Some(data) = line.strip_prefix(b"data: ") {
                    take(serde_json::from_slice(data).context("the feed cannot be read")?);
                }
            }
        }
        Ok(())
    }
}

/// A name as one segment of a path.
pub fn segment(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    })
}
