//! AWS Signature Version 4: whose request is it, and is it as it was signed?
//!
//! [`Claim::read`] takes apart what a request says of itself, in its headers or
//! in its query (presigned); the caller looks up the [`Secret`] of
//! [`Claim::access_key`], however long that takes; [`Claim::verify`] compares.
//! Nothing here reads a clock, a store or a socket. The wire face and the
//! S3-compatible endpoint call it.
//!
//! Refused whatever the signature says: a payload that is not signed (but where
//! a [`Scheme`] allows it), a payload signed in chunks, a header that carries
//! meaning (`host`, `content-type`, `x-amz-*`) and is not signed.

mod canonical;
mod claim;
mod moment;
mod refusal;
mod secret;
mod verify;

pub use canonical::Request;
pub use claim::Claim;
pub use refusal::Refusal;
pub use secret::{Secret, Session};
pub use verify::{Verified, sign};

/// What is signed, and how.
#[derive(Clone, Copy, Debug)]
pub struct Scheme<'a> {
    /// The service in the scope.
    pub service: &'a str,
    /// The region in the scope; `None` takes any.
    pub region: Option<&'a str>,
    /// Paths are normalized and encoded once more before they are signed:
    /// everywhere but in S3.
    pub rewrites_path: bool,
    /// `UNSIGNED-PAYLOAD` is taken: S3 only.
    pub unsigned_payload: bool,
}

impl<'a> Scheme<'a> {
    /// As CodePipeline has it.
    pub const fn codepipeline(region: Option<&'a str>) -> Self {
        Self {
            service: "codepipeline",
            region,
            rewrites_path: true,
            unsigned_payload: false,
        }
    }

    /// As S3 has it.
    pub const fn s3(region: Option<&'a str>) -> Self {
        Self {
            service: "s3",
            region,
            rewrites_path: false,
            unsigned_payload: true,
        }
    }
}

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(crate) const TERMINATOR: &str = "aws4_request";
