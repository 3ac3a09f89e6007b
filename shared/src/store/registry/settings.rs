//! The settings of tenants.

use aws_sdk_dynamodb::operation::put_item::PutItemError;

use super::item::SettingsItem;
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
        let put = self.registry.client().put_item().table_name(self.registry.table()).set_item(Some(row));
        let put = if settings.revision == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("revision = :read").expression_attribute_values(":read", number(settings.revision))
        };
        match put.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Err(StoreError::Conflict)
            }
            Err(error) => Err(StoreError::aws(error)),
        }
    }
}
