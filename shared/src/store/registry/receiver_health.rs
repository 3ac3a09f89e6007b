//! What `deliver` reads and writes about the health of a webhook's receiver: its breaker, its slowness, and that the
//! webhook is disabled. The breaker's row is written only when failures begin, continue or end, when the receiver is
//! slow, and until it is known to be quick. Opening and closing a breaker, and disabling a webhook, raise an event.

use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem, Update};
use jiff::Timestamp;

use super::breaker_update::{changed, is_refused};
use super::breakers::IS_THIS_OUTAGE;
use super::item::BreakerItem;
use super::{Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use crate::store::event_write::{EventWrite, write_with_event};
use domain::breaker::{Breaker, Open};
use domain::id::{TenantId, WebhookId};
use domain::slowness::{QUICK_ATTEMPTS_NEEDED, Slowness, SlownessUpdate};
use domain::webhook::DisabledReason;

/// The health of webhooks' receivers. Only `deliver` holds this group.
#[derive(Debug, Clone)]
pub struct ReceiverHealth {
    registry: Registry,
}

impl ReceiverHealth {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The breaker, and how quickly the receiver answers, in one read.
    pub async fn get(&self, tenant: TenantId, webhook: WebhookId) -> Result<(Breaker, Slowness), StoreError> {
        let item: Option<BreakerItem> = self.registry.get(keys::breaker(tenant, webhook), true).await?;
        let Some(item) = item else { return Ok((Breaker::NEW, Slowness::default())) };
        let slowness = item.slowness()?;
        Ok((Breaker::try_from(item)?, slowness))
    }

    /// The breaker of a webhook, strongly consistent. A webhook without a row has no counted failure.
    pub async fn get_breaker(&self, tenant: TenantId, webhook: WebhookId) -> Result<Breaker, StoreError> {
        self.registry.get_breaker(tenant, webhook).await
    }

    /// Records that a webhook counts as slow, unless another caller has recorded this recently.
    pub async fn note_slow(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        noted: SlownessUpdate,
    ) -> Result<(), StoreError> {
        let (change, condition) = if noted.forgets_quick_attempts {
            (" REMOVE quick_attempts", " OR quick_attempts >= :needed")
        } else {
            ("", "")
        };
        let mut call = self
            .registry
            .breaker_update(tenant, webhook)
            .update_expression(format!("SET v = :v, slow_until = :until, relapses = :relapses{change}"))
            .condition_expression(format!("attribute_not_exists(slow_until) OR slow_until < :enough{condition}"))
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":until", number(noted.until.as_millisecond()))
            .expression_attribute_values(":enough", number(noted.enough.as_millisecond()))
            .expression_attribute_values(":relapses", number(noted.relapses));
        if noted.forgets_quick_attempts {
            call = call.expression_attribute_values(":needed", number(QUICK_ATTEMPTS_NEEDED));
        }
        changed(&self.registry, call).await?;
        Ok(())
    }

    /// Counts `count` quick attempts, unless the webhook counts as slow at `now`.
    pub async fn count_quick_attempts(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        count: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let call = self
            .registry
            .breaker_update(tenant, webhook)
            .update_expression("SET v = :v ADD quick_attempts :count")
            .condition_expression("attribute_not_exists(slow_until) OR slow_until <= :now")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":count", number(count))
            .expression_attribute_values(":now", number(now.as_millisecond()));
        changed(&self.registry, call).await?;
        Ok(())
    }

    /// Counts a failure of a closed breaker. Returns the breaker after that.
    pub async fn count_failure(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Breaker, StoreError> {
        let call = self
            .registry
            .breaker_update(tenant, webhook)
            .update_expression("SET v = :v, since = if_not_exists(since, :now) ADD failures :one")
            .condition_expression("attribute_not_exists(open_since)")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        match self.registry.write(call).await {
            Ok(answer) => {
                let item: BreakerItem =
                    serde_dynamo::from_item(answer.attributes.unwrap_or_default()).map_err(StoreError::unreadable)?;
                Breaker::try_from(item)
            }
            // Another caller has opened the breaker.
            Err(error) if is_refused(&error) => self.registry.get_breaker(tenant, webhook).await,
            Err(error) => Err(StoreError::of_write(error)),
        }
    }

    /// Resets the counted failures of a closed breaker.
    pub async fn forget_failures(&self, tenant: TenantId, webhook: WebhookId) -> Result<(), StoreError> {
        let call = self
            .registry
            .breaker_update(tenant, webhook)
            .update_expression("REMOVE failures, since")
            .condition_expression("attribute_exists(failures) AND attribute_not_exists(open_since)");
        changed(&self.registry, call).await?;
        Ok(())
    }

    /// Opens a closed breaker and writes the event. Returns whether this call opened it.
    pub async fn open_breaker(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        open: &Open,
        event_write: EventWrite,
    ) -> Result<bool, StoreError> {
        let key = keys::breaker(tenant, webhook);
        let update = Update::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression("SET v = :v, open_since = :since, probe = :probe, failed_probes = :zero, probe_at = :at")
            .condition_expression("attribute_not_exists(open_since)")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":since", number(open.since.as_millisecond()))
            .expression_attribute_values(":probe", text(open.probe.as_str()))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":at", number(open.next_probe_at.as_millisecond()))
            .build()
            .map_err(StoreError::aws)?;
        write_with_event(self.registry.client(), TransactWriteItem::builder().update(update).build(), event_write).await
    }

    /// Records that the probe failed. Returns whether the probe was still the valid one.
    pub async fn note_failed_probe(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        next: &Open,
    ) -> Result<bool, StoreError> {
        let call = self
            .registry
            .breaker_update(tenant, webhook)
            .update_expression("SET failed_probes = :failed, probe_at = :at")
            .condition_expression(format!("{IS_THIS_OUTAGE} AND failed_probes < :failed"))
            .expression_attribute_values(":failed", number(i64::from(next.failed_probes)))
            .expression_attribute_values(":at", number(next.next_probe_at.as_millisecond()))
            .expression_attribute_values(":probe", text(next.probe.as_str()));
        changed(&self.registry, call).await
    }

    /// Closes the breaker of the outage `open` and writes the event; `failures` have been counted since the outage
    /// began. Returns whether this call closed it. The probe's name stays in the row, so that a repeated probe knows
    /// that it has closed the breaker.
    pub async fn close_breaker(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        open: &Open,
        failures: u32,
        event_write: EventWrite,
    ) -> Result<bool, StoreError> {
        let key = keys::breaker(tenant, webhook);
        let mut update = Update::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .condition_expression(IS_THIS_OUTAGE)
            .expression_attribute_values(":probe", text(open.probe.as_str()));
        update = if failures == 0 {
            update.update_expression("REMOVE open_since, failed_probes, probe_at, failures, since")
        } else {
            update
                .update_expression(
                    "SET failures = :failures, since = :since REMOVE open_since, failed_probes, probe_at",
                )
                .expression_attribute_values(":failures", number(i64::from(failures)))
                .expression_attribute_values(":since", number(open.since.as_millisecond()))
        };
        let update = update.build().map_err(StoreError::aws)?;
        write_with_event(self.registry.client(), TransactWriteItem::builder().update(update).build(), event_write).await
    }

    /// Disables an enabled webhook of any revision, and writes the event. Returns whether this call disabled it.
    /// `dispatch` need not know, because a disabled webhook is still owed its events. If the webhook is deleted or
    /// disabled already, this is not an error; the first reason stays.
    pub async fn disable(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        reason: DisabledReason,
        now: Timestamp,
        event_write: EventWrite,
    ) -> Result<bool, StoreError> {
        let key = keys::webhook(tenant, webhook);
        let update = Update::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression("SET disabled = :reason, updated_at = :now ADD revision :one")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(disabled)")
            .expression_attribute_values(":reason", text(reason.as_str()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(StoreError::aws)?;
        write_with_event(self.registry.client(), TransactWriteItem::builder().update(update).build(), event_write).await
    }
}
