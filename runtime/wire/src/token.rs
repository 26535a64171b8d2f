//! Tokens for the next page: where the last one ended, sealed so that nobody
//! can write one, carry it to another tenant, another operation or another
//! filter. They hold no state of ours and so survive a restart; they are good
//! as long as the key is. Knows no store: the place is bytes of the caller's.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::fault::Fault;
use crate::mac::mac;
use crate::operation::{ErrorCode, Input, Operation};
use crate::protocol::Protocol;

/// The key that seals; the server keeps one for all its tenants.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

/// The longest place that still fits the longest token of the model.
pub const MAX_PLACE: usize = 1_400;

/// The first byte of every token: how the rest is made.
const VERSION: u8 = 1;
const MAC: usize = 32;

/// What a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    tenant: &'a str,
    operation: Operation,
    /// The question without its page, as CBOR writes it.
    question: Vec<u8>,
}

impl<'a> Scope<'a> {
    /// Of this question of this tenant. How many entries are asked for may
    /// change from page to page; nothing else may.
    pub fn of(tenant: &'a str, input: &Input) -> Self {
        Self {
            tenant,
            operation: input.operation(),
            question: Protocol::Cbor.ask(&input.clone().without_page()),
        }
    }
}

impl TokenKey {
    /// From 32 bytes that nobody knows.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The token for a place; `None` where the place is longer than
    /// [`MAX_PLACE`], which no client could send back.
    pub fn seal(&self, scope: &Scope<'_>, place: &[u8]) -> Option<String> {
        if place.len() > MAX_PLACE {
            return None;
        }
        let mut token = vec![VERSION];
        token.extend_from_slice(&self.mac(scope, place).finalize().into_bytes());
        token.extend_from_slice(place);
        Some(URL_SAFE_NO_PAD.encode(token))
    }

    /// The place that a token was made for, or `InvalidNextTokenException`.
    pub fn open(&self, scope: &Scope<'_>, token: &str) -> Result<Vec<u8>, Fault> {
        self.opened(scope, token).ok_or_else(|| {
            Fault::new(
                ErrorCode::InvalidNextToken,
                "The next token was specified in an invalid format. Make sure that the next \
                 token you provide is the token returned by a previous call of the same operation \
                 with the same filters.",
            )
        })
    }

    fn opened(&self, scope: &Scope<'_>, token: &str) -> Option<Vec<u8>> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (VERSION, rest) = token.split_first().map(|(v, rest)| (*v, rest))? else {
            return None;
        };
        let (mac, place) = rest.split_at_checked(MAC)?;
        // Compares in constant time.
        self.mac(scope, place).verify_slice(mac).ok()?;
        Some(place.to_vec())
    }

    fn mac(&self, scope: &Scope<'_>, place: &[u8]) -> Hmac<Sha256> {
        let mut code = mac(&self.0);
        code.update(&[VERSION]);
        let name = scope.operation.name().as_bytes();
        // Each with its length: no two scopes may look the same end to end.
        for part in [scope.tenant.as_bytes(), name, &scope.question, place] {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part);
        }
        code
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey([hidden])")
    }
}
