//! A delivery's stored item. Its names are short, so that an item stays below one write unit on its first attempt.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::store::Readable;
use domain::delivery::{Attempt, DeadReason, Delivery, DeliveryKey, DeliveryState, Outcome, Target};
use domain::event::EventType;
use domain::id::TenantId;

/// The version of items that this code writes.
pub(super) const VERSION: u8 = 1;

/// The attributes of an item that [`delivery_in`] reads, except the attempts.
pub(super) const WITHOUT_ATTEMPTS: [&str; 11] =
    ["v", "tenant", "webhook", "event", "type", "state", "next", "reason", "round", "n", "updated"];

#[derive(Deserialize)]
struct DeliveryItem {
    tenant: String,
    webhook: String,
    event: String,
    r#type: String,
    state: String,
    #[serde(default)]
    next: Option<i64>,
    #[serde(default)]
    reason: Option<String>,
    round: u32,
    n: u32,
    #[serde(default)]
    attempts: Vec<AttemptItem>,
    updated: i64,
}

#[derive(Serialize, Deserialize)]
struct AttemptItem {
    n: u32,
    r: u32,
    at: i64,
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    ms: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// Present if the attempt ended at the backup URL: how the request to the main URL ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    main: Option<MainItem>,
}

#[derive(Serialize, Deserialize)]
struct MainItem {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// An attempt as a list element.
pub(super) fn attempt_value(attempt: &Attempt) -> Result<AttributeValue, StoreError> {
    let item = AttemptItem {
        n: attempt.number,
        r: attempt.round,
        at: attempt.at.as_millisecond(),
        code: attempt.outcome.code().to_owned(),
        status: attempt.outcome.status(),
        ms: attempt.duration_ms,
        ip: attempt.address.clone(),
        answer: attempt.answer.clone(),
        main: match attempt.target {
            Target::Primary => None,
            Target::Backup { primary: main } => Some(MainItem { code: main.code().to_owned(), status: main.status() }),
        },
    };
    serde_dynamo::to_attribute_value(item).map_err(StoreError::unreadable)
}

/// The delivery in a row of a list. `None` if the row belongs to another tenant than `tenant`.
pub(super) fn entry_in(
    tenant: TenantId,
    row: HashMap<String, AttributeValue>,
) -> Result<Option<Readable<Delivery, DeliveryKey>>, StoreError> {
    let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok());
    if text("tenant").is_none_or(|owner| *owner != tenant.to_string()) {
        return Ok(None);
    }
    // These ids are the row's key as well.
    let key = text("webhook").zip(text("event"));
    let key = key.and_then(|(webhook, event)| {
        Some(DeliveryKey { tenant, webhook: webhook.parse().ok()?, event: event.parse().ok()? })
    });
    let Some(key) = key else {
        tracing::warn!("a row of the deliveries table names no delivery; it is left out");
        return Ok(None);
    };
    Readable::of(key, delivery_in(row)).map(Some)
}

/// The delivery in an item.
pub(super) fn delivery_in(item: HashMap<String, AttributeValue>) -> Result<Delivery, StoreError> {
    let version = item.get("v").and_then(|version| version.as_n().ok()?.parse::<u64>().ok());
    if version.is_some_and(|version| version > u64::from(VERSION)) {
        return Err(StoreError::unreadable("a newer release has written the row"));
    }
    let item: DeliveryItem = serde_dynamo::from_item(item).map_err(StoreError::unreadable)?;
    let state = state(&item)?;
    Ok(Delivery {
        tenant: item.tenant.parse().map_err(StoreError::unreadable)?,
        webhook: item.webhook.parse().map_err(StoreError::unreadable)?,
        event: item.event.parse().map_err(StoreError::unreadable)?,
        event_type: EventType::from_stored(&item.r#type).map_err(StoreError::unreadable)?,
        state,
        round: item.round,
        round_attempts: item.n,
        attempts: item.attempts.into_iter().map(attempt_in).collect::<Result<_, _>>()?,
        updated_at: millis(item.updated)?,
    })
}

fn state(item: &DeliveryItem) -> Result<DeliveryState, StoreError> {
    let reason = item.reason.as_deref().and_then(DeadReason::from_word);
    Ok(match (item.state.as_str(), item.next, reason) {
        ("waiting", Some(next), _) => DeliveryState::Waiting { next_attempt_at: millis(next)? },
        ("delivered", _, _) => DeliveryState::Delivered,
        ("dead", _, Some(reason)) => DeliveryState::Dead { reason },
        ("held", _, _) => DeliveryState::Held,
        ("discarded", _, _) => DeliveryState::Discarded,
        _ => return Err(StoreError::unreadable("a delivery state that this version does not know")),
    })
}

fn attempt_in(item: AttemptItem) -> Result<Attempt, StoreError> {
    let outcome = outcome_in(&item.code, item.status)?;
    let target = match item.main {
        None => Target::Primary,
        Some(main) => Target::Backup { primary: outcome_in(&main.code, main.status)? },
    };
    Ok(Attempt {
        number: item.n,
        round: item.r,
        at: millis(item.at)?,
        outcome,
        duration_ms: item.ms,
        address: item.ip,
        answer: item.answer,
        target,
    })
}

fn outcome_in(code: &str, status: Option<u16>) -> Result<Outcome, StoreError> {
    Outcome::from_stored(code, status)
        .ok_or_else(|| StoreError::unreadable("an outcome that this version does not know"))
}

fn millis(stored: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(stored).map_err(StoreError::unreadable)
}
