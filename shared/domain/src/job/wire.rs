//! A job as JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{TenantId, WebhookId};
use crate::rate_limit::{RateLimit, Slot};
use crate::stored_event::StoredEvent;

/// The version of jobs that this code writes.
pub(super) const VERSION: u64 = 1;
/// The member with the slot that a job waits for.
pub(super) const SLOT: &str = "slot";

/// `I` is the inline event: a [`StoredEvent`], or its JSON when the JSON is written once for many webhooks.
#[derive(Serialize, Deserialize)]
#[serde(bound(deserialize = "I: Deserialize<'de>"))]
pub(super) struct Wire<I = Box<StoredEvent>> {
    pub(super) v: u64,
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
    /// What this release does not know. It is flattened, because a newer release writes its fields next to ours.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// A slot in a rate limit's line.
#[derive(Serialize, Deserialize)]
pub(super) struct WireSlot {
    /// When the slot's second begins, in Unix seconds.
    at: i64,
    /// The limit under which the slot was claimed.
    rate: u32,
    /// The attempt that the slot is for.
    attempt: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    /// What this release does not know, as in [`Wire`].
    #[serde(flatten)]
    rest: Map<String, Value>,
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
            rest: Map::new(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl WireSlot {
    /// The slot, with the fields that this release does not know.
    pub(super) fn new(slot: &Slot, rest: Map<String, Value>) -> Self {
        Self {
            at: slot.begins_at.as_second(),
            rate: slot.limit.per_second(),
            attempt: slot.attempt,
            shared: slot.shared,
            rest,
        }
    }

    /// The slot, and the fields that this release does not know.
    pub(super) fn split(self) -> (Option<Slot>, Map<String, Value>) {
        (self.read(), self.rest)
    }

    fn read(&self) -> Option<Slot> {
        let begins_at = Timestamp::from_second(self.at).ok()?;
        Some(Slot { begins_at, limit: RateLimit::new(self.rate)?, attempt: self.attempt, shared: self.shared })
    }
}
