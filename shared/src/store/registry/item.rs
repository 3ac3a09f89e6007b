//! The registry's stored items and how they become domain types. A version `v` stands in every item.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::dialect::Dialect;
use crate::provider::Provider;
use crate::retry::{Delays, RetryPolicy};
use crate::secret::{SigningSecret, VerificationSecret};
use crate::source::{IngestKeyHash, Source, Verification};
use crate::tenant::{ApiKey, KeyHash, Role, Tenant};
use crate::webhook::{DisabledReason, SigningSecrets, Subscription, WantedTypes, Webhook, WebhookStatus, WebhookUrl};

/// The version of items that this code writes.
const VERSION: u8 = 1;

/// Turns a stored struct into an item under its key.
pub(super) fn with_key(
    (pk, sk): (String, String),
    item: impl Serialize,
) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(item).map_err(StoreError::unreadable)?;
    item.insert("pk".to_owned(), AttributeValue::S(pk));
    item.insert("sk".to_owned(), AttributeValue::S(sk));
    Ok(item)
}

fn parsed<T: FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    text.parse().map_err(StoreError::unreadable)
}

fn millis(stored: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(stored).map_err(StoreError::unreadable)
}

fn word<T>(found: Option<T>) -> Result<T, StoreError> {
    found.ok_or_else(|| StoreError::unreadable("a word that this version does not know"))
}

#[derive(Serialize, Deserialize)]
pub(super) struct TenantItem {
    v: u8,
    id: String,
    name: String,
    created_at: i64,
    /// How many webhooks it has; only in the tenant's own row.
    #[serde(default)]
    webhook_count: u32,
    /// Raised by every change to its webhooks; only in the tenant's own row.
    #[serde(default)]
    pub(super) webhooks_version: u64,
}

impl From<&Tenant> for TenantItem {
    fn from(tenant: &Tenant) -> Self {
        Self {
            v: VERSION,
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            created_at: tenant.created_at.as_millisecond(),
            webhook_count: 0,
            webhooks_version: 0,
        }
    }
}

impl TryFrom<TenantItem> for Tenant {
    type Error = StoreError;

    fn try_from(item: TenantItem) -> Result<Self, StoreError> {
        Ok(Self { id: parsed(&item.id)?, name: item.name, created_at: millis(item.created_at)? })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct ApiKeyItem {
    v: u8,
    id: String,
    tenant: Option<String>,
    role: String,
    name: String,
    secret_sha256: String,
    created_at: i64,
}

impl From<&ApiKey> for ApiKeyItem {
    fn from(key: &ApiKey) -> Self {
        Self {
            v: VERSION,
            id: key.id.to_string(),
            tenant: key.tenant.map(|tenant| tenant.to_string()),
            role: key.role.as_str().to_owned(),
            name: key.name.clone(),
            secret_sha256: key.secret_hash.to_hex(),
            created_at: key.created_at.as_millisecond(),
        }
    }
}

impl TryFrom<ApiKeyItem> for ApiKey {
    type Error = StoreError;

    fn try_from(item: ApiKeyItem) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: item.tenant.as_deref().map(parsed).transpose()?,
            role: word(Role::from_word(&item.role))?,
            name: item.name,
            secret_hash: word(KeyHash::from_hex(&item.secret_sha256))?,
            created_at: millis(item.created_at)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct IngestKeyItem {
    pub(super) v: u8,
    pub(super) tenant: String,
    pub(super) source: String,
}

impl From<&Source> for IngestKeyItem {
    fn from(source: &Source) -> Self {
        Self { v: VERSION, tenant: source.tenant.to_string(), source: source.id.to_string() }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct SourceItem {
    v: u8,
    id: String,
    tenant: String,
    provider: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    ingest_key_sha256: String,
    created_at: i64,
    updated_at: i64,
    revision: u64,
}

impl From<&Source> for SourceItem {
    fn from(source: &Source) -> Self {
        let (signing_key, public_key) = match &source.verification {
            Verification::Unsigned => (None, None),
            Verification::SigningKey(key) => (Some(key.expose().to_owned()), None),
            Verification::PublicKey(der) => (None, Some(BASE64_STANDARD.encode(der))),
        };
        Self {
            v: VERSION,
            id: source.id.to_string(),
            tenant: source.tenant.to_string(),
            provider: source.provider.as_str().to_owned(),
            name: source.name.clone(),
            signing_key,
            public_key,
            ingest_key_sha256: source.ingest_key.as_str().to_owned(),
            created_at: source.created_at.as_millisecond(),
            updated_at: source.updated_at.as_millisecond(),
            revision: source.revision,
        }
    }
}

impl TryFrom<SourceItem> for Source {
    type Error = StoreError;

    fn try_from(item: SourceItem) -> Result<Self, StoreError> {
        let verification = match (item.signing_key, item.public_key) {
            (Some(key), _) => Verification::SigningKey(word(VerificationSecret::parse(&key))?),
            (None, Some(key)) => Verification::PublicKey(BASE64_STANDARD.decode(key).map_err(StoreError::unreadable)?),
            (None, None) => Verification::Unsigned,
        };
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: parsed(&item.tenant)?,
            provider: word(Provider::from_word(&item.provider))?,
            name: item.name,
            verification,
            ingest_key: IngestKeyHash::from_stored(item.ingest_key_sha256),
            created_at: millis(item.created_at)?,
            updated_at: millis(item.updated_at)?,
            revision: item.revision,
        })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct WebhookItem {
    v: u8,
    id: String,
    tenant: String,
    url: String,
    /// Absent means every type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    types: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    domains: Vec<String>,
    dialect: String,
    retry_policy: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delays: Option<Vec<i64>>,
    timeout_ms: u32,
    /// Absent means enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<String>,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_until: Option<i64>,
    description: String,
    created_at: i64,
    updated_at: i64,
    revision: u64,
}

impl From<&Webhook> for WebhookItem {
    fn from(webhook: &Webhook) -> Self {
        let types = match &webhook.subscription.types {
            WantedTypes::All => None,
            WantedTypes::Only(types) => Some(types.iter().map(|name| name.as_str().to_owned()).collect()),
        };
        let (retry_policy, delays) = match &webhook.retry_policy {
            RetryPolicy::Standard => ("standard", None),
            RetryPolicy::Mailgreet => ("mailgreet", None),
            RetryPolicy::Mailjet => ("mailjet", None),
            RetryPolicy::Custom(delays) => ("custom", Some(delays.seconds().iter().map(|s| i64::from(*s)).collect())),
        };
        let previous = webhook.secrets.previous.as_ref();
        Self {
            v: VERSION,
            id: webhook.id.to_string(),
            tenant: webhook.tenant.to_string(),
            url: webhook.url.expose().to_owned(),
            types,
            sources: webhook.subscription.sources.iter().map(ToString::to_string).collect(),
            domains: webhook.subscription.domains.iter().cloned().collect(),
            dialect: webhook.dialect.as_str().to_owned(),
            retry_policy: retry_policy.to_owned(),
            delays,
            timeout_ms: webhook.timeout_ms,
            disabled: match webhook.status {
                WebhookStatus::Enabled => None,
                WebhookStatus::Disabled { reason } => Some(reason.as_str().to_owned()),
            },
            secret: webhook.secrets.current.expose().to_owned(),
            previous_secret: previous.map(|(secret, _)| secret.expose().to_owned()),
            previous_until: previous.map(|(_, until)| until.as_millisecond()),
            description: webhook.description.clone(),
            created_at: webhook.created_at.as_millisecond(),
            updated_at: webhook.updated_at.as_millisecond(),
            revision: webhook.revision,
        }
    }
}

impl TryFrom<WebhookItem> for Webhook {
    type Error = StoreError;

    fn try_from(item: WebhookItem) -> Result<Self, StoreError> {
        let types = match &item.types {
            None => WantedTypes::All,
            Some(names) => WantedTypes::Only(names.iter().map(|name| parsed(name)).collect::<Result<_, _>>()?),
        };
        let retry_policy = match (item.retry_policy.as_str(), &item.delays) {
            ("standard", _) => RetryPolicy::Standard,
            ("mailgreet", _) => RetryPolicy::Mailgreet,
            ("mailjet", _) => RetryPolicy::Mailjet,
            ("custom", Some(delays)) => RetryPolicy::Custom(Delays::new(delays).map_err(StoreError::unreadable)?),
            _ => return Err(StoreError::unreadable("an unknown retry policy")),
        };
        let secret = |text: &str| SigningSecret::parse(text).map_err(StoreError::unreadable);
        let previous = match (&item.previous_secret, item.previous_until) {
            (Some(text), Some(until)) => Some((secret(text)?, millis(until)?)),
            _ => None,
        };
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: parsed(&item.tenant)?,
            url: WebhookUrl::from_stored(&item.url).map_err(StoreError::unreadable)?,
            subscription: Subscription {
                types,
                sources: item.sources.iter().map(|id| parsed(id)).collect::<Result<BTreeSet<_>, _>>()?,
                domains: item.domains.into_iter().collect(),
            },
            dialect: word(Dialect::from_word(&item.dialect))?,
            retry_policy,
            timeout_ms: item.timeout_ms,
            status: match item.disabled {
                None => WebhookStatus::Enabled,
                Some(reason) => WebhookStatus::Disabled { reason: word(DisabledReason::from_word(&reason))? },
            },
            secrets: SigningSecrets { current: secret(&item.secret)?, previous },
            description: item.description,
            created_at: millis(item.created_at)?,
            updated_at: millis(item.updated_at)?,
            revision: item.revision,
        })
    }
}
