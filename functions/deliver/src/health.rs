//! What is known and written about the health of a webhook's receiver: its breaker, its slowness, and that the webhook
//! is disabled.
//!
//! Each change here that raises an operational event is one transaction with the event: a failure fails for both, and a
//! repeated change finds the change made and emits no second event.

use jiff::Timestamp;
use shared::breaker::{ClosedReason, Open};
use shared::clock::Clock;
use shared::operational;
use shared::queue::Queue;
use shared::store::registry::{ReceiverHealth, UrlVerifications};
use shared::store::{Events, StoreError};
use shared::webhook::{DisabledReason, UrlVerification, Webhook};

use crate::webhook_cache::WebhookCache;

/// The means to note what attempts show about receivers. The current span has the webhook's id.
#[derive(Debug)]
pub(crate) struct Health {
    pub(crate) receivers: ReceiverHealth,
    pub(crate) verifications: UrlVerifications,
    pub(crate) events: Events,
    pub(crate) webhooks: WebhookCache,
    /// Probes are sent to it.
    pub(crate) deliveries_queue: Queue,
    pub(crate) clock: Clock,
}

impl Health {
    /// Opens a webhook's breaker, unless it is open.
    pub(crate) async fn open_breaker(&self, webhook: &Webhook, open: &Open, now: Timestamp) -> Result<(), StoreError> {
        let event = self.events.event_write(&operational::opened(webhook, open, now))?;
        if self.receivers.open_breaker(webhook.tenant, webhook.id, open, event).await? {
            tracing::warn!("the breaker is open");
        }
        Ok(())
    }

    /// Closes a webhook's breaker after the outage `open`, with `failures` counted.
    pub(crate) async fn close_breaker(
        &self,
        webhook: &Webhook,
        open: &Open,
        failures: u32,
        reason: ClosedReason,
    ) -> Result<(), StoreError> {
        let event = self.events.event_write(&operational::closed(webhook, open, reason, self.clock.now()))?;
        if self.receivers.close_breaker(webhook.tenant, webhook.id, open, failures, event).await? {
            tracing::info!("the breaker is closed");
        }
        Ok(())
    }

    /// Ends the pending time of a webhook whose new URLs have all answered. Returns whether it still had these URLs.
    pub(crate) async fn verified(&self, webhook: &Webhook, asked: &UrlVerification) -> Result<bool, StoreError> {
        let (tenant, id, now) = (webhook.tenant, webhook.id, self.clock.now());
        // The cached webhook is forgotten before the call, because a call that fails may have taken effect.
        self.webhooks.forget(tenant, id);
        let event = self.events.event_write(&operational::verified(webhook, &asked.id, asked.since, now))?;
        let is_verified = self.verifications.note_verified(tenant, id, asked, now, event).await?;
        if is_verified {
            tracing::info!("the webhook's new URL has answered its challenge");
        }
        Ok(is_verified)
    }

    /// Disables a webhook, unless it is disabled.
    pub(crate) async fn disable(
        &self,
        webhook: &Webhook,
        reason: DisabledReason,
        since: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // The cached webhook is forgotten before the call, because a call that fails may have taken effect.
        self.webhooks.forget(webhook.tenant, webhook.id);
        let event = self.events.event_write(&operational::disabled(webhook, reason, since, now))?;
        if self.receivers.disable(webhook.tenant, webhook.id, reason, now, event).await? {
            tracing::warn!("the webhook is disabled: {}", reason.as_str());
        }
        Ok(())
    }
}
