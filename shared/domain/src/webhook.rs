//! Webhooks: what a tenant registers to be delivered to.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::breaker::BreakerSettings;
use crate::dialect::Dialect;
use crate::event::Event;
use crate::id::{TenantId, WebhookId};
use crate::rate_limit::RateLimit;
pub use crate::reasons::DisabledReason;
use crate::retry::RetryPolicy;
use crate::secret::SigningSecret;
use crate::stream;

mod url;
mod destination;
mod headers;
mod status;
mod subscription;
mod signing_secrets;
mod redaction;

pub use self::destination::{Destination, InvalidTarget, Target, UnfitCredentials};
pub use self::headers::{CustomName, CustomValue, InvalidHeader, MAX_CUSTOM_HEADERS};
pub use self::redaction::{MAX_SEARCHED, Redaction};
pub use self::signing_secrets::{PublishedKey, SigningSecrets};
pub use self::status::WebhookStatus;
pub use self::subscription::{Subscription, WantedTypes};
pub use self::url::{InvalidUrl, WebhookUrl};

/// Most webhooks of one tenant. `dispatch` holds them all in memory and matches each event against each.
pub const MAX_PER_TENANT: u32 = 500;
/// Bounds of a time limit per attempt, in milliseconds.
pub const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 1_000..=15_000;
/// Bounds of how many events one POST may hold, where the dialect has arrays. An invocation has at most 10 jobs.
pub const BATCH: std::ops::RangeInclusive<u8> = 1..=10;
/// Every event has a POST of its own unless its webhook says otherwise.
pub const DEFAULT_BATCH: u8 = 1;
/// How long the previous secret signs beside the new one unless the rotation says otherwise, in seconds (24 h).
pub const DEFAULT_OVERLAP_SECONDS: u32 = 24 * 3600;
/// The longest overlap of a rotation, in seconds (7 d).
pub const MAX_OVERLAP_SECONDS: u32 = 7 * 24 * 3600;

/// What a tenant registers: URL, subscription, dialect, policy, secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Who owns it.
    pub tenant: TenantId,
    /// Its number among the tenant's webhooks, for management APIs whose ids are integers: counted from 1, never given
    /// twice. `None` until the registry has counted it.
    pub number: Option<u32>,
    /// Where deliveries go.
    pub url: Destination,
    /// Which events it wants.
    pub subscription: Subscription,
    /// How deliveries look.
    pub dialect: Dialect,
    /// When failed attempts are tried again.
    pub retry_policy: RetryPolicy,
    /// Time limit per attempt, in milliseconds, within [`TIMEOUT_MS`].
    pub timeout_ms: u32,
    /// Whether deliveries are attempted or held.
    pub status: WebhookStatus,
    /// What deliveries are signed with.
    pub secrets: SigningSecrets,
    /// The tenant's note; may be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Raised by every change; a change of an older revision is refused.
    pub revision: u64,
    /// When deliveries are held because attempts keep failing.
    pub breaker: BreakerSettings,
    /// Where an attempt goes when it has failed at `url`.
    pub backup_url: Option<WebhookUrl>,
    /// `url` is the backup of a main URL that is not there: Mailjet's clients make and delete each by itself. Deliveries
    /// go to it until there is a main one.
    pub is_backup: bool,
    /// What every POST carries beside our own headers, and no message of a stream; at most [`MAX_CUSTOM_HEADERS`].
    pub headers: BTreeMap<CustomName, CustomValue>,
    /// Deliveries are held for as long as the tenant wants, whatever the status.
    pub paused: bool,
    /// The tenant's own notes by key: shown, never delivered.
    pub metadata: BTreeMap<String, String>,
    /// Most POSTs in a second; `None` for as many as there are deliveries.
    pub rate_limit: Option<RateLimit>,
    /// Most events in one POST, or in one message of a stream, within [`BATCH`]; 1 where the dialect has no arrays.
    pub batch: u8,
}

impl Webhook {
    /// One with the defaults of its dialect, as it is before it is stored.
    pub fn new(
        id: WebhookId,
        tenant: TenantId,
        url: Destination,
        subscription: Subscription,
        dialect: Dialect,
        secret: SigningSecret,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            number: None,
            url,
            subscription,
            dialect,
            retry_policy: dialect.default_retry_policy(),
            timeout_ms: dialect.default_timeout_ms(),
            status: WebhookStatus::Enabled,
            secrets: SigningSecrets { current: secret, previous: None },
            description: String::new(),
            created_at: now,
            updated_at: now,
            revision: 1,
            breaker: BreakerSettings::default(),
            backup_url: None,
            is_backup: false,
            headers: BTreeMap::new(),
            paused: false,
            metadata: BTreeMap::new(),
            rate_limit: None,
            batch: DEFAULT_BATCH,
        }
    }

    /// Whether deliveries to it are held instead of attempted: it is disabled or paused.
    pub fn holds_deliveries(&self) -> bool {
        self.paused || self.status != WebhookStatus::Enabled
    }

    /// Most events in one POST, or in one message of a stream.
    pub fn events_in_a_body(&self) -> usize {
        if self.dialect.takes_arrays() { usize::from(self.batch).max(1) } else { 1 }
    }

    /// Most events that are sent together: those of a POST, or those of all the messages of a call to a stream.
    pub fn events_in_a_call(&self) -> usize {
        match &self.url {
            Destination::Https(_) => self.events_in_a_body(),
            Destination::Stream(_) => stream::MAX_MESSAGES,
        }
    }

    /// Whether `event` is owed to it. A disabled or paused webhook is still owed its events: they are held.
    pub fn wants(&self, event: &Event) -> bool {
        self.subscription.wants(self.id, event, self.dialect)
    }
}

/// What is known of a webhook without opening its secrets: enough to tell which events are owed to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    /// The webhook's id.
    pub id: WebhookId,
    /// Which events it wants.
    pub subscription: Subscription,
    /// How deliveries look.
    pub dialect: Dialect,
}

impl Subscriber {
    /// Whether `event` is owed to it.
    pub fn wants(&self, event: &Event) -> bool {
        self.subscription.wants(self.id, event, self.dialect)
    }
}
