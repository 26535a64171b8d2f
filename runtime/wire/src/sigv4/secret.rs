//! What belongs to an access key. The caller's store has it; it is never shown.

use crate::Timestamp;

/// The secret of an access key.
#[derive(Clone)]
pub struct Secret {
    /// The secret access key.
    pub key: String,
    /// The session that the key belongs to; `None` for a key that lasts.
    pub session: Option<Session>,
}

/// A session: the key counts only together with its token, and not for ever.
#[derive(Clone)]
pub struct Session {
    /// The session token.
    pub token: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret([hidden])")
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
