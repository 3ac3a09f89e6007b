//! Storing a new webhook, whichever API it is made through: numbered, and only if the others are as they were found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shared::breaker::BreakerSettings;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::{TenantId, WebhookId};
use shared::problem::Problem;
use shared::secret::SigningSecret;
use shared::store::StoreError;
use shared::store::registry::Census;
use shared::webhook::{DEFAULT_BATCH, Destination, SigningSecrets, Subscription, Webhook, WebhookStatus};

use crate::Api;
use crate::refusal::{Refusal, not_found};

/// How often it is tried when other webhooks of the tenant keep being changed at the same time.
const TRIES: u8 = 5;

/// A webhook with the defaults of its dialect, not stored yet.
pub(crate) fn draft(
    now: Timestamp,
    tenant: TenantId,
    url: impl Into<Destination>,
    subscription: Subscription,
    dialect: Dialect,
    secret: SigningSecret,
) -> Webhook {
    Webhook {
        id: WebhookId::mint(now, random()),
        tenant,
        number: None,
        url: url.into(),
        subscription,
        dialect,
        retry_policy: dialect.default_retry_policy(),
        timeout_ms: dialect.default_timeout_ms(),
        status: WebhookStatus::Enabled,
        secrets: SigningSecrets { current: secret, previous: None },
        description: String::new(),
        created_at: now,
        updated_at: now,
        revision: 1,
        breaker: BreakerSettings::default(),
        backup_url: None,
        is_backup: false,
        headers: BTreeMap::new(),
        paused: false,
        metadata: BTreeMap::new(),
        rate_limit: None,
        batch: DEFAULT_BATCH,
    }
}

/// Stores a new webhook and answers it with its number.
pub(crate) async fn register(api: &Api, webhook: &Webhook) -> Result<Webhook, Refusal> {
    stored(api, webhook, async || Ok(())).await
}

/// The same for a webhook that must fit to the tenant's others: `fits` sees all of them as they are when it is stored.
pub(crate) async fn register_beside(
    api: &Api,
    webhook: &Webhook,
    fits: impl Fn(&[Webhook]) -> Result<(), Problem>,
) -> Result<Webhook, Refusal> {
    stored(api, webhook, async || Ok(fits(&api.registry.all_webhooks(webhook.tenant).await?)?)).await
}

async fn stored(
    api: &Api,
    webhook: &Webhook,
    check: impl AsyncFn() -> Result<(), Refusal>,
) -> Result<Webhook, Refusal> {
    let mut conflict = StoreError::Conflict;
    for _ in 0..TRIES {
        // Before the check, so that whatever changes meanwhile makes the creation fail.
        let census = census(api, webhook.tenant).await?;
        check().await?;
        match api.registry.create_webhook(webhook, &census).await {
            Ok(stored) => return Ok(stored),
            Err(error @ StoreError::Conflict) => conflict = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(conflict.into())
}

/// All webhooks of a tenant, at most 500, oldest first, each with its number: those from before webhooks were counted get
/// theirs now.
pub(crate) async fn numbered(api: &Api, tenant: TenantId) -> Result<Vec<Webhook>, Refusal> {
    let mut webhooks = api.registry.all_webhooks(tenant).await?;
    for webhook in webhooks.iter_mut().filter(|webhook| webhook.number.is_none()) {
        let census = census(api, tenant).await?;
        *webhook = api.registry.number_webhook(webhook, &census).await?;
    }
    Ok(webhooks)
}

async fn census(api: &Api, tenant: TenantId) -> Result<Census, Refusal> {
    Ok(api.registry.census(tenant).await?.ok_or_else(|| not_found("tenant"))?)
}
