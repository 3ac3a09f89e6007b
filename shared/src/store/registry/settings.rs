//! The settings of tenants.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::item::SettingsItem;
use super::transaction::transaction_error;
use super::{Registry, StoreError, keys};
use crate::store::attribute::number;
use domain::id::TenantId;
use domain::tenant::TenantSettings;

/// The settings of tenants. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct Settings {
    registry: Registry,
}

impl Settings {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// A tenant's settings, strongly consistent. The defaults when none were set.
    pub async fn get(&self, tenant: TenantId) -> Result<TenantSettings, StoreError> {
        let Some(row) = self.registry.get_row(keys::settings(tenant), true).await? else {
            return Ok(TenantSettings::default());
        };
        self.registry.opened::<SettingsItem, _>(row).await
    }

    /// Replaces a tenant's settings with their next revision; [`StoreError::Conflict`] when another caller has changed
    /// them since they were read.
    pub async fn replace(&self, tenant: TenantId, settings: &TenantSettings) -> Result<(), StoreError> {
        let next = TenantSettings { revision: settings.revision + 1, ..settings.clone() };
        let row = self.registry.replacing_row(keys::settings(tenant), SettingsItem::from(&next)).await?;
        let put = Put::builder().table_name(self.registry.table()).set_item(Some(row));
        let put = if settings.revision == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("revision = :read").expression_attribute_values(":read", number(settings.revision))
        };
        // A transaction, although it has one row: if the answer is lost and the call is repeated, DynamoDB knows the
        // transaction by its token. A repeated put would fail because of its own effect, and the client would be told
        // that somebody else has changed the settings.
        let put = TransactWriteItem::builder().put(put.build().map_err(StoreError::aws)?).build();
        let call = self.registry.client().transact_write_items().transact_items(put);
        self.registry.write(call).await.map_err(|error| transaction_error(error, &[StoreError::Conflict]))?;
        Ok(())
    }
}
