//! A webhook as the platform's clients read it.

use serde::Serialize;
use shared::secret::SigningSecret;
use shared::webhook::Webhook;

use super::events;

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: Option<u32>,
    /// A password in it is masked.
    url: String,
    events: String,
    /// Whether deliveries are attempted: neither disabled nor paused.
    active: bool,
    created_at: String,
    /// Where it was made for this webhook, in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl Shown {
    /// With the secret, for the answer that makes one.
    pub(super) fn with_secret(webhook: &Webhook, secret: &SigningSecret) -> Self {
        Self { secret: Some(secret.expose().to_owned()), ..Self::from(webhook) }
    }
}

impl From<&Webhook> for Shown {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.number,
            url: webhook.url.masked(),
            events: events::shown(&webhook.subscription.types, webhook.dialect),
            active: !webhook.holds_deliveries(),
            created_at: webhook.created_at.to_string(),
            secret: None,
        }
    }
}
