//! Storing a new webhook, whichever API it is made through: numbered, and only if the others are as they were found.

use jiff::Timestamp;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::{TenantId, WebhookId};
use shared::problem::Problem;
use shared::secret::SigningSecret;
use shared::store::StoreError;
use shared::store::registry::Census;
use shared::webhook::{Destination, Subscription, Webhook};

use crate::http::error::{Refusal, not_found};
use crate::room::Api;

/// How often it is tried when other webhooks of the tenant keep being changed at the same time: clients make one for each of
/// Mailgun's eight names at once, and each of those may have to wait for all others, or collide with one on top.
const TRIES: u8 = 16;

/// A webhook with the defaults of its dialect, not stored yet.
pub(crate) fn draft(
    now: Timestamp,
    tenant: TenantId,
    url: impl Into<Destination>,
    subscription: Subscription,
    dialect: Dialect,
    secret: SigningSecret,
) -> Webhook {
    Webhook::new(WebhookId::mint(now, random()), tenant, url.into(), subscription, dialect, secret, now)
}

/// Stores a new webhook, whatever the tenant's others are, and answers it with its number.
pub(crate) async fn register(api: &Api, webhook: &Webhook) -> Result<Webhook, Refusal> {
    let registry = &api.registry;
    let number = unless_met(|| registry.take_webhook_number(webhook.tenant)).await?;
    let webhook = Webhook { number: Some(number.ok_or_else(|| not_found("tenant"))?), ..webhook.clone() };
    unless_met(|| registry.create_webhook_alone(&webhook)).await?;
    api.public_keys.forget(webhook.tenant);
    Ok(webhook)
}

/// What `write` comes to when no other change meets it in the tenant's row.
async fn unless_met<T, F>(write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 1..TRIES {
        match write().await {
            Err(StoreError::Conflict) => {}
            other => return other,
        }
    }
    write().await
}

/// Stores what `plan` makes of the tenant's webhooks as they are when that is stored, all or none, and answers it with its
/// numbers and what else the plan says. A plan without new webhooks writes nothing.
pub(crate) async fn register_planned<P>(
    api: &Api,
    tenant: TenantId,
    plan: impl Fn(&[Webhook]) -> Result<(Vec<Webhook>, P), Problem>,
) -> Result<(Vec<Webhook>, P), Refusal> {
    for _ in 0..TRIES {
        // Before the plan, so that whatever changes meanwhile makes the creation fail.
        let census = census(api, tenant).await?;
        let (new, rest) = plan(&api.registry.all_webhooks(tenant).await?)?;
        if new.is_empty() {
            return Ok((new, rest));
        }
        if let Some(stored) = stored(api, tenant, &new, &census).await? {
            return Ok((stored, rest));
        }
    }
    Err(StoreError::Conflict.into())
}

/// Stores new webhooks unless one of the tenant's was changed since the census.
async fn stored(
    api: &Api,
    tenant: TenantId,
    new: &[Webhook],
    census: &Census,
) -> Result<Option<Vec<Webhook>>, Refusal> {
    match api.registry.create_webhooks(tenant, new, census).await {
        Ok(stored) => Ok(Some(stored)),
        Err(StoreError::Conflict) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// All webhooks of a tenant, at most 500, oldest first, each with its number: those from before webhooks were counted get
/// theirs now.
pub(crate) async fn numbered(api: &Api, tenant: TenantId) -> Result<Vec<Webhook>, Refusal> {
    for _ in 0..TRIES {
        let webhooks = api.registry.all_webhooks(tenant).await?;
        if let Some(numbered) = number_rest(api, tenant, webhooks).await? {
            return Ok(numbered);
        }
    }
    Err(StoreError::Conflict.into())
}

/// `None` when a webhook of the tenant was changed meanwhile.
async fn number_rest(api: &Api, tenant: TenantId, mut webhooks: Vec<Webhook>) -> Result<Option<Vec<Webhook>>, Refusal> {
    for webhook in webhooks.iter_mut().filter(|webhook| webhook.number.is_none()) {
        let census = census(api, tenant).await?;
        *webhook = match api.registry.number_webhook(webhook, &census).await {
            Ok(numbered) => numbered,
            Err(StoreError::Conflict) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Some(webhooks))
}

pub(crate) async fn census(api: &Api, tenant: TenantId) -> Result<Census, Refusal> {
    Ok(api.registry.census(tenant).await?.ok_or_else(|| not_found("tenant"))?)
}
