//! The events that mailhooks itself reports: what happened to a webhook or to one of its deliveries.
//!
//! Only a change of state raises such an event. The event is written in the transaction of its change, so that neither
//! is written without the other.

use jiff::Timestamp;

use crate::breaker::{ClosedReason, Open};
use crate::event::{About, Event, Facts, GivenUp, What};
use crate::id::EventId;
use crate::unknown_fields::UnknownFields;
use crate::webhook::{DisabledReason, VerificationId, Webhook, WebhookStatus};

/// A breaker opened.
pub fn opened(webhook: &Webhook, open: &Open, now: Timestamp) -> Event {
    event(webhook, What::Opened { since: open.since }, open.probe.as_str(), now)
}

/// The breaker of the outage `open` closed.
pub fn closed(webhook: &Webhook, open: &Open, reason: ClosedReason, now: Timestamp) -> Event {
    event(webhook, What::Closed { since: open.since, reason }, open.probe.as_str(), now)
}

/// A webhook was disabled, because its receiver demanded it or because its attempts have failed `since`.
pub fn disabled(webhook: &Webhook, reason: DisabledReason, since: Option<Timestamp>, now: Timestamp) -> Event {
    event(webhook, What::Disabled { since, reason }, &webhook.revision.to_string(), now)
}

/// The new URLs of a webhook have answered, which was pending `since`.
pub fn verified(webhook: &Webhook, id: &VerificationId, since: Timestamp, now: Timestamp) -> Event {
    event(webhook, What::Verified { since }, id.as_str(), now)
}

/// The events for a tenant's own change of a webhook from `before` to `after`: one if the change affected the status,
/// and one if the webhook became pending or is pending no longer.
pub fn changed(before: &Webhook, after: &Webhook, now: Timestamp) -> Vec<Event> {
    status_changed(before, after, now).into_iter().chain(consent_changed(before, after, now)).collect()
}

fn status_changed(before: &Webhook, after: &Webhook, now: Timestamp) -> Option<Event> {
    match (before.status, after.status) {
        (WebhookStatus::Enabled, WebhookStatus::Disabled { reason }) => Some(disabled(after, reason, None, now)),
        (WebhookStatus::Disabled { .. }, WebhookStatus::Enabled) => {
            Some(event(after, What::Enabled, &after.revision.to_string(), now))
        }
        (WebhookStatus::Enabled, WebhookStatus::Enabled)
        | (WebhookStatus::Disabled { .. }, WebhookStatus::Disabled { .. }) => None,
    }
}

fn consent_changed(before: &Webhook, after: &Webhook, now: Timestamp) -> Option<Event> {
    match (&before.verification, &after.verification) {
        (_, Some(asked)) if after.is_pending() && !before.is_pending() => {
            Some(event(after, What::Pending, asked.id.as_str(), now))
        }
        // The new URL was taken away, or the operator asks for no consent any more.
        (Some(asked), _) if before.is_pending() && !after.is_pending() => {
            Some(verified(after, &asked.id, asked.since, now))
        }
        _ => None,
    }
}

/// A delivery was given up in its round `round`. `None` for a delivery of an operational event: otherwise two failing
/// webhooks that subscribe to each other could cause an endless loop.
pub fn given_up(webhook: &Webhook, given_up: GivenUp, round: u32, now: Timestamp) -> Option<Event> {
    let is_ordinary = !given_up.event_type.is_operational();
    is_ordinary.then(|| event(webhook, What::Dead(given_up), &format!("{}#{round}", given_up.event), now))
}

/// An event about a webhook. `change` tells this change from every other change of its type and webhook.
fn event(webhook: &Webhook, what: What, change: &str, now: Timestamp) -> Event {
    let about = About { webhook: webhook.id, description: webhook.description.clone(), what };
    let now = to_the_millisecond(now);
    let key = format!("{}/{}/{change}", what.event_type().as_str(), webhook.id);
    // The line break cannot occur in the event id of a tenant's own event, so no own event can get the same id.
    let id = EventId::derive(now, webhook.tenant, None, &format!("\n{key}"));
    let facts = Facts::of_change(about, key, now);
    Event {
        id,
        tenant: webhook.tenant,
        source: None,
        accepted_at: now,
        test: false,
        facts,
        unknown: UnknownFields::default(),
    }
}

/// Cuts a time to milliseconds, because an id has no finer ones.
fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
