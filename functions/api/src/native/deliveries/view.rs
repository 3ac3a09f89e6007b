//! A delivery as answers show it: in lists with its last attempt; in the answer about one delivery with all attempts
//! and what receivers answered. A list with all of these could be larger than the largest answer of Lambda.

use serde::Serialize;
use shared::delivery::{Attempt, Delivery, DeliveryState, Outcome, Target};
use shared::store::Readable;
use shared::store::deliveries::ListedDelivery;

use crate::http::page::ListEntry;

#[derive(Debug, Serialize)]
pub(crate) struct DeliveryView {
    webhook_id: String,
    event_id: String,
    event_type: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// How often the delivery was started again.
    round: u32,
    /// How many attempts this round has had.
    round_attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt: Option<AttemptView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<AttemptView>>,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct AttemptView {
    number: u32,
    round: u32,
    at: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    duration_ms: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Where the attempt ended, if not at the webhook's main URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    /// With `via`: how the attempt had ended at the main URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<MainView>,
}

#[derive(Debug, Serialize)]
struct MainView {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl From<Outcome> for MainView {
    fn from(outcome: Outcome) -> Self {
        Self { outcome: outcome.code(), status: outcome.status() }
    }
}

/// A delivery in a list. Its state and its other words are not shown if this release cannot read its row.
pub(crate) type DeliveryEntry = ListEntry<DeliveryView, UnreadableDeliveryView>;

/// What can be said of a delivery that this release cannot read.
#[derive(Debug, Serialize)]
pub(crate) struct UnreadableDeliveryView {
    webhook_id: String,
    event_id: String,
    unreadable: bool,
}

/// The entries of a list.
pub(crate) fn entries(deliveries: &[ListedDelivery]) -> Vec<DeliveryEntry> {
    let entry = |listed: &ListedDelivery| match listed {
        Readable::Read(delivery) => ListEntry::Readable(DeliveryView::brief(delivery)),
        Readable::Unreadable(key) => ListEntry::Unreadable(UnreadableDeliveryView {
            webhook_id: key.webhook.to_string(),
            event_id: key.event.to_string(),
            unreadable: true,
        }),
    };
    deliveries.iter().map(entry).collect()
}

impl DeliveryView {
    /// For lists.
    fn brief(delivery: &Delivery) -> Self {
        let last_attempt = delivery.attempts.last().map(|last| AttemptView { answer: None, ..attempt_view(last) });
        Self { last_attempt, ..view(delivery) }
    }

    /// For the answer about this one delivery.
    pub(super) fn whole(delivery: &Delivery) -> Self {
        Self { attempts: Some(delivery.attempts.iter().map(attempt_view).collect()), ..view(delivery) }
    }
}

fn view(delivery: &Delivery) -> DeliveryView {
    let (next_attempt_at, reason) = match delivery.state {
        DeliveryState::Waiting { next_attempt_at } => (Some(next_attempt_at.to_string()), None),
        DeliveryState::Dead { reason } => (None, Some(reason.as_str())),
        DeliveryState::Delivered | DeliveryState::Held | DeliveryState::Discarded => (None, None),
    };
    DeliveryView {
        webhook_id: delivery.webhook.to_string(),
        event_id: delivery.event.to_string(),
        event_type: delivery.event_type.as_str(),
        state: delivery.state.as_str(),
        next_attempt_at,
        reason,
        round: delivery.round,
        round_attempts: delivery.round_attempts,
        last_attempt: None,
        attempts: None,
        updated_at: delivery.updated_at.to_string(),
    }
}

fn attempt_view(attempt: &Attempt) -> AttemptView {
    let (via, main) = match attempt.target {
        Target::Primary => (None, None),
        Target::Backup { primary: main } => (Some("backup"), Some(main.into())),
    };
    AttemptView {
        number: attempt.number,
        round: attempt.round,
        at: attempt.at.to_string(),
        outcome: attempt.outcome.code(),
        status: attempt.outcome.status(),
        duration_ms: attempt.duration_ms,
        address: attempt.address.clone(),
        answer: attempt.answer.clone(),
        via,
        main,
    }
}
