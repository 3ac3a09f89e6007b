//! A job as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{TenantId, WebhookId};
use crate::rate_limit::{RateLimit, Slot};
use crate::stored_event::StoredEvent;

/// The version of jobs that this code writes.
pub(super) const VERSION: u8 = 1;

/// `I` is the inline event: a [`StoredEvent`], or its JSON when the JSON is written once for many webhooks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "I: Deserialize<'de>"))]
pub(super) struct Wire<I = Box<StoredEvent>> {
    pub(super) v: u8,
    pub(super) kind: Kind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) tenant: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) webhook: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) round: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inline: Option<I>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) probe: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verification: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) resend: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) slot: Option<WireSlot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) recovery: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) page: u32,
}

/// A slot in a rate limit's line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSlot {
    /// When the slot's second begins, in Unix seconds.
    at: i64,
    /// The limit under which the slot was claimed.
    rate: u32,
    /// The attempt that the slot is for.
    attempt: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Deliver,
    Recover,
    Probe,
    Sweep,
    Recovery,
    Dispatch,
    Overdue,
    Verify,
}

impl<I> Wire<I> {
    pub(super) fn new(kind: Kind, tenant: TenantId, webhook: WebhookId) -> Self {
        Self { tenant: tenant.to_string(), webhook: webhook.to_string(), ..Self::of_no_webhook(kind) }
    }

    pub(super) fn of_no_webhook(kind: Kind) -> Self {
        Self {
            v: VERSION,
            kind,
            tenant: String::new(),
            webhook: String::new(),
            event: None,
            round: 0,
            inline: None,
            after: None,
            probe: None,
            verification: None,
            resend: false,
            slot: None,
            recovery: None,
            page: 0,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl From<&Slot> for WireSlot {
    fn from(slot: &Slot) -> Self {
        Self {
            at: slot.begins_at.as_second(),
            rate: slot.limit.per_second(),
            attempt: slot.attempt,
            shared: slot.shared,
        }
    }
}

impl WireSlot {
    pub(super) fn read(self) -> Option<Slot> {
        let begins_at = Timestamp::from_second(self.at).ok()?;
        Some(Slot { begins_at, limit: RateLimit::new(self.rate)?, attempt: self.attempt, shared: self.shared })
    }
}
