//! What a request says of itself: whose it is, when and for what it was signed,
//! which headers the signature covers. Believes none of it; `verify` does or
//! does not. Knows no secret.

use super::canonical::{Request, digit};
use super::moment::Moment;
use super::{ALGORITHM, Refusal, Scheme};

/// A request that says whose it is, and how to find out.
#[derive(Debug)]
pub struct Claim<'r> {
    pub(crate) request: Request<'r>,
    pub(crate) access_key: String,
    pub(crate) scope: Scope,
    pub(crate) at: Moment,
    pub(crate) form: Form,
    /// Sorted, small letters, none twice.
    pub(crate) signed: Vec<String>,
    pub(crate) signature: [u8; 32],
    /// The session token that came along.
    pub(crate) token: Option<String>,
}

/// What a signature is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub date: String,
    pub region: String,
    pub service: String,
    pub terminator: String,
}

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Header,
    /// In the query, good for so many seconds.
    Query {
        expires: i64,
    },
}

/// A week, the longest that a presigned request is good for.
const LONGEST: i64 = 604_800;

impl<'r> Claim<'r> {
    /// Takes a request apart.
    pub fn read(request: Request<'r>) -> Result<Self, Refusal> {
        let parameters = request.parameters();
        let in_query = parameters
            .iter()
            .any(|(name, _)| name == b"X-Amz-Algorithm");
        let header = request.headers.get_all("authorization").iter().count();
        match (in_query, header) {
            (true, 0) => Self::of_query(request, &parameters),
            (false, 1) => Self::of_header(request),
            (false, 0) => Err(Refusal::Missing),
            (false, _) => Err(Refusal::Invalid(
                "Found more than one 'Authorization' header; send one.".to_owned(),
            )),
            (true, _) => Err(Refusal::Invalid(
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as \
                 HTTP header."
                    .to_owned(),
            )),
        }
    }

    /// The id of the access key whose secret is needed.
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    fn of_header(request: Request<'r>) -> Result<Self, Refusal> {
        let header = request.header("authorization").unwrap_or("");
        let Some(fields) = header.strip_prefix(ALGORITHM) else {
            return Err(Refusal::Missing);
        };
        let mut found: [(&str, Option<&str>); 3] = [
            ("Credential", None),
            ("Signature", None),
            ("SignedHeaders", None),
        ];
        for field in fields.split(',').map(str::trim).filter(|f| !f.is_empty()) {
            let (name, value) = field.split_once('=').ok_or_else(|| {
                Refusal::Incomplete(
                    "A part of the Authorization header is no key=value pair (missing \
                     equal-sign)."
                        .to_owned(),
                )
            })?;
            if let Some(slot) = found.iter_mut().find(|(known, _)| *known == name)
                && slot.1.replace(value).is_some()
            {
                return Err(Refusal::Incomplete(format!(
                    "Authorization header has the parameter '{name}' twice."
                )));
            }
        }
        let date = request.header("x-amz-date");
        let mut missing: Vec<String> = found
            .iter()
            .filter(|(_, value)| value.is_none_or(str::is_empty))
            .map(|(name, _)| format!("Authorization header requires '{name}' parameter."))
            .collect();
        if date.is_none() {
            missing.push(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
                 header."
                    .to_owned(),
            );
        }
        let [
            (_, Some(credential)),
            (_, Some(signature)),
            (_, Some(signed)),
        ] = found
        else {
            return Err(Refusal::Incomplete(missing.join(" ")));
        };
        let Some(date) = date.filter(|_| missing.is_empty()) else {
            return Err(Refusal::Incomplete(missing.join(" ")));
        };
        let token = request.header("x-amz-security-token").map(str::to_owned);
        Self::assembled(
            request,
            credential,
            date,
            Form::Header,
            signed,
            signature,
            token,
        )
    }

    fn of_query(request: Request<'r>, parameters: &[(Vec<u8>, Vec<u8>)]) -> Result<Self, Refusal> {
        let one = |name: &str| -> Result<Option<&str>, Refusal> {
            let mut values = parameters.iter().filter(|(key, _)| key == name.as_bytes());
            let value = values.next();
            if values.next().is_some() {
                return Err(Refusal::Incomplete(format!(
                    "AWS query-string parameters have '{name}' twice."
                )));
            }
            Ok(value.and_then(|(_, value)| std::str::from_utf8(value).ok()))
        };
        let mut missing = Vec::new();
        let mut needed = |name: &str| -> Result<&str, Refusal> {
            let value = one(name)?.unwrap_or("");
            if value.is_empty() {
                missing.push(format!(
                    "AWS query-string parameters must include '{name}'."
                ));
            }
            Ok(value)
        };
        let algorithm = needed("X-Amz-Algorithm")?;
        let credential = needed("X-Amz-Credential")?;
        let signature = needed("X-Amz-Signature")?;
        let signed = needed("X-Amz-SignedHeaders")?;
        let date = needed("X-Amz-Date")?;
        let expires = needed("X-Amz-Expires")?;
        if !missing.is_empty() {
            missing.push("Re-examine the query-string parameters.".to_owned());
            return Err(Refusal::Incomplete(missing.join(" ")));
        }
        if algorithm != ALGORITHM {
            return Err(Refusal::Incomplete(format!(
                "Unsupported AWS 'algorithm': use '{ALGORITHM}'."
            )));
        }
        let expires = expires.parse().ok().filter(|e| (1..=LONGEST).contains(e));
        let expires = expires.ok_or_else(|| {
            Refusal::Incomplete(format!(
                "X-Amz-Expires must be a number of seconds from 1 to {LONGEST}, which is a week."
            ))
        })?;
        let token = one("X-Amz-Security-Token")?.map(str::to_owned);
        let form = Form::Query { expires };
        Self::assembled(request, credential, date, form, signed, signature, token)
    }

    fn assembled(
        request: Request<'r>,
        credential: &str,
        date: &str,
        form: Form,
        signed: &str,
        signature: &str,
        token: Option<String>,
    ) -> Result<Self, Refusal> {
        let mut parts = credential.rsplitn(5, '/');
        let (Some(terminator), Some(service), Some(region), Some(day), Some(access_key)) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return Err(Refusal::Incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term."
                    .to_owned(),
            ));
        };
        let at = Moment::read(date).ok_or_else(|| {
            Refusal::Incomplete(
                "Date must be in ISO-8601 'basic format', as in 20150830T123600Z.".to_owned(),
            )
        })?;
        let signed: Vec<String> = signed.split(';').map(str::to_owned).collect();
        let small = |name: &String| !name.is_empty() && !name.contains(|c: char| c.is_uppercase());
        if !signed.iter().all(small) || !signed.is_sorted_by(|a, b| a < b) {
            return Err(Refusal::Incomplete(
                "SignedHeaders must be names of headers in small letters, sorted, each once, \
                 with ';' between them."
                    .to_owned(),
            ));
        }
        Ok(Self {
            request,
            access_key: access_key.to_owned(),
            scope: Scope {
                date: day.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
                terminator: terminator.to_owned(),
            },
            at,
            form,
            signed,
            // One of another length is as wrong as one of other digits.
            signature: bytes(signature).ok_or(Refusal::Mismatch)?,
            token,
        })
    }

    /// A header that carries meaning and that the signature does not cover.
    pub(crate) fn unsigned_header(&self) -> Option<String> {
        let signed = |name: &str| self.signed.iter().any(|signed| signed == name);
        if !signed("host") {
            return Some("Host' or ':authority".to_owned());
        }
        let names = self.request.headers.keys().map(http::HeaderName::as_str);
        let mut unsigned = names.filter(|name| {
            // A session token is compared with the one we know, whoever sent it.
            let ours = name.starts_with("x-amz-") && *name != "x-amz-security-token";
            (ours || *name == "content-type") && !signed(name)
        });
        unsigned.next().map(str::to_owned)
    }

    /// The date, region and service that are not what they should be.
    pub(crate) fn wrong_scope(&self, scheme: &Scheme<'_>) -> Option<String> {
        let Scope {
            date,
            region,
            service,
            terminator,
        } = &self.scope;
        let mut wrong = Vec::new();
        if scheme.region.is_some_and(|wanted| wanted != region) {
            wrong.push(format!(
                "Credential should be scoped to a valid region, not '{}'.",
                crate::node::shown(region)
            ));
        }
        if service != scheme.service {
            wrong.push(format!(
                "Credential should be scoped to correct service: '{}'.",
                scheme.service
            ));
        }
        if terminator != super::TERMINATOR {
            wrong.push(format!(
                "Credential should be scoped with a valid terminator: '{}', not '{}'.",
                super::TERMINATOR,
                crate::node::shown(terminator)
            ));
        }
        if *date != self.at.date() {
            wrong.push(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: '{}' != '{}', from '{}'.",
                crate::node::shown(date),
                self.at.date(),
                self.at
            ));
        }
        (!wrong.is_empty()).then(|| wrong.join(" "))
    }
}

/// 32 bytes in hexadecimal digits.
fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}
