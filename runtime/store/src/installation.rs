//! What a tenant has installed and whom it lets in: plugins, their grants,
//! access keys. Knows nothing of what a plugin is.

use lockgate_model::artifact::Digest;
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;

/// A plugin that a tenant can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledPlugin {
    /// Its name, unique in the tenant.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Of the component.
    pub digest: Digest,
    /// The manifest: JSON.
    pub manifest: String,
    /// The action types that are bound to it, as `ActionTypeId` prints them.
    pub action_types: Vec<String>,
    /// When it was installed.
    pub installed: Timestamp,
}

/// A plugin and what the operator allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginWithGrant {
    /// The plugin.
    pub plugin: InstalledPlugin,
    /// The grant: JSON; absent: nothing was ever granted.
    pub grant: Option<String>,
}

/// A key that lets somebody in.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Public id.
    pub id: String,
    /// The tenant it belongs to.
    pub tenant: TenantId,
    /// Who presents it.
    pub principal: String,
    /// The secret, hashed or sealed by the caller; never printed.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created: Timestamp,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}
