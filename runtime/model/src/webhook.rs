//! A webhook delivery: what a source is handed, and what it announces. The
//! server makes the one from an HTTP request; the other is judged by the trigger
//! filters of a definition.

use crate::action_type::ActionTypeId;
use crate::change::SourceChange;
use crate::id::TenantId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An HTTP request that announces something to one source action. Nothing in it
/// is to be believed before the source has checked its signature.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRequest {
    /// Whose.
    pub tenant: TenantId,
    /// Which provider.
    pub action_type: ActionTypeId,
    /// Defaults not yet filled in.
    pub configuration: BTreeMap<String, String>,
    /// Such as `POST`.
    pub method: String,
    /// Path and query, without what in them is secret; absent: not told.
    #[serde(default)]
    pub path: Option<String>,
    /// In the order in which they came.
    pub headers: Vec<(String, String)>,
    /// As it came, byte for byte: signatures are over it. Shared, because one
    /// delivery may go to many sources.
    pub body: Arc<[u8]>,
    /// Whether the files of each change are wanted.
    #[serde(default)]
    pub wants_files: bool,
}

impl fmt::Debug for WebhookRequest {
    /// Without headers and body: both may hold secrets, and the body is long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("tenant", &self.tenant)
            .field("action_type", &self.action_type)
            .field("method", &self.method)
            .field("body_bytes", &self.body.len())
            .field("wants_files", &self.wants_files)
            .finish_non_exhaustive()
    }
}

/// What a genuine delivery for a source's repository announces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// In the order in which the delivery has them.
    pub changes: Vec<SourceChange>,
    /// One line for people.
    pub summary: String,
}
