//! What a provider or a sender says about an event.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{About, BounceType, Client, EventType, Provider, Raw, Recipient, RejectReason};

/// Maximum levels of arrays and objects in one metadata value (124). Reason: `serde_json` reads 127 levels, and a job
/// has three levels of its own around the value: the job, the event, the metadata. A stored event has two.
pub const METADATA_NESTING: usize = 124;

/// Maximum bytes of an event's row (400 KB, where a KB is 1,024 bytes). Reason: `DynamoDB` takes no larger item.
pub const MAX_ROW_BYTES: usize = 400 * 1024;

/// What a provider, or the tenant's own sender, reports about an event. A field is absent if the report did not contain
/// it.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The canonical type.
    pub event_type: EventType,
    /// The provider that reports the event.
    pub provider: Provider,
    /// The provider's own name for the type, as received.
    pub provider_event: String,
    /// The sender's own id for this event, or a synthetic id (`provider/synthetic_id.rs`). Events with equal ids within
    /// one source are duplicates.
    pub provider_event_id: String,
    /// When the event happened, by the provider's clock.
    pub occurred_at: Timestamp,
    /// The recipient's address, without a display name.
    pub recipient: Option<Recipient>,
    /// The id of the email itself, without angle brackets.
    pub email_message_id: Option<String>,
    /// The domain that the email was sent from.
    pub sending_domain: Option<String>,
    /// The sender of the email as in its `From` header, including the display name.
    pub from: Option<String>,
    /// The email's subject.
    pub subject: Option<String>,
    /// The campaign, by the provider's or sender's name for it.
    pub campaign_id: Option<String>,
    /// The sender's id for the recipient.
    pub subscriber_id: Option<String>,
    /// Labels of the email, in the provider's order.
    pub tags: Vec<String>,
    /// The sender's own fields.
    pub metadata: Map<String, Value>,
    /// For bounces: the kind.
    pub bounce_type: Option<BounceType>,
    /// For rejections and failures: the reason.
    pub reject_reason: Option<RejectReason>,
    /// The SMTP reply code, as in 550.
    pub smtp_code: Option<u16>,
    /// The enhanced status code of RFC 3463, as in `5.1.1`.
    pub enhanced_code: Option<String>,
    /// The text that explains the code, as received.
    pub diagnostic: Option<String>,
    /// The number of the provider's attempt that this event reports, from 1.
    pub attempt: Option<u32>,
    /// The provider's id of the mailing list.
    pub list_id: Option<String>,
    /// For clicks: the link.
    pub url: Option<String>,
    /// For opens, clicks and unsubscribes: the client.
    pub client: Client,
    /// For operational events: the webhook, and what happened to it.
    pub about: Option<About>,
    /// What the provider sent; `None` for events without a provider.
    pub raw: Option<Raw>,
}

impl Facts {
    /// Facts with only the mandatory fields.
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

    /// Facts that mailhooks itself reports. `key` tells this change from every other change of its type.
    pub fn of_change(about: About, key: impl Into<String>, at: Timestamp) -> Self {
        let event_type = about.what.event_type();
        let facts = Self::new(event_type, Provider::Mailhooks, event_type.as_str(), key, at);
        Self { about: Some(about), ..facts }
    }
}
