//! The comparison: is it the signature that this secret gives for this request,
//! for us, now? Called with the secret that the caller found for the claim.

use hmac::Mac;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::canonical::Request;
use super::claim::{Claim, Form, Scope};
use super::moment::Moment;
use super::{ALGORITHM, Refusal, Scheme, Secret, TERMINATOR};
use crate::Timestamp;
use crate::mac::mac;

/// How far clocks may be apart, in seconds.
const SKEW: i64 = 15 * 60;

/// A request that is whose it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The access key that signed it.
    pub access_key: String,
    /// The region it was signed for.
    pub region: String,
    /// When it was signed.
    pub signed_at: Timestamp,
}

impl Claim<'_> {
    /// Compares the request with what this secret signs. `secret` is `None`
    /// where nobody has the access key.
    pub fn verify(
        &self,
        secret: Option<&Secret>,
        scheme: &Scheme<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let secret = secret.ok_or(Refusal::Unrecognized)?;
        self.check_session(secret, now)?;
        self.check_time(Moment(now.0.div_euclid(1000)))?;
        if let Some(wrong) = self.wrong_scope(scheme) {
            return Err(Refusal::Invalid(wrong));
        }
        if let Some(name) = self.unsigned_header() {
            return Err(Refusal::Invalid(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
        let payload = self.payload(scheme)?;
        let form = self
            .request
            .canonical(scheme.rewrites_path, &self.signed, &payload)
            .map_err(|name| {
                Refusal::Invalid(format!(
                    "The header '{}' is signed and is not there; send it.",
                    crate::node::shown(&name)
                ))
            })?;
        let ours = signature(&secret.key, &self.scope, self.at, &form);
        if !bool::from(ours.ct_eq(&self.signature)) {
            return Err(Refusal::Mismatch);
        }
        Ok(Verified {
            access_key: self.access_key.clone(),
            region: self.scope.region.clone(),
            signed_at: Timestamp(self.at.0 * 1000),
        })
    }

    fn check_session(&self, secret: &Secret, now: Timestamp) -> Result<(), Refusal> {
        match (&secret.session, &self.token) {
            (None, None) => Ok(()),
            (Some(session), Some(token)) => {
                // Of hashes: the time of the comparison says nothing about where
                // the two differ, nor how long ours is.
                let (ours, theirs) = (hash(session.token.as_bytes()), hash(token.as_bytes()));
                match bool::from(ours.ct_eq(&theirs)) {
                    false => Err(Refusal::Unrecognized),
                    true if session.expires <= now => Err(Refusal::Expired),
                    true => Ok(()),
                }
            }
            _ => Err(Refusal::Unrecognized),
        }
    }

    fn check_time(&self, now: Moment) -> Result<(), Refusal> {
        let (early, late) = (Moment(now.0 - SKEW), Moment(now.0 + SKEW));
        if self.at > late {
            return Err(Refusal::Invalid(format!(
                "Signature not yet current: {} is still later than {late} ({now} + 15 min.)",
                self.at
            )));
        }
        match self.form {
            Form::Header if self.at < early => Err(Refusal::Invalid(format!(
                "Signature expired: {} is now earlier than {early} ({now} - 15 min.)",
                self.at
            ))),
            Form::Query { expires } if Moment(self.at.0 + expires) < now => {
                let end = Moment(self.at.0 + expires);
                Err(Refusal::Invalid(format!(
                    "Signature expired: {end} is now earlier than {now}"
                )))
            }
            _ => Ok(()),
        }
    }

    /// What the signature says of the body, which must be what the body is.
    fn payload(&self, scheme: &Scheme<'_>) -> Result<String, Refusal> {
        const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
        let declared = self.request.headers.get("x-amz-content-sha256");
        let declared = declared.map(|value| value.to_str().unwrap_or(""));
        // A presigned request to S3 was signed before there was a body.
        let presigned = scheme.unsigned_payload && matches!(self.form, Form::Query { .. });
        match declared {
            None if presigned => Ok(UNSIGNED.to_owned()),
            Some(UNSIGNED) if scheme.unsigned_payload => Ok(UNSIGNED.to_owned()),
            Some(UNSIGNED) => Err(Refusal::Invalid(
                "The payload is not signed (UNSIGNED-PAYLOAD); sign it with its SHA-256."
                    .to_owned(),
            )),
            Some(chunked) if chunked.starts_with("STREAMING-") => Err(Refusal::Invalid(
                "A payload that is signed in chunks is not taken; sign it as a whole with its \
                 SHA-256."
                    .to_owned(),
            )),
            declared => {
                let ours = hexadecimal(&hash(self.request.body));
                match declared {
                    Some(theirs) if theirs != ours => Err(Refusal::Invalid(
                        "The header x-amz-content-sha256 is not the SHA-256 of the body that \
                         came."
                            .to_owned(),
                    )),
                    _ => Ok(ours),
                }
            }
        }
    }
}

/// The `Authorization` header for a request whose headers, `x-amz-date` among
/// them, are all there: for clients of our own. `None` where a header to be
/// signed or the date is missing.
pub fn sign(
    request: &Request<'_>,
    signed: &[&str],
    access_key: &str,
    secret: &Secret,
    scheme: &Scheme<'_>,
) -> Option<String> {
    let at = Moment::read(request.header("x-amz-date")?)?;
    let mut signed: Vec<String> = signed.iter().map(|name| name.to_lowercase()).collect();
    signed.sort_unstable();
    signed.dedup();
    let scope = Scope {
        date: at.date(),
        region: scheme.region.unwrap_or("us-east-1").to_owned(),
        service: scheme.service.to_owned(),
        terminator: TERMINATOR.to_owned(),
    };
    let payload = hexadecimal(&hash(request.body));
    let form = request
        .canonical(scheme.rewrites_path, &signed, &payload)
        .ok()?;
    let signature = hexadecimal(&signature(&secret.key, &scope, at, &form));
    Some(format!(
        "{ALGORITHM} Credential={access_key}/{}, SignedHeaders={}, Signature={signature}",
        scope.text(),
        signed.join(";")
    ))
}

impl Scope {
    fn text(&self) -> String {
        let Self {
            date,
            region,
            service,
            terminator,
        } = self;
        format!("{date}/{region}/{service}/{terminator}")
    }
}

fn signature(secret: &str, scope: &Scope, at: Moment, form: &[u8]) -> [u8; 32] {
    let mut key = keyed(format!("AWS4{secret}").as_bytes(), &scope.date);
    for part in [&scope.region, &scope.service, &scope.terminator] {
        key = keyed(&key, part);
    }
    let form = hexadecimal(&hash(form));
    keyed(
        &key,
        &format!("{ALGORITHM}\n{at}\n{}\n{form}", scope.text()),
    )
}

fn keyed(key: &[u8], text: &str) -> [u8; 32] {
    mac(key).chain_update(text).finalize().into_bytes().into()
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
