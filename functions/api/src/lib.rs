//! The api room: authorise, parse, act, answer.
//!
//! One operation, one file, in the folder of what it is about. What they share: `caller` says who asks and for which
//! tenant, `body`, `query`, `path` and `page` read requests and collect what is wrong with them, and
//! `refusal` is how every operation fails. `answer` turns refusals into problem documents, in one place.

use std::sync::Arc;

use axum::routing::get;
use axum::{Router, middleware};
use jiff::Timestamp;
use shared::address_policy::AddressPolicy;
use shared::aws::SdkConfig;
use shared::cache::Cache;
use shared::clock::Clock;
use shared::config;
use shared::id::KeyId;
use shared::problem::Problem;
use shared::queue::Queue;
use shared::queue::redrive::Redrives;
use shared::store::{Deliveries, Events, Registry};
use shared::tenant::{ApiKey, KeyHash};

mod answer;
mod body;
mod caller;
mod dead_letters;
mod deliveries;
mod event_types;
mod events;
mod health;
mod keys;
mod mailgun;
mod mailjet;
mod page;
mod path;
mod platform;
mod public_keys;
mod query;
mod recoveries;
mod redrives;
mod refusal;
mod sources;
mod style;
mod tenants;
mod time_range;
mod webhooks;

use public_keys::PublicKeys;
use refusal::Refusal;

/// What the room works with; built once, kept warm.
#[derive(Debug)]
pub struct Api {
    registry: Registry,
    events: Events,
    deliveries: Deliveries,
    jobs: Queue,
    redrives: Redrives,
    /// Switched off: management is rare, and here a revoked key ends at once.
    keys: Cache<KeyId, ApiKey>,
    admin_key: KeyHash,
    public_keys: PublicKeys,
    addresses: AddressPolicy,
    public_url: String,
    clock: Clock,
}

impl Api {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::Api, clock: Clock) -> Self {
        let dynamo = aws_sdk_dynamodb::Client::new(sdk);
        let sqs = aws_sdk_sqs::Client::new(sdk);
        let kms = aws_sdk_kms::Client::new(sdk);
        Self {
            registry: Registry::new(dynamo.clone(), &config.registry_table)
                .sealing_secrets(kms, &config.secrets_key_arn),
            events: Events::new(dynamo.clone(), &config.events_table, config.retention_days),
            deliveries: Deliveries::new(dynamo, &config.deliveries_table, config.retention_days),
            jobs: Queue::new(sqs.clone(), &config.deliveries_queue_url),
            redrives: Redrives::new(sqs, &config.dead_letter_queue_arn, &config.deliveries_queue_arn),
            keys: Cache::new(0),
            public_keys: PublicKeys::new(),
            admin_key: config.admin_key.clone(),
            addresses: AddressPolicy::allowing(config.allowed_networks.clone()),
            public_url: config.public_url.clone(),
            clock,
        }
    }

    /// The present time as it will be stored, at millisecond precision, so that what is answered is what is read later.
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// The room, as a service from requests to answers. An error is `application/problem+json`, or what the clients of another
/// system expect on that system's paths.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/health", get(health::health))
        .merge(tenants::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(public_keys::routes())
        .merge(sources::routes())
        .merge(events::routes())
        .merge(event_types::routes())
        .merge(deliveries::routes())
        .merge(dead_letters::routes())
        .merge(redrives::routes())
        .merge(recoveries::routes())
        .merge(mailjet::routes())
        .merge(mailgun::routes())
        .merge(platform::routes())
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(middleware::from_fn(answer::finish))
        .with_state(Arc::new(api))
}

async fn unknown_route() -> Refusal {
    Problem::new(404, "not-found", "Not found", "There is nothing at this path; openapi.yaml lists what there is.")
        .into()
}

async fn unknown_method() -> Refusal {
    let detail = "This path does not take this method; the `allow` header lists those it takes.";
    Problem::new(405, "method-not-allowed", "Method not allowed", detail).into()
}
