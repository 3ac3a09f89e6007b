//! Webhooks: what a tenant registers to be delivered to.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::breaker::BreakerSettings;
use crate::dialect::Dialect;
use crate::event::{Event, EventType};
use crate::id::{SourceId, TenantId, WebhookId};
use crate::rate_limit::RateLimit;
pub use crate::reasons::DisabledReason;
use crate::retry::RetryPolicy;
use crate::secret::{PublicKey, SigningSecret};
use crate::stream;

mod destination;
mod headers;
mod redaction;
mod url;

pub use self::destination::{Destination, InvalidTarget, Target, UnfitCredentials};
pub use self::headers::{CustomName, CustomValue, InvalidHeader, MAX_CUSTOM_HEADERS};
pub use self::redaction::{MAX_SEARCHED, Redaction};
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

/// Whether deliveries are attempted, as far as it is not the tenant's pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookStatus {
    /// They are attempted.
    Enabled,
    /// They are held.
    Disabled {
        /// Why.
        reason: DisabledReason,
    },
}

impl WebhookStatus {
    /// The status after somebody has asked for it to be enabled or not. What disabled it first stays the reason.
    #[must_use]
    pub fn switched(self, enabled: bool) -> Self {
        match (enabled, self) {
            (true, _) => Self::Enabled,
            (false, Self::Disabled { reason }) => Self::Disabled { reason },
            (false, Self::Enabled) => Self::Disabled { reason: DisabledReason::Requested },
        }
    }
}

/// Which events a webhook wants: all conditions that are given must hold. Of operational events only the type counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The wanted types.
    pub types: WantedTypes,
    /// Only events of these sources; empty means any, own events included.
    pub sources: BTreeSet<SourceId>,
    /// Only events of emails sent from these domains, lower-case; empty means any.
    pub domains: BTreeSet<String>,
}

/// The event types of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedTypes {
    /// `*`: every type that the dialect has a word for, but no operational one: those are wanted by name.
    All,
    /// `*`, and these operational ones.
    AllAnd(BTreeSet<EventType>),
    /// These.
    Only(BTreeSet<EventType>),
}

impl WantedTypes {
    /// Whether `event_type` is among them, for a webhook of `dialect`.
    pub fn include(&self, event_type: EventType, dialect: Dialect) -> bool {
        match self {
            Self::AllAnd(operational) if event_type.is_operational() => operational.contains(&event_type),
            Self::All | Self::AllAnd(_) => dialect.name(event_type).is_some() && !event_type.is_operational(),
            Self::Only(types) => types.contains(&event_type),
        }
    }

    /// What is left without `unwanted`, by name: who wanted all wants the others that there are now. `None` when nothing
    /// is left.
    #[must_use]
    pub fn without(&self, unwanted: &[EventType], dialect: Dialect) -> Option<Self> {
        let wanted = EventType::deliverable().filter(|event_type| self.include(*event_type, dialect));
        let left: BTreeSet<_> = wanted.filter(|event_type| !unwanted.contains(event_type)).collect();
        (!left.is_empty()).then_some(Self::Only(left))
    }
}

impl Subscription {
    /// Most sources and most domains that a subscription may name.
    pub const MAX_FILTERS: usize = 50;

    fn wants(&self, webhook: WebhookId, event: &Event, dialect: Dialect) -> bool {
        let event_type = event.facts.event_type;
        // What could not be read is for its owner to look at.
        if event_type == EventType::Unparsed {
            return false;
        }
        let type_wanted = self.types.include(event_type, dialect);
        // These come from no source and are about no email, so the other conditions say nothing of them. None is owed to
        // the webhook that it is about: a receiver that is down would be told so again and again.
        if let Some(about) = &event.facts.about {
            return type_wanted && about.webhook != webhook;
        }
        let source_wanted =
            self.sources.is_empty() || event.source.is_some_and(|source| self.sources.contains(&source));
        let domain_wanted = self.domains.is_empty()
            || event.facts.sending_domain.as_ref().is_some_and(|domain| self.domains.contains(&domain.to_lowercase()));
        type_wanted && source_wanted && domain_wanted
    }
}

/// The secrets that sign: the current one, and for a while after a rotation the previous one beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecrets {
    /// The present secret.
    pub current: SigningSecret,
    /// The one before it, with the time until which it signs too.
    pub previous: Option<(SigningSecret, Timestamp)>,
}

impl SigningSecrets {
    /// The secrets that sign at `now`, current first.
    pub fn at(&self, now: Timestamp) -> Vec<&SigningSecret> {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.current).chain(previous).collect()
    }

    /// What receivers verify `v1a` signatures with, the present key first: none where the secrets are shared ones.
    pub fn public_keys(&self) -> Vec<PublishedKey> {
        let present = self.current.public_key().map(|key| PublishedKey { key, until: None });
        let former = self.previous.as_ref();
        let former =
            former.and_then(|(secret, until)| Some(PublishedKey { key: secret.public_key()?, until: Some(*until) }));
        present.into_iter().chain(former).collect()
    }

    /// Puts `new` first; the present secret keeps signing until `until`.
    #[must_use]
    pub fn rotated(self, new: SigningSecret, until: Timestamp) -> Self {
        Self { previous: Some((self.current, until)), current: new }
    }
}

/// The public half of a secret that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: PublicKey,
    /// Until when its secret signs; `None` for the present one.
    pub until: Option<Timestamp>,
}

impl PublishedKey {
    /// Whether its secret signs at `now`, as in [`SigningSecrets::at`].
    pub fn signs_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_wanted_no_more_and_everything_else_is() {
        let operational = || BTreeSet::from([EventType::DeliveryDead]);
        let unwanted = [EventType::Bounced, EventType::Failed];
        for (types, dialect) in [
            (WantedTypes::All, Dialect::Standard),
            (WantedTypes::AllAnd(operational()), Dialect::Standard),
            (WantedTypes::All, Dialect::Mailgun),
            (WantedTypes::All, Dialect::Mailtura),
            (WantedTypes::Only(BTreeSet::from([EventType::Bounced, EventType::Opened])), Dialect::Platform),
        ] {
            let left = types.without(&unwanted, dialect).unwrap();
            for event_type in EventType::deliverable() {
                let expected = types.include(event_type, dialect) && !unwanted.contains(&event_type);
                assert_eq!(left.include(event_type, dialect), expected, "{types:?} {}", event_type.as_str());
            }
        }
        let both = WantedTypes::Only(BTreeSet::from(unwanted));
        assert_eq!(both.without(&unwanted, Dialect::Mailgun), None);
    }
}
