//! Ready-made tenants, webhooks and events. Storing one advances the world's clock by a millisecond.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use shared::address_policy::AddressPolicy;
use shared::breaker::{ClosedReason, Open, ProbeId};
use shared::clock::random;
use shared::dialect::Dialect;
use shared::event::{Event, EventType, Facts, Recipient};
use shared::id::{SourceId, TenantId, WebhookId};
use shared::operational;
use shared::provider::Provider;
use shared::retry::{Delays, RetryPolicy};
use shared::secret::SigningSecret;
use shared::slowness::QUICK_ATTEMPTS_NEEDED;
use shared::source::{IngestKey, Source, Trust};
use shared::tenant::{Tenant, TenantLimits};
use shared::webhook::{DisabledReason, Subscription, WantedTypes, Webhook, WebhookUrl};

use super::World;

/// Time limit of the webhooks: the shortest that is allowed.
pub const TIMEOUT: Duration = Duration::from_secs(1);

impl World {
    /// Stores a new tenant.
    pub async fn tenant(&self) -> anyhow::Result<TenantId> {
        let now = self.clock.now();
        let (id, name) = (TenantId::mint(now, random()), "Acme".to_owned());
        let tenant = Tenant { id, name, created_at: now, suspended: false, limits: TenantLimits::default() };
        self.registry.tenants.create(&tenant).await?;
        self.tick();
        Ok(tenant.id)
    }

    /// Stores a new webhook that subscribes to every type, with delays of 1, 2 and 4 seconds and [`TIMEOUT`].
    pub async fn webhook(&self, tenant: TenantId, url: &str) -> anyhow::Result<Webhook> {
        self.webhook_with(tenant, url, |webhook| webhook).await
    }

    /// Stores a webhook after `change` has changed it. Its receiver is known to be quick.
    pub async fn webhook_with(
        &self,
        tenant: TenantId,
        url: &str,
        change: impl FnOnce(Webhook) -> Webhook,
    ) -> anyhow::Result<Webhook> {
        let webhook = self.new_webhook_with(tenant, url, change).await?;
        self.make_known_quick(&webhook).await?;
        Ok(webhook)
    }

    /// Stores a new webhook after `change` has changed it. Nothing is known of its receiver.
    pub async fn new_webhook_with(
        &self,
        tenant: TenantId,
        url: &str,
        change: impl FnOnce(Webhook) -> Webhook,
    ) -> anyhow::Result<Webhook> {
        let now = self.clock.now();
        let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse()?]);
        let url = WebhookUrl::parse(url, &policy)?.into();
        let subscription =
            Subscription { types: WantedTypes::All, sources: BTreeSet::default(), domains: BTreeSet::default() };
        let (id, secret) = (WebhookId::mint(now, random()), SigningSecret::generate(random()));
        let webhook = change(Webhook {
            retry_policy: RetryPolicy::Custom(Delays::new(&[1, 2, 4])?),
            timeout_ms: u32::try_from(TIMEOUT.as_millis())?,
            ..Webhook::new(id, tenant, url, subscription, Dialect::Standard, secret, now)
        });
        let version = self.registry.webhook_writer.version(tenant).await?.context("a tenant")?;
        let stored = self.registry.webhook_writer.create_all(tenant, &[webhook], &version).await?;
        self.tick();
        stored.into_iter().next().context("a webhook")
    }

    /// Counts as many quick attempts of the webhook's receiver as make it known to be quick.
    async fn make_known_quick(&self, webhook: &Webhook) -> anyhow::Result<()> {
        let (tenant, now) = (webhook.tenant, self.clock.now());
        self.registry.receivers.count_quick_attempts(tenant, webhook.id, QUICK_ATTEMPTS_NEEDED, now).await?;
        Ok(())
    }

    /// Opens a webhook's breaker now, as `deliver` does. No queue gets a probe.
    pub async fn open_breaker(&self, webhook: &Webhook) -> anyhow::Result<Open> {
        let now = self.clock.now();
        let open = Open::begin(ProbeId::generate(random()), now, now);
        let event_write = self.events.event_write(&operational::opened(webhook, &open, now))?;
        let is_opened = self.registry.receivers.open_breaker(webhook.tenant, webhook.id, &open, event_write).await?;
        anyhow::ensure!(is_opened, "it was open before");
        self.tick();
        Ok(open)
    }

    /// Closes the breaker `open` now, as an accepted probe does.
    pub async fn close_breaker(&self, webhook: &Webhook, open: &Open) -> anyhow::Result<()> {
        let event = operational::closed(webhook, open, ClosedReason::Recovered, self.clock.now());
        let event_write = self.events.event_write(&event)?;
        let is_closed = self.registry.receivers.close_breaker(webhook.tenant, webhook.id, open, 0, event_write).await?;
        anyhow::ensure!(is_closed, "it was closed before");
        self.tick();
        Ok(())
    }

    /// Disables a webhook now, as `deliver` does. Returns whether the webhook was enabled before.
    pub async fn disable(&self, webhook: &Webhook, reason: DisabledReason) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let event_write = self.events.event_write(&operational::disabled(webhook, reason, None, now))?;
        let was_enabled = self.registry.receivers.disable(webhook.tenant, webhook.id, reason, now, event_write).await?;
        self.tick();
        Ok(was_enabled)
    }

    /// Stores a new source. Returns the source and its ingest key.
    pub async fn source(
        &self,
        tenant: TenantId,
        provider: Provider,
        trust: Trust,
    ) -> anyhow::Result<(Source, IngestKey)> {
        let now = self.clock.now();
        let key = IngestKey::generate(provider, random());
        let source = Source {
            id: SourceId::mint(now, random()),
            tenant,
            provider,
            name: String::new(),
            trust,
            ingest_key: key.hash(),
            created_at: now,
            updated_at: now,
            revision: 1,
        };
        self.registry.sources.create(&source).await?;
        self.tick();
        Ok((source, key))
    }

    /// An event `email.delivered` that the tenant itself publishes, not stored yet. Events with different keys differ.
    pub fn event(&self, tenant: TenantId, key: &str) -> Event {
        Self::event_at(tenant, key, self.clock.now())
    }

    /// As [`World::event`], accepted at `now`.
    pub fn event_at(tenant: TenantId, key: &str, now: Timestamp) -> Event {
        let mut facts = Facts::new(EventType::Delivered, Provider::Own, "email.delivered", key, now);
        facts.recipient = Recipient::new("reader@example.com");
        facts.email_message_id = Some(format!("message-{key}@example.com"));
        Event::accept(facts, tenant, None, now)
    }
}
