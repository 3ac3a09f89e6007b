//! What the room works with: its clients, its caches and its settings.

use jiff::Timestamp;
use shared::address_policy::AddressPolicy;
use shared::aws::SdkConfig;
use shared::cache::Cache;
use shared::clock::Clock;
use shared::config;
use shared::id::KeyId;
use shared::queue::Queue;
use shared::queue::redrive::Redrives;
use shared::store::registry::{
    ApiKeyLookup, ApiKeys, Breakers, PublicKeys, Recoveries, Settings, Sources, Subscribers, Tenants, WebhookWriter,
    Webhooks,
};
use shared::store::{Deliveries, Events, Pauses, Registry};
use shared::tenant::{ApiKey, KeyHash};

use crate::public_key_cache::PublicKeyCache;

/// What the room works with; built once, kept warm. Of the registry, it holds the groups of operations that it may use.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "the fields have the names of the groups")]
pub struct Api {
    pub(crate) tenants: Tenants,
    pub(crate) settings: Settings,
    pub(crate) api_key_lookup: ApiKeyLookup,
    pub(crate) api_keys: ApiKeys,
    pub(crate) sources: Sources,
    pub(crate) webhooks: Webhooks,
    pub(crate) webhook_writer: WebhookWriter,
    pub(crate) subscribers: Subscribers,
    pub(crate) breakers: Breakers,
    pub(crate) recoveries: Recoveries,
    pub(crate) events: Events,
    pub(crate) deliveries: Deliveries,
    pub(crate) pauses: Pauses,
    pub(crate) jobs: Queue,
    pub(crate) redrives: Redrives,
    /// Switched off (its age limit is 0). Reason: management requests are rare, and this API refuses a revoked key at
    /// once.
    pub(crate) keys: Cache<KeyId, ApiKey>,
    pub(crate) admin_key: KeyHash,
    pub(crate) public_keys: PublicKeyCache,
    pub(crate) addresses: AddressPolicy,
    pub(crate) public_url: String,
    /// Whether a new URL must answer a challenge.
    pub(crate) verify_webhook_urls: bool,
    pub(crate) clock: Clock,
}

impl Api {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::ApiConfig, clock: Clock) -> Self {
        let dynamo = aws_sdk_dynamodb::Client::new(sdk);
        let sqs = aws_sdk_sqs::Client::new(sdk);
        let kms = aws_sdk_kms::Client::new(sdk);
        let registry =
            Registry::new(dynamo.clone(), &config.registry_table).sealing_secrets(kms, &config.secrets_key_arn);
        Self {
            tenants: Tenants::new(&registry),
            settings: Settings::new(&registry),
            api_key_lookup: ApiKeyLookup::new(&registry),
            api_keys: ApiKeys::new(&registry),
            sources: Sources::new(&registry),
            webhooks: Webhooks::new(&registry),
            webhook_writer: WebhookWriter::new(&registry),
            subscribers: Subscribers::new(&registry),
            breakers: Breakers::new(&registry),
            recoveries: Recoveries::new(&registry),
            events: Events::new(dynamo.clone(), &config.events_table, config.retention_days),
            pauses: Pauses::new(dynamo.clone()),
            deliveries: Deliveries::new(dynamo, &config.deliveries_table, config.retention_days),
            jobs: Queue::new(sqs.clone(), &config.deliveries_queue_url),
            redrives: Redrives::new(sqs, &config.dead_letter_queue_arn, &config.deliveries_queue_arn),
            keys: Cache::new(0),
            public_keys: PublicKeyCache::new(PublicKeys::new(&registry)),
            admin_key: config.admin_key.clone(),
            addresses: AddressPolicy::allowing(config.allowed_networks.clone()),
            public_url: config.public_url.clone(),
            verify_webhook_urls: config.verify_webhook_urls,
            clock,
        }
    }

    /// The present time at millisecond precision, as it is stored. So an answer has the time that later answers have
    /// too.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}
