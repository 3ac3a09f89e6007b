//! The answer to a request for a delivery.

use serde::Serialize;
use shared::id::{EventId, WebhookId};

/// The delivery that was requested.
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
#[derive(Debug, Serialize)]
pub(crate) struct Accepted {
    delivery_id: String,
    webhook_id: String,
    event_id: String,
}

impl Accepted {
    /// The delivery of one event to one webhook.
    pub(crate) fn new(webhook: WebhookId, event: EventId) -> Self {
        Self { delivery_id: format!("{webhook}/{event}"), webhook_id: webhook.to_string(), event_id: event.to_string() }
    }
}
