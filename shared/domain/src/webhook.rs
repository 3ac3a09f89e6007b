//! Webhooks: the receivers that a tenant registers.

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
mod footprint;
mod verification;
mod consent;
mod host;

pub use self::destination::{Destination, DestinationUrl, InvalidDestination, UnfitCredentials};
pub use self::headers::{CustomName, CustomValue, InvalidHeader, MAX_CUSTOM_HEADERS};
pub use self::host::{UrlHost, WebhookHosts, host_above_limit};
pub use self::redaction::{MAX_SEARCHED, Redaction};
pub use self::signing_secrets::{MAX_SIGNING_SECRETS, PublishedKey, Rotation, SigningSecrets, TooManySecretsError};
pub use self::status::WebhookStatus;
pub use self::subscription::{Subscription, WantedTypes, may_want};
pub use self::url::{InvalidUrl, WebhookUrl};
pub use self::verification::{
    CHALLENGE_WAITS, ChallengeResult, ChallengeVerdict, MAX_CHALLENGES, MIN_CHALLENGE_INTERVAL, PendingReason,
    UrlVerification, VerificationId, judge_challenge,
};

/// Maximum number of webhooks of one tenant. Reason: `dispatch` holds all of them in memory and matches each event
/// against each webhook.
pub const MAX_PER_TENANT: u32 = 500;
/// Bounds of the time limit of an attempt, in milliseconds.
pub const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 1_000..=15_000;
/// Bounds of the number of events in one POST, for dialects with arrays. Reason: an invocation has at most 10 jobs.
pub const BATCH: std::ops::RangeInclusive<u8> = 1..=10;
/// By default every event has a POST of its own.
pub const DEFAULT_BATCH: u8 = 1;
/// How long the present secret keeps signing after a rotation that says nothing else, in seconds (24 h).
pub const DEFAULT_OVERLAP_SECONDS: u32 = 24 * 3600;
/// Maximum time that the present secret keeps signing after a rotation, in seconds (7 d).
pub const MAX_OVERLAP_SECONDS: u32 = 7 * 24 * 3600;

/// What a tenant registers: URL, subscription, dialect, retry policy and secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// The webhook's id.
    pub id: WebhookId,
    /// The tenant that owns the webhook.
    pub tenant: TenantId,
    /// The webhook's number among the tenant's webhooks, for management APIs whose ids are integers. Numbers start at
    /// 1, and none is given twice. `None` until the registry has given a number.
    pub number: Option<u32>,
    /// Where deliveries go.
    pub url: Destination,
    /// The events that the webhook wants.
    pub subscription: Subscription,
    /// How deliveries look.
    pub dialect: Dialect,
    /// When failed attempts are tried again.
    pub retry_policy: RetryPolicy,
    /// Time limit per attempt, in milliseconds, within [`TIMEOUT_MS`].
    pub timeout_ms: u32,
    /// Whether deliveries are attempted or held.
    pub status: WebhookStatus,
    /// The secrets that sign deliveries.
    pub secrets: SigningSecrets,
    /// The tenant's note on the webhook; may be empty.
    pub description: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Raised by every change. A change that is based on an older revision is refused.
    pub revision: u64,
    /// When the breaker opens because attempts keep failing.
    pub breaker: BreakerSettings,
    /// The URL of a second try, when an attempt has failed at `url`.
    pub backup_url: Option<WebhookUrl>,
    /// `url` is the backup of a main URL that does not exist: Mailjet's clients create and delete the two
    /// independently. Deliveries go to the backup until there is a main URL.
    pub is_backup: bool,
    /// Headers of every POST in addition to ours; messages of a stream have none of them. At most
    /// [`MAX_CUSTOM_HEADERS`].
    pub headers: BTreeMap<CustomName, CustomValue>,
    /// The tenant's pause: deliveries are held until the tenant ends it. It is independent of the status.
    pub paused: bool,
    /// The tenant's own notes by key. They are shown, but never delivered.
    pub metadata: BTreeMap<String, String>,
    /// Maximum number of POSTs per second; `None` for no limit.
    pub rate_limit: Option<RateLimit>,
    /// Maximum number of events in one POST or in one message of a stream, within [`BATCH`]; 1 where the dialect has no
    /// arrays.
    pub batch: u8,
    /// The consent of its URLs; `None` if nobody had to ask for it.
    pub verification: Option<UrlVerification>,
}

impl Webhook {
    /// A new webhook with the defaults of its dialect, before it is stored.
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
            secrets: SigningSecrets::only(secret),
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
            verification: None,
        }
    }

    /// Whether deliveries are held instead of attempted, because the webhook is disabled, paused or pending.
    pub fn holds_deliveries(&self) -> bool {
        self.paused || self.is_pending() || self.status != WebhookStatus::Enabled
    }

    /// Maximum number of events in one POST, or in one message of a stream.
    pub fn events_in_a_body(&self) -> usize {
        if self.dialect.takes_arrays() { usize::from(self.batch).max(1) } else { 1 }
    }

    /// Maximum number of events that are sent together: in one POST, or in all messages of one call to a stream.
    pub fn events_in_a_call(&self) -> usize {
        match &self.url {
            Destination::Https(_) => self.events_in_a_body(),
            Destination::Stream(_) => stream::MAX_MESSAGES,
        }
    }

    /// Whether `event` is owed to the webhook. Events are owed to a disabled, paused or pending webhook too, and their
    /// deliveries are held.
    pub fn wants(&self, event: &Event) -> bool {
        self.subscription.wants(self.id, event, Some(self.dialect))
    }
}

/// A webhook without its secrets: enough to decide which events are owed to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscriber {
    /// The webhook's id.
    pub id: WebhookId,
    /// The events that the webhook wants.
    pub subscription: Subscription,
    /// How deliveries look; `None` for a dialect that this release does not know.
    pub dialect: Option<Dialect>,
}

impl Subscriber {
    /// Whether `event` is owed to the webhook. If the dialect is not known, this is so for every type that `*` can
    /// include: only a release that knows the dialect could leave some of them out.
    pub fn wants(&self, event: &Event) -> bool {
        self.subscription.wants(self.id, event, self.dialect)
    }
}
