//! The ingest room: bound the body, find out whose it is, verify the raw bytes, normalise, store, and only then answer.
//!
//! It enqueues nothing, and calls nobody but Amazon SNS, for its certificates and to confirm subscriptions: the events table's stream takes it from there. Whoever was answered 200 may
//! forget the event; whoever was not sends it again, and a repeat meets the stored row.

use std::convert::Infallible;
use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{Body, Request, RequestExt as _, Response};
use shared::aws::SdkConfig;
use shared::cache::Cache;
use shared::clock::{Clock, random};
use shared::config;
use shared::id::KeyId;
use shared::outbound::Outbound;
use shared::source::{IngestKeyHash, Source};
use shared::store::{Events, Registry};
use shared::tenant::ApiKey;

mod answer;
mod ingest_key;
mod own_events;
mod provider_post;
mod readable;
mod refusal;
mod sns;
mod sources;
mod store;

use answer::Answer;
use refusal::Refusal;
use sns::Sns;

/// Largest body of own events, in bytes (1 MiB): their sender can split what it has beyond that.
const MAX_BODY: usize = 1024 * 1024;
/// Largest body of a provider, in bytes (4 MiB). Mandrill sends up to 1,000 events in a form, and Mailgun's legacy posts
/// have files attached; base64 makes 5.3 MiB of it, and Lambda takes 6 MB.
pub const MAX_PROVIDER_BODY: usize = 4 * 1024 * 1024;

/// How long before Lambda ends the function a request is given up and answered, whatever it waits for. Reason: the answer
/// takes milliseconds, and without one a sender learns nothing. Storing stops earlier, to tell what is stored.
const LAST_MARGIN: SignedDuration = SignedDuration::from_millis(500);

/// What the room works with; built once, kept warm.
#[derive(Debug)]
pub struct Ingest {
    registry: Registry,
    events: Events,
    sources: Cache<IngestKeyHash, Source>,
    keys: Cache<KeyId, ApiKey>,
    sns: Sns,
    clock: Clock,
}

impl Ingest {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::Ingest, clock: Clock) -> Self {
        let dynamo = aws_sdk_dynamodb::Client::new(sdk);
        let kms = aws_sdk_kms::Client::new(sdk);
        Self {
            registry: Registry::new(dynamo.clone(), &config.registry_table).opening_secrets(kms),
            events: Events::new(dynamo, &config.events_table, config.retention_days),
            sources: Cache::new(config.cache_seconds),
            keys: Cache::new(config.cache_seconds),
            sns: Sns::default(),
            clock,
        }
    }

    /// For tests: the room with another door to Amazon SNS.
    #[must_use]
    pub fn with_outbound(self, outbound: Outbound) -> Self {
        Self { sns: Sns::with_outbound(outbound), ..self }
    }
}

/// Takes one request in and answers it; refusals are `application/problem+json`.
pub async fn handle(request: Request, room: &Ingest) -> Result<Response<Body>, Infallible> {
    let outcome = match tokio::time::timeout(left(&request, room), route(&request, room)).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(provider_post::out_of_time(&request)),
    };
    Ok(answer::response(outcome, &request, &request_id(&request)))
}

async fn route(request: &Request, room: &Ingest) -> Result<Answer, Refusal> {
    let path = request.uri().path();
    let limit = if path.starts_with("/api/v1/") { MAX_BODY } else { MAX_PROVIDER_BODY };
    if request.body().len() > limit {
        return Err(refusal::too_large(limit).into());
    }
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (request.method(), segments.as_slice()) {
        // The same for every key, so that a probe does not learn which exist.
        (&Method::GET | &Method::HEAD, ["api", "webhooks", _]) => Ok(Answer::Alive),
        (&Method::POST, ["api", "webhooks", key]) => provider_post::by_path(key, request, room).await,
        (&Method::POST, ["api", "webhooks"]) => provider_post::by_header(request, room).await,
        (&Method::POST, ["api", "v1", "events"]) => own_events::publish(request, room).await,
        (_, ["api", "webhooks", _]) => Err(Refusal::Method("GET, HEAD, POST")),
        (_, ["api", "webhooks"] | ["api", "v1", "events"]) => Err(Refusal::Method("POST")),
        _ => Err(refusal::unknown_path().into()),
    }
}

/// How long `request` may take.
fn left(request: &Request, room: &Ingest) -> Duration {
    let end = deadline(request).saturating_sub(LAST_MARGIN).unwrap_or(Timestamp::MAX);
    end.duration_since(room.clock.now()).max(SignedDuration::ZERO).unsigned_abs()
}

/// When Lambda ends the function that has `request`; never, where no Lambda is.
fn deadline(request: &Request) -> Timestamp {
    let millis = request.lambda_context_ref().and_then(|context| i64::try_from(context.deadline).ok());
    millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX)
}

/// Lambda's own id, so that an answer is found in the logs.
fn request_id(request: &Request) -> String {
    let of_lambda = request.lambda_context_ref().map(|context| context.request_id.clone());
    of_lambda.unwrap_or_else(|| format!("req_{:032x}", u128::from_be_bytes(random())))
}
