//! `POST /api/v1/webhooks/{webhook_id}/test`: a test event is delivered like any other event, from the queue on. It is
//! not stored with the tenant's events; its delivery is listed like any other.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::access::tenant_suspended;
use shared::clock::random;
use shared::event::EventType;
use shared::id::WebhookId;
use shared::problem::Problem;
use shared::queue::Outgoing;
use shared::queue::job::Job;
use shared::webhook::{Webhook, WebhookStatus};

use super::test_event::test_event;
use crate::http::body::{Fields, parsed};
use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::native::deliveries::Accepted;
use crate::noun::Noun;
use crate::problem::webhook_pending;
use crate::room::Api;
use crate::span;

/// The field's name in the API whose clients this operation is compatible with.
const CAMEL: &str = "eventType";
/// The field's name in the style of our own API.
const SNAKE: &str = "event_type";

pub(super) async fn test(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let field = if body.has(SNAKE) { SNAKE } else { CAMEL };
    let name = body.required(field, parsed::<String>);
    let name = body.finish(|| name)?;
    let webhook = api.webhooks.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Webhook))?;
    let event_type = type_named(&webhook, &name).map_err(|errors| errors.below(&format!("/{field}")))?;
    let is_suspended = api.tenants.get(tenant).await?.is_some_and(|tenant| tenant.suspended);
    refuse_held(&webhook, is_suspended)?;

    let event = test_event(event_type, tenant, api.now(), &format!("test-{}", hex_of(random())));
    span::note(Noun::Event, event.id);
    for result in api.jobs.send(&[Outgoing::now(&Job::first(id, &event))]).await {
        result?;
    }
    Ok((StatusCode::ACCEPTED, Json(Accepted::new(id, event.id))))
}

/// The first type that `name` stands for in the webhook's dialect. The webhook need not be subscribed to it.
fn type_named(webhook: &Webhook, name: &str) -> Result<EventType, FieldErrors> {
    let dialect = webhook.dialect;
    dialect.types_named(name).first().copied().ok_or_else(|| {
        let known = dialect.known_names().join(", ");
        format!("the dialect `{}` has no such event type; it has: {known}", dialect.as_str()).into()
    })
}

/// Refuses a webhook that holds its deliveries. When a held delivery is released, its event is read from the events
/// table, and a test event is not stored there.
fn refuse_held(webhook: &Webhook, is_suspended: bool) -> Result<(), Problem> {
    if is_suspended {
        return Err(tenant_suspended(409));
    }
    match webhook.status {
        WebhookStatus::Disabled { .. } => {
            let detail = "Deliveries to this webhook are held. Enable the webhook first, then test it.";
            Err(Problem::new(409, "webhook-disabled", "The webhook is disabled", detail))
        }
        WebhookStatus::Enabled if webhook.paused => {
            let detail = "Deliveries to this webhook are held. Set its `paused` to false first, then test it.";
            Err(Problem::new(409, "webhook-paused", "The webhook is paused", detail))
        }
        WebhookStatus::Enabled if webhook.is_pending() => Err(webhook_pending(
            "Nothing is delivered to this webhook before its new URL has answered a challenge; `verification` shows the \
             last one. Make the URL answer, and POST to `/verify`; then test it.",
        )),
        WebhookStatus::Enabled => Ok(()),
    }
}

fn hex_of(random: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(random))
}
