//! Optimistic transactions over all webhooks of a tenant: a rule decides over them as they are, and its decision is
//! written on condition that they still are so. For the APIs whose rules are about more than one webhook.

use shared::id::{TenantId, WebhookId};
use shared::store::StoreError;
use shared::store::registry::WebhooksVersion;
use shared::webhook::Webhook;

use super::change::write;
use super::consent::{ask_all, asking};
use super::error::ManageError;
use super::limits::creation_error;
use super::number::{numbered, readable, webhooks_version};
use super::release::{discard_held, release_ahead};
use super::resume::resume;
use super::tries::{self, after_lost_try};
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// How often a rule decides anew while other requests keep changing the tenant's webhooks. Reason: clients register a
/// main and a backup URL for each of Mailjet's seven event types at once. Each of these requests may have to wait for
/// all others, and for some changes by other clients. With the pauses between them, 20 tries end before the request
/// does.
const TRIES: u8 = 20;

/// What a rule decides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WebhookChange {
    /// Nothing changes; this webhook is the one that was asked for.
    Keep(Webhook),
    /// This webhook is registered, and gets its number.
    Create(Webhook),
    /// This webhook replaces the one with its id.
    Replace {
        /// As it becomes.
        webhook: Webhook,
        /// Whether deliveries resume, if the webhook takes deliveries afterwards.
        resumes: bool,
    },
    /// This webhook is deleted; deliveries that are still owed to it end as `discarded`.
    Delete(WebhookId),
}

impl WebhookChange {
    fn webhook(&self) -> WebhookId {
        match self {
            Self::Keep(webhook) | Self::Create(webhook) | Self::Replace { webhook, .. } => webhook.id,
            Self::Delete(id) => *id,
        }
    }
}

/// How an attempt to write a decision ended.
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
enum Attempt {
    /// The decision is written; this is the webhook afterwards, if there is one.
    Written(Option<Webhook>),
    /// Another request changed a webhook of the tenant.
    Conflicted,
}

/// Writes what `decide` decides over all webhooks of a tenant, each with its number, and answers the webhook that was
/// kept, created or replaced. `decide` runs again when another request changed one of them in between.
pub(crate) async fn transact<E: From<ManageError>>(
    api: &Api,
    tenant: TenantId,
    decide: impl Fn(&[Webhook]) -> Result<WebhookChange, E>,
) -> Result<Option<Webhook>, E> {
    for number in 0..TRIES {
        // The version is read before the webhooks, so that any change in between, also a number that is given now,
        // makes the write fail.
        let version = webhooks_version(api, tenant).await?;
        let all = numbered(api, tenant).await?;
        match apply(api, tenant, &all, decide(&all)?, &version).await? {
            Attempt::Written(webhook) => return Ok(webhook),
            Attempt::Conflicted => after_lost_try(api, tenant, number).await?,
        }
    }
    Err(ManageError::Conflict.into())
}

async fn apply(
    api: &Api,
    tenant: TenantId,
    all: &[Webhook],
    change: WebhookChange,
    version: &WebhooksVersion,
) -> Result<Attempt, ManageError> {
    span::note(Noun::Webhook, change.webhook());
    match change {
        WebhookChange::Keep(webhook) => Ok(Attempt::Written(Some(webhook))),
        WebhookChange::Create(webhook) => {
            let created = match api.webhook_writer.create_all(tenant, &[asking(api, None, webhook)], version).await {
                Ok(created) => {
                    ask_all(api, tenant, &created).await;
                    Attempt::Written(created.into_iter().next())
                }
                Err(StoreError::Conflict) => Attempt::Conflicted,
                Err(error) => return Err(Box::pin(creation_error(api, tenant, Noun::Webhook, error)).await),
            };
            api.public_keys.forget(tenant);
            Ok(created)
        }
        WebhookChange::Replace { webhook, resumes } => {
            let Some(stored) = all.iter().find(|stored| stored.id == webhook.id) else {
                return Ok(Attempt::Conflicted);
            };
            release_ahead(api, stored, &webhook).await?;
            let replaced = attempt(write(api, stored, webhook, Some(version)).await, Some)?;
            if let Attempt::Written(Some(webhook)) = &replaced
                && (resumes || stored.is_pending())
                && !webhook.holds_deliveries()
            {
                resume(api, webhook).await?;
            }
            Ok(replaced)
        }
        WebhookChange::Delete(id) => {
            // Before the deletion, as `manage::delete` explains. The job does no harm to a webhook that stays.
            discard_held(api, tenant, id).await?;
            let deleted = attempt(api.webhook_writer.delete_if_unchanged(tenant, id, version).await, |()| None)?;
            if let Attempt::Written(_) = &deleted {
                api.public_keys.forget(tenant);
            }
            Ok(deleted)
        }
    }
}

fn attempt<T>(
    result: Result<T, StoreError>,
    webhook: impl FnOnce(T) -> Option<Webhook>,
) -> Result<Attempt, ManageError> {
    match result {
        Ok(value) => Ok(Attempt::Written(webhook(value))),
        // The rule reads again, and finds that the webhook is gone.
        Err(StoreError::Conflict | StoreError::Gone) => Ok(Attempt::Conflicted),
        Err(error) => Err(error.into()),
    }
}

/// What a rule plans that only creates webhooks.
#[derive(Debug)]
pub(crate) struct Plan<T> {
    /// The webhooks to create, all or none; [`create_planned`] answers them with their numbers.
    pub(crate) new: Vec<Webhook>,
    /// What else the rule found for its caller.
    pub(crate) rest: T,
}

/// Creates what `plan` plans over all webhooks of a tenant, on condition that they are unchanged when it is stored. A
/// plan without new webhooks writes nothing. `plan` may run more than once.
pub(crate) async fn create_planned<T, E: From<ManageError>>(
    api: &Api,
    tenant: TenantId,
    plan: impl Fn(&[Webhook]) -> Result<Plan<T>, E>,
) -> Result<Plan<T>, E> {
    for number in 0..tries::TRIES {
        // The version is read before the plan is made, so that any change in between makes the creation fail.
        let version = webhooks_version(api, tenant).await?;
        let all = readable(api, tenant).await.map_err(ManageError::from)?;
        let Plan { new, rest } = plan(&all)?;
        if new.is_empty() {
            return Ok(Plan { new, rest });
        }
        let new: Vec<Webhook> = new.into_iter().map(|webhook| asking(api, None, webhook)).collect();
        match api.webhook_writer.create_all(tenant, &new, &version).await {
            Ok(new) => {
                ask_all(api, tenant, &new).await;
                return Ok(Plan { new, rest });
            }
            Err(StoreError::Conflict) => after_lost_try(api, tenant, number).await?,
            Err(error) => return Err(Box::pin(creation_error(api, tenant, Noun::Webhook, error)).await.into()),
        }
    }
    Err(ManageError::Conflict.into())
}
