//! Why a request is nobody's, in AWS's words. S3 answers in XML and the wire
//! API does not; both start from here.

use crate::fault::{CommonError, Fault};

/// Why a request is not taken for anybody's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not signed at all.
    #[error("Request is missing Authentication Token")]
    Missing,
    /// A part of the signature is not there or cannot be read.
    #[error("{0}")]
    Incomplete(String),
    /// The signature is for something else: a scope, a time, a payload.
    #[error("{0}")]
    Invalid(String),
    /// The signature is another than the secret gives.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check \
         your AWS Secret Access Key and signing method. Consult the service documentation for \
         details."
    )]
    Mismatch,
    /// No such access key, or not its session token.
    #[error("The security token included in the request is invalid.")]
    Unrecognized,
    /// A session that has ended.
    #[error("The security token included in the request is expired")]
    Expired,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::Missing => CommonError::MissingAuthenticationToken,
            Refusal::Incomplete(_) => CommonError::IncompleteSignature,
            Refusal::Invalid(_) | Refusal::Mismatch => CommonError::InvalidSignature,
            Refusal::Unrecognized => CommonError::UnrecognizedClient,
            Refusal::Expired => CommonError::ExpiredToken,
        };
        Self::new(code, refusal.to_string())
    }
}
