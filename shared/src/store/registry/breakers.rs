//! Breakers, as `api` shows and resets them. Each webhook that has failed recently has a row for its breaker. A change
//! of this row is not a change of the webhook. Closing a breaker raises an event.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::breaker_update::changed;
use super::item::BreakerItem;
use super::{Readable, Registry, Row, StoreError, id_of, item, keys};
use crate::store::attribute::{number, text};
use crate::store::event_write::{EventWrite, write_with_event};
use domain::breaker::{Breaker, Open};
use domain::id::{TenantId, WebhookId};

/// Condition: the breaker is closed.
const IS_CLOSED: &str = "attribute_not_exists(open_since)";

/// Condition: the breaker is open, and its outage is the one that the probe names.
pub(super) const IS_THIS_OUTAGE: &str = "attribute_exists(open_since) AND probe = :probe";

/// The update of a breaker's row that leaves a closed breaker without failures.
const RESET: &str = "SET v = :v REMOVE open_since, failed_probes, probe_at, probe, failures, since";

/// Number of rows read at a time, when all of a tenant's are read. Reason: a tenant has at most 500, of 200 bytes.
const PAGE: u16 = 500;

/// Breakers. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct Breakers {
    registry: Registry,
}

impl Breakers {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The breaker of a webhook, strongly consistent. A webhook without a row has no counted failure.
    pub async fn get(&self, tenant: TenantId, webhook: WebhookId) -> Result<Breaker, StoreError> {
        self.registry.get_breaker(tenant, webhook).await
    }

    /// The open breakers of a tenant's webhooks, strongly consistent.
    pub async fn all_open(&self, tenant: TenantId) -> Result<Vec<(WebhookId, Open)>, StoreError> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let partition = keys::tenant_partition(tenant);
            let read = |row: Row| {
                let webhook = id_of(&row, keys::BREAKER).parse().map_err(StoreError::unreadable)?;
                Ok((webhook, item::read::<BreakerItem, Breaker>(row)?))
            };
            let page = self.registry.list(partition, keys::BREAKER, after.as_deref(), PAGE, read).await?;
            for entry in page.items {
                if let Readable::Read((webhook, Breaker::Open(open))) = entry {
                    found.push((webhook, open));
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(found);
            }
        }
    }

    /// Deletes the breaker's row, because the webhook was deleted.
    pub async fn forget(&self, tenant: TenantId, webhook: WebhookId) -> Result<(), StoreError> {
        let key = keys::breaker(tenant, webhook);
        let call =
            self.registry.client().delete_item().table_name(self.registry.table()).set_key(Some(key.attributes()));
        self.registry.write(call).await.map_err(StoreError::of_write)?;
        Ok(())
    }

    /// Resets a closed breaker: its counted failures, and the probe that closed it. Returns whether the breaker was
    /// closed. What is known of the receiver's slowness stays in the row: otherwise a tenant could reset it at will.
    pub async fn forget_closed(&self, tenant: TenantId, webhook: WebhookId) -> Result<bool, StoreError> {
        let call = self
            .registry
            .breaker_update(tenant, webhook)
            .update_expression(RESET)
            .condition_expression(IS_CLOSED)
            .expression_attribute_values(":v", number(1));
        changed(&self.registry, call).await
    }

    /// Closes the breaker of the outage `open` by hand: resets its row, as [`Self::forget_closed`] does, and writes the
    /// event. Returns whether this call closed it.
    pub async fn forget_open(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        open: &Open,
        event_write: EventWrite,
    ) -> Result<bool, StoreError> {
        let reset = transaction_entry(of_this_outage(self.reset(tenant, webhook), open))?;
        write_with_event(self.registry.client(), reset, event_write).await
    }

    /// The reset of a breaker as [`Self::forget_closed`] and [`Self::forget_open`] make it, for the transaction of its
    /// webhook's change. Its condition is that the breaker is still as `read`: closed, or open in the same outage.
    pub fn reset_write(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        read: &Breaker,
    ) -> Result<BreakerReset, StoreError> {
        let reset = self.reset(tenant, webhook);
        let reset = match read {
            Breaker::Closed { .. } => reset.condition_expression(IS_CLOSED),
            Breaker::Open(open) => of_this_outage(reset, open),
        };
        Ok(BreakerReset(transaction_entry(reset)?))
    }

    fn reset(&self, tenant: TenantId, webhook: WebhookId) -> UpdateBuilder {
        let key = keys::breaker(tenant, webhook);
        Update::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression(RESET)
            .expression_attribute_values(":v", number(1))
    }
}

/// The reset of a breaker, to be made in one transaction with the change of its webhook. [`Breakers::reset_write`]
/// makes it.
#[derive(Debug, Clone)]
pub struct BreakerReset(pub(super) TransactWriteItem);

fn of_this_outage(reset: UpdateBuilder, open: &Open) -> UpdateBuilder {
    reset.condition_expression(IS_THIS_OUTAGE).expression_attribute_values(":probe", text(open.probe.as_str()))
}

fn transaction_entry(update: UpdateBuilder) -> Result<TransactWriteItem, StoreError> {
    let update = update.build().map_err(StoreError::aws)?;
    Ok(TransactWriteItem::builder().update(update).build())
}

impl Registry {
    /// The breaker of a webhook, strongly consistent. A webhook without a row has no counted failure.
    pub(super) async fn get_breaker(&self, tenant: TenantId, webhook: WebhookId) -> Result<Breaker, StoreError> {
        let item: Option<BreakerItem> = self.get(keys::breaker(tenant, webhook), true).await?;
        item.map_or(Ok(Breaker::NEW), Breaker::try_from)
    }
}
