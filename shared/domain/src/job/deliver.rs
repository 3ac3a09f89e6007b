//! The job that delivers one event to one webhook.

use crate::delivery::{Delivery, DeliveryKey};
use crate::event::Event;
use crate::id::{EventId, TenantId, WebhookId};
use crate::rate_limit::Slot;
use crate::unknown_fields::UnknownFields;

/// Deliver one event to one webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliverJob {
    /// The tenant that owns webhook and event.
    pub tenant: TenantId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The event.
    pub event: EventId,
    /// The round of the delivery that the job belongs to. If the row has a later round, the job is obsolete.
    pub round: u32,
    /// The event, if it is small enough; otherwise it is read from the events table.
    pub inline: Option<Box<Event>>,
    /// Somebody asked for the event to be sent again, so it is attempted even if it was delivered before.
    pub resend: bool,
    /// The slot that the job waits for, if its webhook has a rate limit.
    pub slot: Option<Slot>,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

impl DeliverJob {
    /// The first job of a delivery: round 0, with the event inline if the event is small enough.
    pub fn first(webhook: WebhookId, event: &Event) -> Self {
        Self {
            tenant: event.tenant,
            webhook,
            event: event.id,
            round: 0,
            inline: Some(Box::new(event.clone())),
            resend: false,
            slot: None,
            unknown: UnknownFields::default(),
        }
    }

    /// The job that begins the next round of a held or dead delivery. A dead letter of the delivery is a job of the
    /// same round: the job that comes first claims the round, and the other one is obsolete.
    pub fn next_round(delivery: &Delivery) -> Self {
        Self {
            tenant: delivery.tenant,
            webhook: delivery.webhook,
            event: delivery.event,
            round: delivery.round.saturating_add(1),
            inline: None,
            resend: false,
            slot: None,
            unknown: UnknownFields::default(),
        }
    }

    /// The job of the round that a waiting or held delivery is in.
    pub fn same_round(delivery: &Delivery) -> Self {
        Self { round: delivery.round, ..Self::next_round(delivery) }
    }

    /// The job that is kept as the dead letter of this job: the same delivery in the next round, so that a redrive
    /// gives the delivery the full schedule again. A redrive sends again only what was not delivered, so the dead
    /// letter of a resend is not a resend.
    #[must_use]
    pub fn dead_letter(&self) -> Self {
        self.in_next_round()
    }

    /// The job that begins the next round of the job's delivery.
    #[must_use]
    pub fn in_next_round(&self) -> Self {
        Self { round: self.round.saturating_add(1), resend: false, slot: None, ..self.clone() }
    }

    /// The key of the delivery that the job is about.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { tenant: self.tenant, webhook: self.webhook, event: self.event }
    }
}
