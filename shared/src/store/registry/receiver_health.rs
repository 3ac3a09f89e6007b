//! What `deliver` reads and writes about the health of a webhook's receiver: its breaker, its slowness, and that the
//! webhook is disabled. The breaker's row is written only when failures begin, continue or end, or when the receiver is
//! slow. Opening and closing a breaker, and disabling a webhook, raise an event.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem, Update};
use jiff::Timestamp;

use super::breakers::IS_THIS_OUTAGE;
use super::item::BreakerItem;
use super::{Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use crate::store::event_write::{EventWrite, write_with_event};
use domain::breaker::{Breaker, Open};
use domain::id::{TenantId, WebhookId};
use domain::slowness::{Slowness, SlownessUpdate};
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

    /// The breaker, and whether the webhook was slow recently, in one read.
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

    /// Records that a webhook is slow, unless another caller has recorded this recently.
    pub async fn note_slow(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        noted: SlownessUpdate,
    ) -> Result<(), StoreError> {
        let call = self
            .breaker_update(tenant, webhook)
            .update_expression("SET v = :v, slow_until = :until")
            .condition_expression("attribute_not_exists(slow_until) OR slow_until < :enough")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":until", number(noted.until.as_millisecond()))
            .expression_attribute_values(":enough", number(noted.enough.as_millisecond()));
        self.changed(call).await?;
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
            .breaker_update(tenant, webhook)
            .update_expression("SET v = :v, since = if_not_exists(since, :now) ADD failures :one")
            .condition_expression("attribute_not_exists(open_since)")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew);
        match call.send().await {
            Ok(answer) => {
                let item: BreakerItem =
                    serde_dynamo::from_item(answer.attributes.unwrap_or_default()).map_err(StoreError::unreadable)?;
                Breaker::try_from(item)
            }
            // The breaker was opened, or is being opened, by another caller.
            Err(error) if is_refused(error.as_service_error()) => self.registry.get_breaker(tenant, webhook).await,
            Err(error) => Err(StoreError::aws(error)),
        }
    }

    /// Resets the counted failures of a closed breaker.
    pub async fn forget_failures(&self, tenant: TenantId, webhook: WebhookId) -> Result<(), StoreError> {
        let call = self
            .breaker_update(tenant, webhook)
            .update_expression("REMOVE failures, since")
            .condition_expression("attribute_exists(failures) AND attribute_not_exists(open_since)");
        self.changed(call).await?;
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
            .breaker_update(tenant, webhook)
            .update_expression("SET failed_probes = :failed, probe_at = :at")
            .condition_expression(format!("{IS_THIS_OUTAGE} AND failed_probes < :failed"))
            .expression_attribute_values(":failed", number(i64::from(next.failed_probes)))
            .expression_attribute_values(":at", number(next.next_probe_at.as_millisecond()))
            .expression_attribute_values(":probe", text(next.probe.as_str()));
        self.changed(call).await
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

    fn breaker_update(&self, tenant: TenantId, webhook: WebhookId) -> UpdateItemFluentBuilder {
        let key = keys::breaker(tenant, webhook);
        self.registry.client().update_item().table_name(self.registry.table()).set_key(Some(key.attributes()))
    }

    /// Sends a conditional change. Returns whether its condition held. If another caller has the row in a transaction,
    /// that caller is opening or closing the breaker, and the condition will not hold any more.
    async fn changed(&self, call: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(StoreError::aws(error)),
        }
    }
}

fn is_refused(error: Option<&UpdateItemError>) -> bool {
    error
        .is_some_and(|error| error.is_conditional_check_failed_exception() || error.is_transaction_conflict_exception())
}
