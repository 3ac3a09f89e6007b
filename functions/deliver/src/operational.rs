//! Changes that raise an operational event, each with its event in one transaction: what fails fails for both, and what
//! is repeated finds the change made and tells nothing again.

use jiff::Timestamp;
use shared::breaker::{ClosedReason, Open};
use shared::delivery::DeliveryState;
use shared::event::{Event, GivenUp, operational};
use shared::store::StoreError;
use shared::store::deliveries::Change;
use shared::webhook::{DisabledReason, Webhook};

use crate::Deliver;

/// Opens a webhook's breaker, unless it is.
pub(crate) async fn open_breaker(
    webhook: &Webhook,
    open: &Open,
    now: Timestamp,
    room: &Deliver,
) -> Result<(), StoreError> {
    let telling = room.events.telling(&operational::opened(webhook, open, now))?;
    if room.registry.open_breaker(webhook.tenant, webhook.id, open, telling).await? {
        tracing::warn!(tenant.id = %webhook.tenant, webhook.id = %webhook.id, "the breaker of {} is open", webhook.id);
    }
    Ok(())
}

/// Closes it after the outage `open`, with `failures` counted.
pub(crate) async fn close_breaker(
    webhook: &Webhook,
    open: &Open,
    failures: u32,
    reason: ClosedReason,
    room: &Deliver,
) -> Result<(), StoreError> {
    let telling = room.events.telling(&operational::closed(webhook, open, reason, room.clock.now()))?;
    if room.registry.close_breaker(webhook.tenant, webhook.id, open, failures, telling).await? {
        tracing::info!(tenant.id = %webhook.tenant, webhook.id = %webhook.id, "the breaker of {} is closed", webhook.id);
    }
    Ok(())
}

/// Disables a webhook, unless it is.
pub(crate) async fn disable(
    webhook: &Webhook,
    reason: DisabledReason,
    since: Option<Timestamp>,
    now: Timestamp,
    room: &Deliver,
) -> Result<(), StoreError> {
    // Forgotten first, for a failed call may have taken effect.
    room.webhooks.forget(webhook.tenant, webhook.id);
    let telling = room.events.telling(&operational::disabled(webhook, reason, since, now))?;
    if room.registry.disable_webhook(webhook.tenant, webhook.id, reason, now, telling).await? {
        let id = webhook.id;
        tracing::warn!(tenant.id = %webhook.tenant, webhook.id = %id, "{id} is disabled: {}", reason.as_str());
    }
    Ok(())
}

/// Writes a change of a delivery's row, with its event if it is given up.
pub(crate) async fn write(change: &Change<'_>, webhook: &Webhook, room: &Deliver) -> Result<(), StoreError> {
    match death(change, webhook) {
        Some(event) => room.deliveries.write_and_tell(change, room.events.telling(&event)?).await,
        None => room.deliveries.write(change).await,
    }
}

fn death(change: &Change<'_>, webhook: &Webhook) -> Option<Event> {
    let reason = match change.state {
        DeliveryState::Dead { reason } => reason,
        DeliveryState::Waiting { .. } | DeliveryState::Delivered | DeliveryState::Held | DeliveryState::Discarded => {
            return None;
        }
    };
    let given_up =
        GivenUp { event: change.event, event_type: change.event_type, reason, attempts: change.round_attempts };
    operational::given_up(webhook, given_up, change.round, change.now)
}
