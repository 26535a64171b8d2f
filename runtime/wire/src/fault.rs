//! What a caller is told when the answer is no: an error of the service model,
//! or one of those that every AWS service has. Knows no codec; `protocol`
//! writes it, everybody makes it.

use crate::operation::ErrorCode;

/// An error that every service has and no model lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommonError {
    /// The principal may not do this to that.
    AccessDenied,
    /// A session token that is past its end.
    ExpiredToken,
    /// A signature of which a part is missing.
    IncompleteSignature,
    /// Our fault: clients try again.
    InternalFailure,
    /// A signature that is another than ours, too old, or for something else.
    InvalidSignature,
    /// No signature at all.
    MissingAuthenticationToken,
    /// A body larger than is read.
    RequestEntityTooLarge,
    /// A body that cannot be read, or a value of the wrong kind.
    Serialization,
    /// We cannot serve now: clients try again.
    ServiceUnavailable,
    /// Too many requests: clients try again later.
    Throttling,
    /// No operation of that name.
    UnknownOperation,
    /// No access key of that id, or a session token that is not its own.
    UnrecognizedClient,
}

impl CommonError {
    /// The value of `__type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessDenied => "AccessDeniedException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::InternalFailure => "InternalFailure",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::RequestEntityTooLarge => "RequestEntityTooLargeException",
            Self::Serialization => "SerializationException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::Throttling => "ThrottlingException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
        }
    }

    /// The HTTP status it is answered with.
    pub const fn status(self) -> u16 {
        match self {
            Self::InternalFailure => 500,
            Self::ServiceUnavailable => 503,
            Self::RequestEntityTooLarge => 413,
            _ => 400,
        }
    }
}

/// Which error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// One of the model.
    Modelled(ErrorCode),
    /// One that every service has.
    Common(CommonError),
}

impl Code {
    /// The value of `__type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Modelled(code) => code.name(),
            Self::Common(code) => code.name(),
        }
    }

    /// The HTTP status it is answered with.
    pub const fn status(self) -> u16 {
        match self {
            Self::Modelled(code) => code.status(),
            Self::Common(code) => code.status(),
        }
    }
}

impl From<ErrorCode> for Code {
    fn from(code: ErrorCode) -> Self {
        Self::Modelled(code)
    }
}

impl From<CommonError> for Code {
    fn from(code: CommonError) -> Self {
        Self::Common(code)
    }
}

/// A refusal: which error, and what to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.name())]
pub struct Fault {
    /// Which error it is.
    pub code: Code,
    /// For the person at the other end.
    pub message: String,
}

impl Fault {
    /// A refusal with these words.
    pub fn new(code: impl Into<Code>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}
