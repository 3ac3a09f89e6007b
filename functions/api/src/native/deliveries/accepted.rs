//! The answer to whoever asked for a delivery.

use serde::Serialize;
use shared::id::{EventId, WebhookId};

/// What will be delivered.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Debug, Serialize)]
pub(crate) struct Accepted {
    delivery_id: String,
    webhook_id: String,
    event_id: String,
}

impl Accepted {
    /// One event, to one webhook.
    pub(crate) fn new(webhook: WebhookId, event: EventId) -> Self {
        Self { delivery_id: format!("{webhook}/{event}"), webhook_id: webhook.to_string(), event_id: event.to_string() }
    }
}
