//! Who calls: an access key and its secret, by HTTP Basic (RFC 7617). Every
//! handler names a `Caller`, so none can forget to ask.

use super::Face;
use super::refusal::Refused;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use lockgate_model::id::{Principal, TenantId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

/// The access keys that are let in.
pub struct Keys {
    by_id: BTreeMap<String, Key>,
}

struct Key {
    /// SHA-256 of the secret, so that comparing takes the same time for all.
    secret: [u8; 32],
    tenant: TenantId,
    principal: Principal,
}

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub struct Caller {
    pub tenant: TenantId,
    pub principal: Principal,
}

impl Keys {
    /// The one key of `serve --dev`.
    pub fn dev(id: &str, secret: &str, tenant: TenantId) -> Self {
        let principal = Principal(format!("arn:aws:iam::{tenant}:user/{id}"));
        let key = Key {
            secret: Sha256::digest(secret).into(),
            tenant,
            principal,
        };
        Self {
            by_id: BTreeMap::from([(id.to_owned(), key)]),
        }
    }

    fn admit(&self, id: &str, secret: &str) -> Option<Caller> {
        let key = self.by_id.get(id)?;
        let given: [u8; 32] = Sha256::digest(secret).into();
        let same = bool::from(given.ct_eq(&key.secret));
        same.then(|| Caller {
            tenant: key.tenant.clone(),
            principal: key.principal.clone(),
        })
    }
}

impl FromRequestParts<Face> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, face: &Face) -> Result<Self, Refused> {
        let given = parts
            .headers
            .get(AUTHORIZATION)
            .ok_or_else(Refused::nobody)?;
        let decoded = given
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Basic "))
            .and_then(|text| BASE64_STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(Refused::nobody)?;
        let (id, secret) = decoded.split_once(':').ok_or_else(Refused::nobody)?;
        face.keys.admit(id, secret).ok_or_else(Refused::stranger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_with_its_secret_is_let_in() {
        let keys = Keys::dev("ID", "secret", "111122223333".parse().unwrap());
        assert_eq!(
            keys.admit("ID", "secret").unwrap().tenant.as_str(),
            "111122223333"
        );
        for (id, secret) in [("ID", ""), ("ID", "Secret"), ("id", "secret"), ("", "")] {
            assert!(keys.admit(id, secret).is_none(), "{id}:{secret}");
        }
    }
}
