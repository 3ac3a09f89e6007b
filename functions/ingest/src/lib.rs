//! The ingest room: bound the body, find the source, verify the raw bytes, normalise, store, and only then answer.
//!
//! It sends no job: the events table's stream hands stored events on. It calls only Amazon SNS, for certificates and to
//! confirm subscriptions. A sender that is answered 200 may forget the events; any other sender sends them again, and a
//! repeated event meets its stored row.
//!
//! The modules stand bottom up: each uses only those above it.

use std::convert::Infallible;
use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::audit::Audit;
use shared::clock::random;
use shared::provider::MAX_PROVIDER_BODY;
use tracing::Instrument as _;

mod span;
mod error;
mod answer;
mod ingest_key;
mod sns;
mod tenant_cache;
mod event_claims;
mod room;
mod sources;
mod readable;
mod store;
mod own_events;
mod provider_post;

pub use room::Ingest;

use answer::Success;
use error::IngestError;
use room::deadline;

/// Maximum bytes of a body of own events (1 MiB). Reason: their sender can split a larger one.
const MAX_OWN_BODY_BYTES: usize = 1024 * 1024;

/// How long before Lambda ends the function a request is given up and answered. Reason: the answer takes milliseconds,
/// and without one a sender learns nothing. Storing stops earlier, so that the answer can say how much is stored.
const ANSWER_MARGIN: SignedDuration = SignedDuration::from_millis(500);

/// Receives one request and answers it; errors are `application/problem+json`.
pub async fn handle(request: Request, room: &Ingest) -> Result<Response<Body>, Infallible> {
    let id = request_id(&request);
    let result = carry_out(&request, room).instrument(span::of_request(&id)).await;
    Ok(answer::response(result, &request, &id))
}

/// Carries the request out while there is time, and logs if that failed.
async fn carry_out(request: &Request, room: &Ingest) -> Result<Success, IngestError> {
    let result = match tokio::time::timeout(time_left(request, room), route(request, room)).await {
        Ok(result) => result,
        Err(_elapsed) => Err(provider_post::out_of_time(request)),
    };
    result.inspect_err(|error| {
        error.log();
        if let Some(status) = error.refused_key() {
            Audit::of(request, operation(request)).refused(status);
        }
    })
}

/// The request's route for the audit trail. It is not the path, which may hold an ingest key.
fn operation(request: &Request) -> &'static str {
    match request.uri().path().trim_matches('/') {
        "api/v1/events" => "POST /api/v1/events",
        "api/webhooks" => "POST /api/webhooks",
        _ => "POST /api/webhooks/{ingest_key}",
    }
}

async fn route(request: &Request, room: &Ingest) -> Result<Success, IngestError> {
    let path = request.uri().path();
    let limit = if path.starts_with("/api/v1/") { MAX_OWN_BODY_BYTES } else { MAX_PROVIDER_BODY };
    if request.body().len() > limit {
        return Err(error::too_large(limit).into());
    }
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (request.method(), segments.as_slice()) {
        // The answer is the same for every key, so that a probe does not disclose which keys exist.
        (&Method::GET | &Method::HEAD, ["api", "webhooks", _]) => Ok(Success::Alive),
        (&Method::POST, ["api", "webhooks", key]) => provider_post::by_path(key, request, room).await,
        (&Method::POST, ["api", "webhooks"]) => provider_post::by_header(request, room).await,
        (&Method::POST, ["api", "v1", "events"]) => own_events::publish(request, room).await,
        (_, ["api", "webhooks", _]) => Err(IngestError::Method("GET, HEAD, POST")),
        (_, ["api", "webhooks"] | ["api", "v1", "events"]) => Err(IngestError::Method("POST")),
        _ => Err(error::unknown_path().into()),
    }
}

/// How long `request` may take.
fn time_left(request: &Request, room: &Ingest) -> Duration {
    let end = deadline(request).saturating_sub(ANSWER_MARGIN).unwrap_or(Timestamp::MAX);
    end.duration_since(room.clock.now()).max(SignedDuration::ZERO).unsigned_abs()
}

/// Lambda's id of the invocation, so that the logs of an answer can be found.
fn request_id(request: &Request) -> String {
    let of_lambda = request.lambda_context_ref().map(|context| context.request_id.clone());
    of_lambda.unwrap_or_else(|| format!("req_{:032x}", u128::from_be_bytes(random())))
}
