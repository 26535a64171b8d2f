//! One request over `wasi:http`, told in text. `{secret}` in URL, headers or
//! body stands for the placeholder of the secret that `secret` names; with
//! `basic`, for `user:placeholder` in base64.

use crate::Settings;
use crate::lockgate::action::secrets;
use crate::wasi::http::outgoing_handler;
use crate::wasi::http::types::{
    Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use crate::wasi::io::streams::StreamError;

pub(crate) fn send(set: &Settings) -> Result<String, String> {
    let secret = match set.get("secret") {
        Some(name) => secrets::placeholder(name).map_err(|e| format!("{e:?}"))?,
        None => String::new(),
    };
    let fill = |key: &str| set.text(key).replace("{secret}", &secret);
    let fields = Fields::new();
    if let Some(user) = set.get("basic") {
        let text = base64(format!("{user}:{secret}").as_bytes());
        add(&fields, "authorization", &format!("Basic {text}"))?;
    }
    if set.get("header").is_some() {
        add(&fields, "x-test", &fill("header"))?;
    }
    let url = fill("url");
    let (scheme, rest) = url.split_once("://").ok_or("no scheme")?;
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (rest, "/".into()),
    };
    let request = OutgoingRequest::new(fields);
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    let body = fill("body");
    let method = match set.get("method") {
        Some(method) => Method::Other(method.into()),
        None if body.is_empty() => Method::Get,
        None => Method::Post,
    };
    request.set_method(&method).map_err(|()| "bad method")?;
    request
        .set_scheme(Some(&scheme))
        .map_err(|()| "bad scheme")?;
    request
        .set_authority(Some(authority))
        .map_err(|()| "bad authority")?;
    request
        .set_path_with_query(Some(&path))
        .map_err(|()| "bad path")?;
    let outgoing = request.body().map_err(|()| "no body")?;
    let options = RequestOptions::new();
    let response =
        outgoing_handler::handle(request, Some(options)).map_err(|e| format!("{e:?}"))?;
    write(outgoing, body.as_bytes()).map_err(|e| format!("sending: {e}"))?;
    response.subscribe().block();
    let response = response
        .get()
        .ok_or("no answer")?
        .map_err(|()| "answered twice")?
        .map_err(|e| format!("{e:?}"))?;
    let mut text = format!("{}", response.status());
    let headers = response.headers();
    for (name, value) in headers.entries() {
        if name.starts_with("x-") || name == "location" {
            text += &format!(" {name}={}", String::from_utf8_lossy(&value));
        }
    }
    drop(headers);
    text.push('\n');
    text += &read(&response.consume().map_err(|()| "no body")?)?;
    Ok(text)
}

fn add(fields: &Fields, name: &str, value: &str) -> Result<(), String> {
    fields
        .append(name, value.as_bytes())
        .map_err(|e| format!("{e:?}"))
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    let stream = body.write().map_err(|()| "no stream")?;
    for piece in bytes.chunks(4096) {
        stream
            .blocking_write_and_flush(piece)
            .map_err(|e| format!("{e:?}"))?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|e| format!("{e:?}"))
}

fn read(body: &IncomingBody) -> Result<String, String> {
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(65536) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(format!("reading: {}", error.to_debug_string()));
            }
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let value = group
            .iter()
            .fold(0u32, |value, byte| value << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for digit in 0..4 {
            if digit <= group.len() {
                text.push(char::from(
                    DIGITS[(value >> (18 - 6 * digit)) as usize & 63],
                ));
            } else {
                text.push('=');
            }
        }
    }
    text
}
