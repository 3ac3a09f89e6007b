//! A webhook's stored item.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::stream::StreamCredentialsItem;
use super::verification::VerificationItem;
use super::{StoreError, VERSION, millis, parsed, word};
use crate::store::registry::sealable::Sealable;
use domain::breaker::BreakerSettings;
use domain::dialect::Dialect;
use domain::event::EventType;
use domain::rate_limit::RateLimit;
use domain::retry::{Delays, RetryPolicy};
use domain::secret::SigningSecret;
use domain::stream::StreamCredentials;
use domain::webhook::{
    CustomName, CustomValue, DEFAULT_BATCH, Destination, DisabledReason, SigningSecrets, Subscriber, Subscription,
    UrlVerification, WantedTypes, Webhook, WebhookHosts, WebhookStatus, WebhookUrl,
};

/// Every type except the operational ones.
const ALL: &str = "*";

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct WebhookItem {
    v: u8,
    id: String,
    tenant: String,
    /// Absent in rows that are older than such numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) number: Option<u32>,
    /// In rows from older versions, the URL contains its password.
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url_password: Option<String>,
    /// Absent means `*`. If the list contains `*`, its other entries are operational types.
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
    /// Present if two former secrets sign. Older versions do not read it; they sign with the other two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interim_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interim_until: Option<i64>,
    description: String,
    created_at: i64,
    updated_at: i64,
    revision: u64,
    /// Absent means the defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breaker: Option<BreakerSettingsItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backup_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    backup_url_password: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_backup: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<HeaderItem>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    paused: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    /// Absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_limit: Option<u32>,
    /// Absent means the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    batch: Option<u8>,
    /// Present if `url` names a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<StreamCredentialsItem>,
    /// Absent if nobody had to ask for the consent of the URLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verification: Option<VerificationItem>,
}

#[derive(Serialize, Deserialize)]
struct BreakerSettingsItem {
    failures: u32,
    window: u32,
    hours: u32,
}

#[derive(Serialize, Deserialize)]
struct HeaderItem {
    name: String,
    value: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
}

impl Sealable for WebhookItem {
    fn version(&mut self) -> &mut u8 {
        &mut self.v
    }

    fn secrets(&mut self) -> Vec<(String, &mut String)> {
        let former = [("previous_secret", &mut self.previous_secret), ("interim_secret", &mut self.interim_secret)];
        let former = former.into_iter().filter_map(|(name, secret)| Some((name.to_owned(), secret.as_mut()?)));
        let headers = self.headers.iter_mut().filter(|header| header.sensitive);
        let headers = headers.map(|header| (format!("headers.{}", header.name), &mut header.value));
        let credentials = self.credentials.iter_mut().flat_map(StreamCredentialsItem::secrets);
        let credentials = credentials.map(|(name, secret)| (format!("credentials.{name}"), secret));
        let passwords =
            [("url_password", &mut self.url_password), ("backup_url_password", &mut self.backup_url_password)];
        let passwords =
            passwords.into_iter().filter_map(|(name, password)| Some((name.to_owned(), password.as_mut()?)));
        let own = std::iter::once(("secret".to_owned(), &mut self.secret)).chain(former);
        own.chain(headers).chain(credentials).chain(passwords).collect()
    }
}

impl From<&Webhook> for WebhookItem {
    fn from(webhook: &Webhook) -> Self {
        let types = match &webhook.subscription.types {
            WantedTypes::All => None,
            WantedTypes::AllAnd(types) => Some(std::iter::once(ALL).chain(names(types)).map(str::to_owned).collect()),
            WantedTypes::Only(types) => Some(names(types).map(str::to_owned).collect()),
        };
        let (retry_policy, delays) = match &webhook.retry_policy {
            RetryPolicy::Standard => ("standard", None),
            RetryPolicy::Mailgreet => ("mailgreet", None),
            RetryPolicy::Mailjet => ("mailjet", None),
            RetryPolicy::Mailgun => ("mailgun", None),
            RetryPolicy::Custom(delays) => ("custom", Some(delays.seconds().iter().map(|s| i64::from(*s)).collect())),
        };
        let (previous, interim) = (webhook.secrets.previous.as_ref(), webhook.secrets.interim.as_ref());
        let (url, url_password) = webhook.url.parts();
        let (backup_url, backup_url_password) = webhook.backup_url.as_ref().map(WebhookUrl::parts).unzip();
        Self {
            v: VERSION,
            id: webhook.id.to_string(),
            tenant: webhook.tenant.to_string(),
            number: webhook.number,
            url,
            url_password,
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
            interim_secret: interim.map(|(secret, _)| secret.expose().to_owned()),
            interim_until: interim.map(|(_, until)| until.as_millisecond()),
            description: webhook.description.clone(),
            created_at: webhook.created_at.as_millisecond(),
            updated_at: webhook.updated_at.as_millisecond(),
            revision: webhook.revision,
            breaker: (webhook.breaker != BreakerSettings::default()).then_some(BreakerSettingsItem {
                failures: webhook.breaker.failures,
                window: webhook.breaker.window_seconds,
                hours: webhook.breaker.disable_after_hours,
            }),
            backup_url,
            backup_url_password: backup_url_password.flatten(),
            is_backup: webhook.is_backup,
            headers: webhook.headers.iter().map(HeaderItem::from).collect(),
            paused: webhook.paused,
            metadata: webhook.metadata.clone(),
            rate_limit: webhook.rate_limit.map(RateLimit::per_second),
            batch: (webhook.batch != DEFAULT_BATCH).then_some(webhook.batch),
            credentials: webhook.url.stream().map(|stream| StreamCredentialsItem::from(&stream.credentials())),
            verification: webhook.verification.as_ref().map(VerificationItem::from),
        }
    }
}

/// Reads no secret, so it works for an item with sealed secrets.
impl TryFrom<&WebhookItem> for Subscriber {
    type Error = StoreError;

    fn try_from(item: &WebhookItem) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed(&item.id)?,
            subscription: known_subscription(item)?,
            dialect: Dialect::from_word(&item.dialect),
        })
    }
}

/// The subscription, as far as it is about types that this release knows. It is enough to decide about an event that
/// this release can read: such an event has a known type, so it is not owed because of an unknown one.
fn known_subscription(item: &WebhookItem) -> Result<Subscription, StoreError> {
    let is_known = |name: &String| name == ALL || EventType::from_stored(name).is_ok();
    let types: Option<Vec<_>> =
        item.types.as_ref().map(|names| names.iter().filter(|name| is_known(name)).cloned().collect());
    subscription(types.as_deref(), item)
}

/// Reads no secret, so it works for an item with sealed secrets.
impl TryFrom<&WebhookItem> for WebhookHosts {
    type Error = StoreError;

    fn try_from(item: &WebhookItem) -> Result<Self, StoreError> {
        // With credentials, `url` is the name of a stream.
        let main = Some(&item.url).filter(|_| item.credentials.is_none());
        let urls = main.into_iter().chain(&item.backup_url).map(|url| WebhookUrl::from_stored(url));
        let urls = urls.collect::<Result<Vec<_>, _>>().map_err(StoreError::unreadable)?;
        Ok(Self::of(parsed(&item.id)?, &urls))
    }
}

impl TryFrom<WebhookItem> for Webhook {
    type Error = StoreError;

    fn try_from(item: WebhookItem) -> Result<Self, StoreError> {
        let retry_policy = match (item.retry_policy.as_str(), &item.delays) {
            ("standard", _) => RetryPolicy::Standard,
            ("mailgreet", _) => RetryPolicy::Mailgreet,
            ("mailjet", _) => RetryPolicy::Mailjet,
            ("mailgun", _) => RetryPolicy::Mailgun,
            ("custom", Some(delays)) => RetryPolicy::Custom(Delays::new(delays).map_err(StoreError::unreadable)?),
            _ => return Err(StoreError::unreadable("an unknown retry policy")),
        };
        let secret = |text: &str| SigningSecret::parse(text).map_err(StoreError::unreadable);
        let former = |text: &Option<String>, until| match (text, until) {
            (Some(text), Some(until)) => Ok::<_, StoreError>(Some((secret(text)?, millis(until)?))),
            _ => Ok(None),
        };
        let credentials = item.credentials.as_ref().map(StreamCredentials::try_from).transpose()?;
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: parsed(&item.tenant)?,
            number: item.number,
            url: word(Destination::from_parts(&item.url, item.url_password.as_deref(), credentials))?,
            subscription: subscription(item.types.as_deref(), &item)?,
            dialect: dialect(&item)?,
            retry_policy,
            timeout_ms: item.timeout_ms,
            status: match item.disabled {
                None => WebhookStatus::Enabled,
                Some(reason) => WebhookStatus::Disabled { reason: word(DisabledReason::from_word(&reason))? },
            },
            secrets: SigningSecrets {
                current: secret(&item.secret)?,
                previous: former(&item.previous_secret, item.previous_until)?,
                interim: former(&item.interim_secret, item.interim_until)?,
            },
            description: item.description,
            created_at: millis(item.created_at)?,
            updated_at: millis(item.updated_at)?,
            revision: item.revision,
            breaker: item.breaker.map_or_else(BreakerSettings::default, |stored| BreakerSettings {
                failures: stored.failures,
                window_seconds: stored.window,
                disable_after_hours: stored.hours,
            }),
            backup_url: item
                .backup_url
                .map(|url| WebhookUrl::from_parts(&url, item.backup_url_password.as_deref()))
                .transpose()
                .map_err(StoreError::unreadable)?,
            is_backup: item.is_backup,
            headers: item.headers.iter().map(header_in).collect::<Result<_, _>>()?,
            paused: item.paused,
            metadata: item.metadata,
            rate_limit: item.rate_limit.map(|stored| word(RateLimit::new(stored))).transpose()?,
            batch: item.batch.unwrap_or(DEFAULT_BATCH),
            verification: item.verification.map(UrlVerification::try_from).transpose()?,
        })
    }
}

fn subscription(types: Option<&[String]>, item: &WebhookItem) -> Result<Subscription, StoreError> {
    let types = match types {
        None => WantedTypes::All,
        Some(names) => {
            let types = names.iter().filter(|name| *name != ALL).map(|name| EventType::from_stored(name));
            let types = types.collect::<Result<_, _>>().map_err(StoreError::unreadable)?;
            if names.iter().any(|name| name == ALL) { WantedTypes::AllAnd(types) } else { WantedTypes::Only(types) }
        }
    };
    Ok(Subscription {
        types,
        sources: item.sources.iter().map(|id| parsed(id)).collect::<Result<BTreeSet<_>, _>>()?,
        domains: item.domains.iter().cloned().collect(),
    })
}

fn names(types: &BTreeSet<EventType>) -> impl Iterator<Item = &'static str> {
    types.iter().map(|event_type| event_type.as_str())
}

fn dialect(item: &WebhookItem) -> Result<Dialect, StoreError> {
    word(Dialect::from_word(&item.dialect))
}

impl From<(&CustomName, &CustomValue)> for HeaderItem {
    fn from((name, value): (&CustomName, &CustomValue)) -> Self {
        Self { name: name.as_str().to_owned(), value: value.expose().to_owned(), sensitive: value.sensitive }
    }
}

fn header_in(item: &HeaderItem) -> Result<(CustomName, CustomValue), StoreError> {
    let value = CustomValue::parse(&item.value, item.sensitive).map_err(StoreError::unreadable)?;
    Ok((CustomName::from_stored(&item.name), value))
}
