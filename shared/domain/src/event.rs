//! The one event model that every provider's report is turned into.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::id::{EventId, SourceId, TenantId};
use crate::words::closed_words;

mod about;
mod event_type;
mod example;
mod provider;

pub use about::{About, GivenUp, What};
pub use event_type::{EventType, UnknownEventType};
pub use example::example;
pub use provider::Provider;

/// A fact about an email or a subscriber, owned by a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Derived from tenant, source and provider event key; also the receivers' idempotency key.
    pub id: EventId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The source that it came in by; `None` for events that the tenant published itself.
    pub source: Option<SourceId>,
    /// When we took it in.
    pub accepted_at: Timestamp,
    /// Made up by `POST …/test`; receivers see that it is.
    pub test: bool,
    /// What happened.
    pub facts: Facts,
}

impl Event {
    /// Gives `facts` an owner and the id that follows from both.
    pub fn accept(facts: Facts, tenant: TenantId, source: Option<SourceId>, now: Timestamp) -> Self {
        let id = EventId::derive(facts.occurred_at, tenant, source, &facts.provider_event_id);
        Self { id, tenant, source, accepted_at: now, test: false, facts }
    }
}

/// What a provider, or the tenant's own sender, says happened. Absent means not said.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The canonical type.
    pub event_type: EventType,
    /// Who says so.
    pub provider: Provider,
    /// The provider's own name for the type, as received.
    pub provider_event: String,
    /// The sender's own id for this event, or a synthetic one (`providers.md` 1.4); deduplicates within a source.
    pub provider_event_id: String,
    /// When it happened, by the provider's clock.
    pub occurred_at: Timestamp,
    /// The address that it is about, without a display name.
    pub recipient: Option<Recipient>,
    /// The id of the email itself, without angle brackets.
    pub email_message_id: Option<String>,
    /// The domain that the email was sent from.
    pub sending_domain: Option<String>,
    /// Who the email is from, as its header says, display name included.
    pub from: Option<String>,
    /// The email's subject.
    pub subject: Option<String>,
    /// The provider's or sender's campaign.
    pub campaign_id: Option<String>,
    /// The sender's id for the recipient.
    pub subscriber_id: Option<String>,
    /// Labels of the email, in the provider's order.
    pub tags: Vec<String>,
    /// The sender's own fields.
    pub metadata: Map<String, Value>,
    /// For bounces: what kind.
    pub bounce_type: Option<BounceType>,
    /// For rejections and failures: why.
    pub reject_reason: Option<RejectReason>,
    /// The SMTP reply code, as in 550.
    pub smtp_code: Option<u16>,
    /// The enhanced status code of RFC 3463, as in `5.1.1`.
    pub enhanced_code: Option<String>,
    /// The text that explains it, as received.
    pub diagnostic: Option<String>,
    /// Which of the provider's attempts to hand the email over this came of, from 1.
    pub attempt: Option<u32>,
    /// The provider's id of the list that it is about.
    pub list_id: Option<String>,
    /// For clicks: the link.
    pub url: Option<String>,
    /// For opens, clicks, unsubscribes: who did it with what.
    pub client: Client,
    /// For operational events: what became of which webhook.
    pub about: Option<About>,
    /// What was received of the provider; `None` where there is no provider.
    pub raw: Option<Raw>,
}

/// What a provider sent, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// The provider's own event object, as received.
    Whole(String),
    /// The object was over [`RAW_LIMIT`] and is not kept.
    Dropped {
        /// How many bytes it had.
        bytes: usize,
    },
    /// What could not be read as an event: its first [`UNPARSED_LIMIT`] bytes.
    Body {
        /// The bytes.
        kept: Vec<u8>,
        /// How many there were.
        bytes: usize,
    },
}

/// The provider's own object is kept up to this many bytes (16 KiB): enough for every documented event, and small
/// enough that a row stays within a few write units.
pub const RAW_LIMIT: usize = 16 * 1024;

/// What cannot be read is kept up to this many bytes (256 KiB), which fit into a row of at most 400 KB also when they
/// must be written as base64.
pub const UNPARSED_LIMIT: usize = 256 * 1024;

/// Maximum levels of arrays and objects in one metadata value (124). Reason: `serde_json` reads 127 levels, and a job has
/// three of its own around the value: the job, the event, the metadata. A stored event has two.
pub const METADATA_NESTING: usize = 124;

impl Facts {
    /// Facts of which only the indispensable is known.
    pub fn new(
        event_type: EventType,
        provider: Provider,
        provider_event: impl Into<String>,
        provider_event_id: impl Into<String>,
        occurred_at: Timestamp,
    ) -> Self {
        Self {
            event_type,
            provider,
            provider_event: provider_event.into(),
            provider_event_id: provider_event_id.into(),
            occurred_at,
            recipient: None,
            email_message_id: None,
            sending_domain: None,
            from: None,
            subject: None,
            campaign_id: None,
            subscriber_id: None,
            tags: Vec::new(),
            metadata: Map::new(),
            bounce_type: None,
            reject_reason: None,
            smtp_code: None,
            enhanced_code: None,
            diagnostic: None,
            attempt: None,
            list_id: None,
            url: None,
            client: Client::default(),
            about: None,
            raw: None,
        }
    }
}

/// A recipient's address: personal data, printed masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(String);

impl Recipient {
    /// Takes an address as received; `None` when nothing is left after trimming.
    pub fn new(address: &str) -> Option<Self> {
        let address = address.trim();
        (!address.is_empty()).then(|| Self(address.to_owned()))
    }

    /// The address itself, for storage and delivery, never for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(masked)")
    }
}

/// What reported an open or a click.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// As text: providers redact it to things that are no address.
    pub ip: Option<String>,
    /// The user agent header.
    pub user_agent: Option<String>,
    /// The program, by the provider's judgement, as in `Chrome`.
    pub name: Option<String>,
    /// The operating system, likewise, as in `OS X`.
    pub os: Option<String>,
    /// What kind of device, in the provider's words, as in `desktop`.
    pub device: Option<String>,
    /// Where the provider thinks it was.
    pub geo: Geo,
    /// A machine, not a person, opened it, by the provider's judgement.
    pub machine: Option<bool>,
}

/// A place, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Geo {
    /// Country, usually as ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Region or state.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
}

closed_words!(
    /// What kind of bounce (`providers.md` 1.1).
    BounceType {
        /// Do not mail this address again.
        Hard = "hard",
        /// Refused for now: policy, reputation, content, a full mailbox.
        Soft = "soft",
        /// The provider does not say.
        Undetermined = "undetermined",
    }
);

closed_words!(
    /// Why a provider did not attempt an email (`providers.md` 1.1).
    RejectReason {
        /// An earlier bounce.
        Bounced = "bounced",
        /// An earlier complaint.
        Complained = "complained",
        /// The recipient unsubscribed.
        Unsubscribed = "unsubscribed",
        /// On a suppression list, cause unknown.
        Suppressed = "suppressed",
        /// The address cannot be valid.
        Invalid = "invalid",
        /// Blocked by the provider.
        Blocked = "blocked",
        /// Its content was refused.
        Content = "content",
        /// A rule of the provider.
        Policy = "policy",
        /// Gave up waiting.
        TimedOut = "timed_out",
        /// A quota is used up.
        Quota = "quota",
        /// The template could not be rendered.
        Rendering = "rendering",
        /// Anything else.
        Other = "other",
    }
);
