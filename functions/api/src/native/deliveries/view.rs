//! A delivery as it is shown: in lists with its last attempt, alone with all of them and what receivers answered.
//! A list with all answers could be larger than what Lambda may answer.

use serde::Serialize;
use shared::delivery::{Attempt, Delivery, DeliveryState, Outcome, Via};

#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    webhook_id: String,
    event_id: String,
    event_type: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// How often it was started anew.
    round: u32,
    /// Attempts of this round.
    round_attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt: Option<ShownAttempt>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<ShownAttempt>>,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct ShownAttempt {
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
    /// Where it ended, if not at the webhook's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    /// With `via`: how it had ended at the webhook's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<ShownMain>,
}

#[derive(Debug, Serialize)]
struct ShownMain {
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl From<Outcome> for ShownMain {
    fn from(outcome: Outcome) -> Self {
        Self { outcome: outcome.code(), status: outcome.status() }
    }
}

impl Shown {
    /// For lists.
    pub(crate) fn brief(delivery: &Delivery) -> Self {
        let last_attempt = delivery.attempts.last().map(|last| ShownAttempt { answer: None, ..shown_attempt(last) });
        Self { last_attempt, ..shown(delivery) }
    }

    /// Alone.
    pub(super) fn whole(delivery: &Delivery) -> Self {
        Self { attempts: Some(delivery.attempts.iter().map(shown_attempt).collect()), ..shown(delivery) }
    }
}

fn shown(delivery: &Delivery) -> Shown {
    let (next_attempt_at, reason) = match delivery.state {
        DeliveryState::Waiting { next_attempt_at } => (Some(next_attempt_at.to_string()), None),
        DeliveryState::Dead { reason } => (None, Some(reason.as_str())),
        DeliveryState::Delivered | DeliveryState::Held | DeliveryState::Discarded => (None, None),
    };
    Shown {
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

fn shown_attempt(attempt: &Attempt) -> ShownAttempt {
    let (via, main) = match attempt.via {
        Via::Main => (None, None),
        Via::Backup { main } => (Some("backup"), Some(main.into())),
    };
    ShownAttempt {
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
