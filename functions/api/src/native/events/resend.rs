//! `POST /api/v1/events/{event_id}/resend`: delivers one event to one webhook again, with a full schedule. The event
//! may have been delivered already, and the webhook need not be subscribed to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::event::EventType;
use shared::id::{EventId, WebhookId};
use shared::problem::Problem;
use shared::queue::Outgoing;
use shared::queue::job::{DeliverJob, Job};
use shared::unknown_fields::UnknownFields;

use crate::http::body::{Fields, parsed};
use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::native::deliveries::Accepted;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

pub(super) async fn resend(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<EventId>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let webhook = body.required("webhook_id", parsed::<WebhookId>);
    let webhook = body.finish(|| webhook)?;
    span::note(Noun::Webhook, webhook);
    let event = api.events.get_or_kept(tenant, id).await?.ok_or_else(|| not_found(Noun::Event))?;
    if event.facts.event_type == EventType::Unparsed {
        let detail = "This event is a body that could not be read. It has nothing that could be delivered.";
        return Err(Problem::new(409, "event-unparsed", "Not an event", detail).into());
    }
    if api.webhooks.get(tenant, webhook).await?.is_none() {
        return Err(FieldErrors::at("/webhook_id", "no such webhook").into());
    }
    let row = api.deliveries.get(tenant, webhook, id).await?;
    let job = DeliverJob {
        tenant,
        webhook,
        event: id,
        // A job that is under way belongs to the round before this one, and is obsolete from now on.
        round: row.map_or(1, |row| row.round.saturating_add(1)),
        inline: Some(Box::new(event)),
        resend: true,
        slot: None,
        unknown: UnknownFields::default(),
    };
    for result in api.jobs.send(&[Outgoing::now(&Job::Deliver(job))]).await {
        result?;
    }
    Ok((StatusCode::ACCEPTED, Json(Accepted::new(webhook, id))))
}
