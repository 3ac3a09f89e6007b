//! Rotation of the data keys: makes the next data key, and seals all secrets again with the newest one.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use domain::id::TenantId;
use domain::seal::{DataKey, DataKeyNumber};

use super::item::{SettingsItem, SourceItem, WebhookItem};
use super::sealable::{Sealable, attribute_of, needs, seal};
use super::sealing::key_of;
use super::{Readable, Registry, Row, StoreError, id_of, item, keys, unknown_attributes};

mod public_keys_apart;

/// Number of rows read at a time, when all rows of a tenant are sealed again.
const PAGE: u8 = 100;

/// The result of sealing rows with the newest data key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows with secrets.
    pub rows: u32,
    /// Rows that were sealed again.
    pub changed: u32,
    /// Rows that another caller changed at the same time. They must be visited again.
    pub missed: u32,
    /// Rows that this release cannot read. They stay as they are, so a data key that they use must not be deleted.
    pub unreadable: u32,
}

impl Resealed {
    fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            changed: self.changed + other.changed,
            missed: self.missed + other.missed,
            unreadable: self.unreadable + other.unreadable,
        }
    }
}

/// Rotation of the data keys. Only the operators' command `infra/admin` holds this group.
#[derive(Debug, Clone)]
pub struct DataKeyRotation {
    registry: Registry,
}

impl DataKeyRotation {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Makes the next data key, which seals secrets from now on. Older keys still open what they sealed. Returns the
    /// new key's number.
    pub async fn next_data_key(&self) -> Result<DataKeyNumber, StoreError> {
        self.registry.next_data_key().await
    }

    /// Seals, once and for every tenant, all secrets that are in clear or sealed with an older data key. Missed rows
    /// are left for the next run. Public keys that an older version kept only with the secrets get rows of their own.
    pub async fn reseal(&self) -> Result<Resealed, StoreError> {
        let mut sum = Resealed::default();
        let mut after: Option<String> = None;
        loop {
            let page = self.registry.list_tenants(after.as_deref(), PAGE).await?;
            for tenant in page.items {
                // The webhooks and sources of an unreadable tenant may be readable.
                let tenant = match tenant {
                    Readable::Read(tenant) => Some(tenant.id),
                    Readable::Unreadable(id) => id.parse().ok(),
                };
                match tenant {
                    Some(tenant) => sum = sum.and(self.reseal_tenant(tenant).await?),
                    None => sum.unreadable += 1,
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(sum);
            }
        }
    }

    /// The other fields of the rows and their revision stay the same, so nothing has changed for other callers.
    async fn reseal_tenant(&self, tenant: TenantId) -> Result<Resealed, StoreError> {
        let newest = self.registry.newest_data_key().await?;
        let mut sum = Resealed::default();
        self.reseal_rows::<WebhookItem>(tenant, keys::WEBHOOK, &newest, &mut sum).await?;
        self.reseal_rows::<SourceItem>(tenant, keys::SOURCE, &newest, &mut sum).await?;
        self.reseal_rows::<SettingsItem>(tenant, keys::SETTINGS, &newest, &mut sum).await?;
        sum.missed += self.set_public_keys_apart(tenant).await?;
        Ok(sum)
    }

    async fn reseal_rows<T: Sealable>(
        &self,
        tenant: TenantId,
        prefix: &str,
        newest: &DataKey,
        sum: &mut Resealed,
    ) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.registry.list_rows(keys::tenant_partition(tenant), prefix, after.as_deref(), PAGE).await?;
            for row in page.items {
                *sum = sum.and(match Readable::of(id_of(&row, ""), self.visit::<T>(row, newest).await)? {
                    Readable::Read(visited) => visited,
                    Readable::Unreadable(_) => Resealed { unreadable: 1, ..Resealed::default() },
                });
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Seals the secrets of one row again, if they need it.
    async fn visit<T: Sealable>(&self, row: Row, newest: &DataKey) -> Result<Resealed, StoreError> {
        let mut stored: T = item::stored(row.clone())?;
        let rows = u32::from(!stored.secrets().is_empty());
        if !needs(&mut stored, newest)? {
            return Ok(Resealed { rows, ..Resealed::default() });
        }
        let changed = self.reseal_row::<T>(row, newest).await?;
        Ok(Resealed { rows, changed: u32::from(changed), missed: u32::from(!changed), unreadable: 0 })
    }

    /// Returns false when the row was changed or deleted at the same time.
    async fn reseal_row<T: Sealable>(&self, row: Row, newest: &DataKey) -> Result<bool, StoreError> {
        let key = key_of(&row)?;
        let revision = row.get("revision").cloned().ok_or_else(|| StoreError::unreadable("a row without revision"))?;
        let read: T = item::stored(row.clone())?;
        let read = serde_dynamo::to_item(read).map_err(StoreError::unreadable)?;
        let mut item: T = self.registry.opened_item(row.clone()).await?;
        seal(&mut item, &key, newest);
        let attributes = item.secrets().into_iter().map(|(field, _)| attribute_of(&field).to_owned());
        let attributes: BTreeSet<String> = attributes.chain(["v".to_owned()]).collect();
        let mut sealed: Row = serde_dynamo::to_item(item).map_err(StoreError::unreadable)?;
        unknown_attributes::keep(&row, &read, &mut sealed);
        let mut call = self
            .registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .condition_expression("revision = :revision")
            .expression_attribute_values(":revision", revision);
        let mut assignments = Vec::new();
        for name in attributes {
            let value = sealed.remove(&name).ok_or_else(|| StoreError::unreadable("a secret outside its item"))?;
            let index = assignments.len();
            call = call.expression_attribute_names(format!("#n{index}"), name);
            call = call.expression_attribute_values(format!(":v{index}"), value);
            assignments.push(format!("#n{index} = :v{index}"));
        }
        match self.registry.write(call.update_expression(format!("SET {}", assignments.join(", ")))).await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of_write(error)),
        }
    }
}
