//! `POST /api/v1/events/{event_id}/resend`: one event to one webhook again, with a full schedule, also when it was
//! delivered, whether or not the webhook is subscribed to it

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::event::EventType;
use shared::id::{EventId, WebhookId};
use shared::problem::{Fault, Problem};
use shared::queue::Outgoing;
use shared::queue::job::{Deliver as DeliverJob, Job};

use crate::http::body::{Fields, parsed};
use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::native::deliveries::Accepted;
use crate::room::Api;

pub(super) async fn resend(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<EventId>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Accepted>), Refusal> {
    let webhook = body.required("webhook_id", parsed::<WebhookId>);
    let webhook = body.finish(webhook)?;
    let event = api.events.get_or_kept(tenant, id).await?.ok_or_else(|| not_found("event"))?;
    if event.facts.event_type == EventType::Unparsed {
        let detail = "The event is a body that could not be read; there is nothing in it that could be delivered.";
        return Err(Problem::new(409, "event-unparsed", "Not an event", detail).into());
    }
    if api.registry.get_webhook(tenant, webhook).await?.is_none() {
        return Err(Problem::invalid(vec![Fault::new("/webhook_id", "no such webhook")]).into());
    }
    let row = api.deliveries.get(tenant, webhook, id).await?;
    let job = DeliverJob {
        tenant,
        webhook,
        event: id,
        // What is under way is of the round before, and void from now on.
        round: row.map_or(1, |row| row.round.saturating_add(1)),
        inline: Some(Box::new(event)),
        resend: true,
        slot: None,
    };
    for result in api.jobs.send(&[Outgoing::now(&Job::Deliver(job))]).await {
        result?;
    }
    Ok((StatusCode::ACCEPTED, Json(Accepted::new(webhook, id))))
}
