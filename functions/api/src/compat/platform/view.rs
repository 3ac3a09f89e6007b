//! A webhook as the platform's clients read it.

use serde::Serialize;
use shared::secret::SigningSecret;
use shared::webhook::Webhook;

use super::events;

#[derive(Debug, Serialize)]
pub(super) struct PlatformWebhookView {
    id: Option<u32>,
    /// A password in it is masked.
    url: String,
    events: String,
    /// Whether deliveries are attempted: neither disabled nor paused.
    active: bool,
    created_at: String,
    /// Only in the answer to the request that makes a secret for this webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl PlatformWebhookView {
    /// The webhook with its secret, for the answer to the request that makes one.
    pub(super) fn with_secret(webhook: &Webhook, secret: &SigningSecret) -> Self {
        Self { secret: Some(secret.expose().to_owned()), ..Self::from(webhook) }
    }
}

impl From<&Webhook> for PlatformWebhookView {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.number,
            url: webhook.url.masked(),
            events: events::view(&webhook.subscription.types, webhook.dialect),
            active: !webhook.holds_deliveries(),
            created_at: webhook.created_at.to_string(),
            secret: None,
        }
    }
}
