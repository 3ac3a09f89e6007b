//! `POST /api/v1/events`: events that a tenant publishes itself.

use http::HeaderMap;
use lambda_http::Request;
use shared::access::{AccessError, Permission, authorise};
use shared::clock::random;
use shared::problem::Problem;
use shared::provider::own;
use shared::store::events::Put;

use crate::answer::{PublishedEvent, Success};
use crate::error::IngestError;
use crate::room::{Ingest, deadline};
use crate::{readable, span, store};

/// The header by which a sender names a request. A repeated request has the same name.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Maximum characters of an idempotency key.
const MAX_KEY: usize = 256;

pub(crate) async fn publish(request: &Request, room: &Ingest) -> Result<Success, IngestError> {
    let now = room.clock.now();
    // The key that is made at deploy time is only for management; this function does not know it.
    let caller = authorise(request.headers(), &room.api_key_lookup, &room.keys, None, now).await?;
    if let Some(tenant) = caller.tenant {
        span::note("tenant.id", tenant);
    }
    let tenant = caller.tenant_for(Permission::Publish)?;
    let allowed = room.tenants.get(tenant, now).await?;
    if allowed.as_ref().is_some_and(|tenant| tenant.suspended) {
        return Err(AccessError::TenantSuspended.into());
    }
    let request_key = idempotency_key(request.headers())?;
    let events = own::parse(request.body(), now).map_err(Problem::from)?;

    let single = events.len() == 1;
    let (pointers, events): (Vec<_>, Vec<_>) = events
        .into_iter()
        .enumerate()
        .map(|(index, mut event)| {
            let pointer = std::mem::take(&mut event.pointer);
            (pointer, event.keyed(|| key(request_key, (!single).then_some(index))).accept(tenant, None, now))
        })
        .unzip();
    if let [event] = events.as_slice() {
        span::note("event.id", event.id);
    }
    readable::or_refused(&events, &pointers).map_err(Problem::from)?;
    room.event_claims.take(allowed.as_ref(), events.len(), now).await?;
    let puts = store::put_all(&events, room, deadline(request)).await?;
    let published = events.iter().zip(puts);
    let published = published.map(|(event, put)| PublishedEvent {
        id: event.id.to_string(),
        duplicate: match put {
            Put::Stored => false,
            Put::AlreadyThere => true,
        },
    });
    Ok(Success::Published(published.collect()))
}

/// What identifies an event without an id of its own: the request's idempotency key and the event's position in the
/// request. Without an idempotency key the identity is random, so each request publishes a new event.
fn key(request_key: Option<&str>, index: Option<usize>) -> String {
    match (request_key, index) {
        (Some(key), None) => key.to_owned(),
        (Some(key), Some(index)) => format!("{key}#{index}"),
        (None, _) => format!("random-{:032x}", u128::from_be_bytes(random())),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=MAX_KEY).contains(&key.len()));
    key.map(Some).ok_or_else(|| {
        let detail = format!("`Idempotency-Key` must have 1 to {MAX_KEY} printable ASCII characters.");
        Problem::new(400, "idempotency-key-invalid", "Not an idempotency key", detail)
    })
}
