//! A webhook as it is shown. Its secret is shown where it is made, nowhere else.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use shared::breaker::Breaker;
use shared::rate_limit::RateLimit;
use shared::retry::RetryPolicy;
use shared::secret::SignatureScheme;
use shared::webhook::{WantedTypes, Webhook, WebhookStatus, WebhookUrl};

use crate::fields::{destination, headers};

use super::health::Health;
use crate::fields::breaker::shown_settings;

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    id: String,
    /// What management APIs with integer ids call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    /// A password in it is masked.
    url: String,
    /// Of a stream: which they are, not what they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<Value>,
    /// Canonical names, or `*`.
    events: Vec<&'static str>,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<&'static str>,
    dialect: &'static str,
    retry_policy: Value,
    timeout_ms: u32,
    sources: Vec<String>,
    domains: Vec<String>,
    description: String,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_secret_expires_at: Option<String>,
    signature: &'static str,
    /// What the receiver verifies `v1a` with, and its name in the tenant's key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    breaker: Value,
    /// Shown of a webhook alone, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<Health>,
    /// A password in it is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_url: Option<String>,
    /// `url` is a backup without a main URL, made through Mailjet's API.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_backup: bool,
    headers: BTreeMap<String, Value>,
    paused: bool,
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<u32>,
    batch: u8,
}

impl Shown {
    /// With the state of its breaker.
    pub(super) fn with_health(webhook: &Webhook, breaker: &Breaker) -> Self {
        Self { health: Some(Health::from(breaker)), ..Self::from(webhook) }
    }

    /// With the secret, for the answers that make one. One that signs `v1a` is nobody's but ours, and not even shown then.
    pub(super) fn with_secret(webhook: &Webhook) -> Self {
        let current = &webhook.secrets.current;
        let secret = match current.scheme() {
            SignatureScheme::V1 => Some(current.expose().to_owned()),
            SignatureScheme::V1a => None,
        };
        Self { secret, ..Self::from(webhook) }
    }
}

impl From<&Webhook> for Shown {
    fn from(webhook: &Webhook) -> Self {
        let (enabled, disabled_reason) = match webhook.status {
            WebhookStatus::Enabled => (true, None),
            WebhookStatus::Disabled { reason } => (false, Some(reason.as_str())),
        };
        let public_key = webhook.secrets.current.public_key();
        Self {
            id: webhook.id.to_string(),
            number: webhook.number,
            url: webhook.url.masked(),
            credentials: destination::shown(&webhook.url),
            events: match &webhook.subscription.types {
                WantedTypes::All => vec!["*"],
                WantedTypes::AllAnd(types) => {
                    std::iter::once("*").chain(types.iter().map(|name| name.as_str())).collect()
                }
                WantedTypes::Only(types) => types.iter().map(|name| name.as_str()).collect(),
            },
            enabled,
            disabled_reason,
            dialect: webhook.dialect.as_str(),
            retry_policy: retry_policy(&webhook.retry_policy),
            timeout_ms: webhook.timeout_ms,
            sources: webhook.subscription.sources.iter().map(ToString::to_string).collect(),
            domains: webhook.subscription.domains.iter().cloned().collect(),
            description: webhook.description.clone(),
            created_at: webhook.created_at.to_string(),
            updated_at: webhook.updated_at.to_string(),
            previous_secret_expires_at: webhook.secrets.previous.as_ref().map(|(_, until)| until.to_string()),
            signature: webhook.secrets.current.scheme().as_str(),
            public_key: public_key.map(|key| key.to_string()),
            public_key_id: public_key.map(|key| key.id()),
            secret: None,
            breaker: shown_settings(webhook.breaker),
            health: None,
            backup_url: webhook.backup_url.as_ref().map(WebhookUrl::masked),
            is_backup: webhook.is_backup,
            headers: headers::shown(&webhook.headers),
            paused: webhook.paused,
            metadata: webhook.metadata.clone(),
            rate_limit: webhook.rate_limit.map(RateLimit::per_second),
            batch: webhook.batch,
        }
    }
}

fn retry_policy(policy: &RetryPolicy) -> Value {
    match policy {
        RetryPolicy::Standard => json!("standard"),
        RetryPolicy::Mailgreet => json!("mailgreet"),
        RetryPolicy::Mailjet => json!("mailjet"),
        RetryPolicy::Mailgun => json!("mailgun"),
        RetryPolicy::Custom(delays) => json!({ "delays_seconds": delays.seconds() }),
    }
}
