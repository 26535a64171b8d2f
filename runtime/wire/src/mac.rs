//! HMAC-SHA256, as signatures and page tokens use it. Knows neither.

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

/// Begins a code under a key of any length.
#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length; its signature allows for others that do not"
)]
pub(crate) fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}
