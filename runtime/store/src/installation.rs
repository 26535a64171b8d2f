//! What a tenant has installed and whom it lets in: plugins, their grants,
//! access keys, consumers of its events. Knows nothing of what a plugin is.

use crate::error::StoreError;
use crate::queue::Lane;
use crate::store::Store;
use crate::table::{access_key, cursor, plugin};
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

impl Store {
    /// Installs a plugin, or replaces the one of that name; its grant stays.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn put_plugin(
        &self,
        tenant: &TenantId,
        plugin: InstalledPlugin,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(Lane::Change, move |connection| {
            Ok(plugin::put(connection, &tenant, &plugin)?)
        })
        .await
    }

    /// Sets what a plugin is allowed (JSON), installed or not yet.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn put_grant(
        &self,
        tenant: &TenantId,
        plugin: &str,
        grant: &str,
    ) -> Result<(), StoreError> {
        let (tenant, name, grant) = (tenant.clone(), plugin.to_owned(), grant.to_owned());
        self.write(Lane::Change, move |connection| {
            Ok(plugin::put_grant(connection, &tenant, &name, &grant)?)
        })
        .await
    }

    /// Removes a plugin and its grant; says whether there was one.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn remove_plugin(&self, tenant: &TenantId, plugin: &str) -> Result<bool, StoreError> {
        let (tenant, name) = (tenant.clone(), plugin.to_owned());
        self.write(Lane::Change, move |connection| {
            Ok(plugin::delete(connection, &tenant, &name)?)
        })
        .await
    }

    /// A tenant's plugins with their grants, by name.
    ///
    /// # Errors
    /// As all reads.
    pub async fn list_plugins(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<PluginWithGrant>, StoreError> {
        let tenant = tenant.clone();
        self.readers()
            .read(move |connection| plugin::list_of(connection, &tenant))
            .await
    }

    /// Stores an access key, or replaces the one of that id.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn put_access_key(&self, key: AccessKey) -> Result<(), StoreError> {
        self.write(Lane::Change, move |connection| {
            Ok(access_key::put(connection, &key)?)
        })
        .await
    }

    /// The access key of that id.
    ///
    /// # Errors
    /// As all reads.
    pub async fn access_key(&self, id: &str) -> Result<Option<AccessKey>, StoreError> {
        let id = id.to_owned();
        self.readers()
            .read(move |connection| access_key::get(connection, &id))
            .await
    }

    /// Notes that a consumer of the outbox has seen to a pipeline's events up
    /// to `sequence`; never goes back.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn advance_consumer(
        &self,
        consumer: &str,
        tenant: &TenantId,
        pipeline: &str,
        sequence: u64,
    ) -> Result<(), StoreError> {
        let (tenant, name, consumer) = (tenant.clone(), pipeline.to_owned(), consumer.to_owned());
        self.write(Lane::Change, move |connection| {
            Ok(cursor::advance(
                connection, &tenant, &name, &consumer, sequence,
            )?)
        })
        .await
    }
}
