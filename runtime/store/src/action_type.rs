//! Action types that a tenant made for its own job workers. Knows nothing of
//! what one says: that is JSON.

use crate::error::StoreError;
use crate::queue::Lane;
use crate::store::Store;
use crate::table::action_type;
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;

/// An action type of one tenant; its owner is always `Custom`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomActionType {
    /// Whose.
    pub tenant: TenantId,
    /// Such as `Build`.
    pub category: String,
    /// Its provider's name.
    pub provider: String,
    /// Its version.
    pub version: String,
    /// When it was made.
    pub created: Timestamp,
    /// What it says: JSON.
    pub json: String,
}

impl Store {
    /// Makes an action type. False: the tenant has one of that name.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn create_action_type(&self, made: CustomActionType) -> Result<bool, StoreError> {
        self.write(Lane::Change, move |connection| {
            Ok(action_type::insert(connection, &made)?)
        })
        .await
    }

    /// Removes an action type. False: there was none.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn delete_action_type(
        &self,
        tenant: &TenantId,
        category: &str,
        provider: &str,
        version: &str,
    ) -> Result<bool, StoreError> {
        let tenant = tenant.clone();
        let key = [category, provider, version].map(str::to_owned);
        self.write(Lane::Change, move |connection| {
            let [category, provider, version] = &key;
            Ok(action_type::delete(
                connection, &tenant, category, provider, version,
            )?)
        })
        .await
    }

    /// The action types of all tenants.
    ///
    /// # Errors
    /// As all reads.
    pub async fn action_types(&self) -> Result<Vec<CustomActionType>, StoreError> {
        self.readers().read(action_type::all).await
    }
}
