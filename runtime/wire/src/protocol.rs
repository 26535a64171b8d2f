//! The two protocols: which one a request speaks, which operation it asks for,
//! and how bodies and answers look in it. Everything between is the same for
//! both. Knows no server; the wire face calls it with the parts of a request
//! and sends the [`Reply`].

use http::{HeaderMap, Method, header};

use crate::check::{Rules, check};
use crate::fault::{CommonError, Fault};
use crate::node::shown;
use crate::operation::{Input, Operation, Output, TARGET_PREFIX};
use crate::writer::{Codec, Writer};
use crate::{MAX_BODY, cbor, json};

/// How a request is written, and so its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// AWS JSON 1.1: `POST /` with `X-Amz-Target`.
    Json,
    /// smithy-rpc-v2-cbor: `POST /service/…/operation/…`.
    Cbor,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// All headers but the length.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which may be empty.
    pub body: Vec<u8>,
}

const JSON: &str = "application/x-amz-json-1.1";
const CBOR: &str = "application/cbor";
const SMITHY: &str = "rpc-v2-cbor";
/// In rpc-v2-cbor an error is named with its namespace.
const NAMESPACE: &str = "com.amazonaws.codepipeline";

impl Protocol {
    /// Which one it is; JSON where the request does not say.
    pub fn of(headers: &HeaderMap) -> Self {
        match text(headers, "smithy-protocol") {
            Some(SMITHY) => Self::Cbor,
            _ => Self::Json,
        }
    }

    /// Which operation is asked for. The error is `UnknownOperationException`
    /// and says what was looked at.
    pub fn operation(
        self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Operation, Fault> {
        let unknown = |why: String| Fault::new(CommonError::UnknownOperation, why);
        let media = text(headers, header::CONTENT_TYPE.as_str());
        let media = media.map_or("", |media| media.split(';').next().unwrap_or("").trim());
        if method != Method::POST {
            return Err(unknown(format!(
                "Every operation is asked for by POST, not by {}.",
                shown(method.as_str())
            )));
        }
        let (name, place) = match self {
            Self::Json if path != "/" => {
                return Err(unknown(format!(
                    "In JSON every operation is asked for at '/', not at '{}'.",
                    shown(path)
                )));
            }
            Self::Json => {
                let target = text(headers, "x-amz-target").unwrap_or("");
                let name = target.strip_prefix(TARGET_PREFIX);
                (name.and_then(|name| name.strip_prefix('.')), target)
            }
            Self::Cbor => {
                let name = path
                    .strip_prefix("/service/")
                    .and_then(|rest| rest.strip_prefix(TARGET_PREFIX))
                    .and_then(|rest| rest.strip_prefix("/operation/"));
                (name, path)
            }
        };
        let operation = name.and_then(Operation::from_name).ok_or_else(|| {
            let wanted = match self {
                Self::Json => format!("the header X-Amz-Target must be '{TARGET_PREFIX}.' and"),
                Self::Cbor => {
                    format!("the path must be '/service/{TARGET_PREFIX}/operation/' and")
                }
            };
            unknown(format!(
                "'{}' names no operation: {wanted} the name of one.",
                shown(place)
            ))
        })?;
        let wanted = self.media();
        // An empty body of CBOR has no type.
        let untyped = self == Self::Cbor && media.is_empty();
        if !untyped && !media.eq_ignore_ascii_case(wanted) {
            return Err(unknown(format!(
                "A body of type '{}' is not read here; send the header Content-Type: {wanted}.",
                shown(media)
            )));
        }
        Ok(operation)
    }

    /// A body as what it asks for, checked: `SerializationException` for what
    /// cannot be read, `ValidationException` for every constraint it breaks.
    pub fn read(self, operation: Operation, body: &[u8], rules: Rules) -> Result<Input, Fault> {
        let node = self.tree(body)?;
        check(operation.input_shape(), &node, rules)?;
        Input::read(operation, node)
            .map_err(|misfit| Fault::new(CommonError::Serialization, format!("{misfit}.")))
    }

    /// The answer to what was asked.
    pub fn answer(self, output: &Output, request_id: &str) -> Reply {
        let mut body = Vec::new();
        if output.operation().has_output() {
            let mut writer = self.writer();
            output.write(&mut writer);
            body = writer.finish();
        }
        self.reply(200, request_id, body)
    }

    /// The answer that says no.
    pub fn refuse(self, fault: &Fault, request_id: &str) -> Reply {
        let mut writer = self.writer();
        writer.open(2);
        writer.name("__type");
        match self {
            Self::Json => writer.text(fault.code.name()),
            Self::Cbor => writer.text(&format!("{NAMESPACE}#{}", fault.code.name())),
        }
        writer.name("message");
        writer.text(&fault.message);
        writer.close();
        self.reply(fault.code.status(), request_id, writer.finish())
    }

    /// What a client sends to ask this.
    pub fn ask(self, input: &Input) -> Vec<u8> {
        let mut writer = self.writer();
        input.write(&mut writer);
        writer.finish()
    }

    /// What a client was answered. The constraints of the model are checked on
    /// it as they are on what is asked; AWS's limits are not.
    pub fn read_answer(self, operation: Operation, body: &[u8]) -> Result<Output, Fault> {
        let node = self.tree(body)?;
        check(operation.output_shape(), &node, Rules::default())?;
        Output::read(operation, node)
            .map_err(|misfit| Fault::new(CommonError::Serialization, format!("{misfit}.")))
    }

    fn tree(self, body: &[u8]) -> Result<crate::node::Node, Fault> {
        if body.len() > MAX_BODY {
            return Err(Fault::new(
                CommonError::RequestEntityTooLarge,
                format!(
                    "The body has {} bytes; the largest that is read has {MAX_BODY}.",
                    body.len()
                ),
            ));
        }
        let node = match self {
            Self::Json => json::read(body),
            Self::Cbor => cbor::read(body),
        };
        node.map_err(|error| Fault::new(CommonError::Serialization, error.to_string()))
    }

    fn writer(self) -> Writer {
        Writer::new(match self {
            Self::Json => Codec::Json,
            Self::Cbor => Codec::Cbor,
        })
    }

    fn media(self) -> &'static str {
        match self {
            Self::Json => JSON,
            Self::Cbor => CBOR,
        }
    }

    fn reply(self, status: u16, request_id: &str, body: Vec<u8>) -> Reply {
        let mut headers = vec![("x-amzn-requestid", request_id.to_owned())];
        if self == Self::Cbor {
            headers.push(("smithy-protocol", SMITHY.to_owned()));
        }
        if self == Self::Json || !body.is_empty() {
            headers.push(("content-type", self.media().to_owned()));
        }
        Reply {
            status,
            headers,
            body,
        }
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
