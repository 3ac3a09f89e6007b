//! A webhook as answers show it. Only the answer to the request that makes a secret shows the secret.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use shared::breaker::Breaker;
use shared::rate_limit::RateLimit;
use shared::retry::RetryPolicy;
use shared::secret::SignatureScheme;
use shared::webhook::{WantedTypes, Webhook, WebhookStatus, WebhookUrl};

use crate::fields::{destination, headers};

use super::health::HealthView;
use super::verification::VerificationView;
use crate::fields::breaker::settings_view;

#[derive(Debug, Serialize)]
pub(super) struct WebhookView {
    id: String,
    /// Its id in the management APIs that have integer ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u32>,
    /// A password in it is masked.
    url: String,
    /// What identifies the credentials of a stream; never the secrets in them.
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
    /// What the receiver verifies `v1a` signatures with, and the id of this key in the tenant's key set.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    breaker: Value,
    /// Only in the answer about this one webhook, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    health: Option<HealthView>,
    /// A password in it is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_url: Option<String>,
    /// `url` is a backup URL without a main one; made through Mailjet's API.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_backup: bool,
    headers: BTreeMap<String, Value>,
    paused: bool,
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<u32>,
    batch: u8,
    /// Only if a new URL had to be asked for its consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<VerificationView>,
}

impl WebhookView {
    /// The webhook with the state of its breaker.
    pub(super) fn with_health(webhook: &Webhook, breaker: &Breaker) -> Self {
        Self { health: Some(HealthView::from(breaker)), ..Self::from(webhook) }
    }

    /// The webhook with its secret, for the answers to requests that make one. The private key of `v1a` never leaves
    /// this service, so even these answers leave it out.
    pub(super) fn with_secret(webhook: &Webhook) -> Self {
        let current = &webhook.secrets.current;
        let secret = match current.scheme() {
            SignatureScheme::V1 => Some(current.expose().to_owned()),
            SignatureScheme::V1a => None,
        };
        Self { secret, ..Self::from(webhook) }
    }
}

impl From<&Webhook> for WebhookView {
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
            credentials: destination::credentials_view(&webhook.url),
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
            previous_secret_expires_at: webhook.secrets.overlap_ends_at().map(|until| until.to_string()),
            signature: webhook.secrets.current.scheme().as_str(),
            public_key: public_key.map(|key| key.to_string()),
            public_key_id: public_key.map(|key| key.id()),
            secret: None,
            breaker: settings_view(webhook.breaker),
            health: None,
            backup_url: webhook.backup_url.as_ref().map(WebhookUrl::masked),
            is_backup: webhook.is_backup,
            headers: headers::view(&webhook.headers),
            paused: webhook.paused,
            metadata: webhook.metadata.clone(),
            rate_limit: webhook.rate_limit.map(RateLimit::per_second),
            batch: webhook.batch,
            verification: webhook.verification.as_ref().map(VerificationView::from),
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
