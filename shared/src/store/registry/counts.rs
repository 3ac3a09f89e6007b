//! How many sources and API keys a tenant has. The tenant's row counts them in the transaction that creates or deletes
//! one, so that a limit holds under races.
//!
//! Rows of tenants that are older than these counts have none. The first creation or deletion counts what there is, and
//! writes the number on condition that the row still has none.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::item::TenantItem;
use super::transaction::refused_entry;
use super::{Page, Registry, StoreError, keys};
use crate::store::attribute::number;
use crate::store::pauses::after_try;
use domain::id::TenantId;

/// How often a change is tried while other changes of the tenant's row are in its way. Reason: a client may create as
/// many objects at once as a browser opens connections, and each creation may have to wait for all others.
const MAX_TRIES: u8 = 16;
/// Number of rows read at a time when they are counted.
const PAGE: u8 = 250;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountOf {
    Sources,
    Keys,
}

/// Whether the number rises or falls by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CountChange {
    Created,
    Deleted,
}

impl CountOf {
    fn prefix(self) -> &'static str {
        match self {
            Self::Sources => keys::SOURCE,
            Self::Keys => keys::API_KEY,
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Sources => "source_count",
            Self::Keys => "key_count",
        }
    }

    fn number_and_limit(self, item: &TenantItem) -> (Option<u32>, Option<u32>) {
        match self {
            Self::Sources => (item.source_count, item.max_sources),
            Self::Keys => (item.key_count, item.max_keys),
        }
    }
}

impl Registry {
    /// Writes `rows`, which create or delete one object of a tenant, together with the new number of these objects.
    /// [`StoreError::Conflict`] when a condition of `rows` does not hold, or when other changes of the tenant were
    /// faster each time. [`StoreError::LimitReached`] when a creation would exceed the operator's limit.
    pub(super) async fn write_counted(
        &self,
        tenant: TenantId,
        of: CountOf,
        change: CountChange,
        rows: Vec<TransactWriteItem>,
    ) -> Result<(), StoreError> {
        for tried in 0..MAX_TRIES {
            let own: Option<TenantItem> = self.get(keys::tenant(tenant), true).await?;
            let (stored, limit) = own.map_or((None, None), |own| of.number_and_limit(&own));
            let present = match stored {
                Some(present) => present,
                None => self.number_of(tenant, of).await?,
            };
            if change == CountChange::Created && limit.is_some_and(|limit| present >= limit) {
                return Err(StoreError::LimitReached);
            }
            let update = self.count_update(tenant, of, change, stored, present)?;
            let call = self.client().transact_write_items().set_transact_items(Some(rows.clone()));
            match self.write(call.transact_items(update)).await {
                Ok(_) => return Ok(()),
                // The tenant's row is the last one: the number is another one now.
                Err(error) if refused_entry(&error) == Some(rows.len()) => {
                    after_try(self.client(), tried).await;
                }
                Err(error) if refused_entry(&error).is_some() => return Err(StoreError::Conflict),
                Err(error) => return Err(StoreError::of_write(error)),
            }
        }
        Err(StoreError::Conflict)
    }

    /// The update of the tenant's row: one more or one less, on condition that the number is still the one that the
    /// limit was compared with.
    fn count_update(
        &self,
        tenant: TenantId,
        of: CountOf,
        change: CountChange,
        stored: Option<u32>,
        present: u32,
    ) -> Result<TransactWriteItem, StoreError> {
        let count = of.attribute();
        let next = match change {
            CountChange::Created => present.saturating_add(1),
            CountChange::Deleted => present.saturating_sub(1),
        };
        let key = keys::tenant(tenant);
        let update = Update::builder()
            .table_name(self.table())
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {count} = :next"))
            .expression_attribute_values(":next", number(next));
        let update = match stored {
            Some(stored) => update
                .condition_expression(format!("{count} = :stored"))
                .expression_attribute_values(":stored", number(stored)),
            None => update.condition_expression(format!("attribute_exists(pk) AND attribute_not_exists({count})")),
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::aws)?).build())
    }

    /// Counts the tenant's objects.
    async fn number_of(&self, tenant: TenantId, of: CountOf) -> Result<u32, StoreError> {
        let (mut sum, mut after) = (0, None::<String>);
        loop {
            let partition = keys::tenant_partition(tenant);
            let page: Page<_> = self.list_rows(partition, of.prefix(), after.as_deref(), PAGE).await?;
            sum += u32::try_from(page.items.len()).unwrap_or(u32::MAX);
            after = page.next;
            if after.is_none() {
                return Ok(sum);
            }
        }
    }
}
