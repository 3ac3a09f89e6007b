//! What the room works with: its clients, its caches and its clock.

use jiff::Timestamp;
use lambda_http::{Request, RequestExt as _};
use shared::aws::SdkConfig;
use shared::cache::Cache;
use shared::clock::Clock;
use shared::config;
use shared::id::KeyId;
use shared::outbound::Outbound;
use shared::retention::Retention;
use shared::source::{IngestKeyHash, Source};
use shared::store::registry::{ApiKeyLookup, Certificates, EventQuotas, SourceLookup, TenantLookup};
use shared::store::{Events, Registry};
use shared::tenant::ApiKey;

use crate::event_claims::EventClaims;
use crate::sns::Sns;
use crate::tenant_cache::TenantCache;

/// Maximum bytes of the cached sources (8 MiB). Reason: a post may have 16 MiB in memory at the same time; an ordinary
/// source has less than a kilobyte.
const MAX_SOURCE_BYTES: usize = 8 * 1024 * 1024;

/// What the room works with; built once, kept warm. Of the registry, it holds the groups of operations that it may use.
#[derive(Debug)]
pub struct Ingest {
    pub(crate) source_lookup: SourceLookup,
    pub(crate) api_key_lookup: ApiKeyLookup,
    pub(crate) tenants: TenantCache,
    pub(crate) event_claims: EventClaims,
    pub(crate) events: Events,
    pub(crate) retention: Retention,
    pub(crate) sources: Cache<IngestKeyHash, Source>,
    pub(crate) keys: Cache<KeyId, ApiKey>,
    pub(crate) sns: Sns,
    pub(crate) clock: Clock,
}

impl Ingest {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::IngestConfig, clock: Clock) -> Self {
        let dynamo = aws_sdk_dynamodb::Client::new(sdk);
        let kms = aws_sdk_kms::Client::new(sdk);
        let registry = Registry::new(dynamo.clone(), &config.registry_table).opening_secrets(kms);
        Self {
            source_lookup: SourceLookup::new(&registry),
            api_key_lookup: ApiKeyLookup::new(&registry),
            tenants: TenantCache::new(TenantLookup::new(&registry), config.cache_seconds),
            event_claims: EventClaims::new(EventQuotas::new(&registry)),
            events: Events::new(dynamo, &config.events_table, config.retention_days),
            retention: Retention::of_days(config.retention_days),
            sources: Cache::weighing(MAX_SOURCE_BYTES, config.cache_seconds, Source::footprint),
            keys: Cache::new(config.cache_seconds),
            sns: Sns::new(Certificates::new(&registry)),
            clock,
        }
    }

    /// For tests: the room with another way to Amazon SNS.
    #[must_use]
    pub fn with_outbound(self, outbound: Outbound) -> Self {
        Self { sns: self.sns.with_outbound(outbound), ..self }
    }
}

/// When Lambda ends the function that has `request`; the end of time outside of Lambda.
pub(crate) fn deadline(request: &Request) -> Timestamp {
    let millis = request.lambda_context_ref().and_then(|context| i64::try_from(context.deadline).ok());
    millis.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX)
}
