//! Changes that depend on all of a tenant's webhooks: decided over them as they are, and carried out only if they still
//! are. For the management APIs whose rules are about more than one webhook.

use shared::id::{TenantId, WebhookId};
use shared::problem::Problem;
use shared::store::StoreError;
use shared::webhook::Webhook;

use super::change::written;
use super::register::{census, numbered};
use super::release::recover_deleted;
use super::resume::let_go;
use crate::http::error::Refusal;
use crate::room::Api;

/// How often it is decided anew when webhooks of the tenant keep being changed at the same time: clients register a main and a
/// backup URL for each of Mailjet's seven event types at once, and each may have to wait for all others, or collide with
/// one on top.
const TRIES: u8 = 32;

/// What becomes of a tenant's webhooks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decision {
    /// All stay as they are; this is the one that was meant.
    Keep(Webhook),
    /// This one is made, and gets its number.
    Make(Webhook),
    /// This one takes the place of the one with its id.
    Change {
        /// As it shall be.
        webhook: Webhook,
        /// Whether what it holds goes out, if it takes deliveries now.
        lets_go: bool,
    },
    /// This one is deleted; deliveries that are still owed to it end as `discarded`.
    Delete(WebhookId),
}

/// Carries out what `decide` decides over all webhooks of a tenant, each with its number, and answers the one that was kept,
/// made or changed. `decide` runs again when one of them was changed meanwhile.
pub(crate) async fn decided(
    api: &Api,
    tenant: TenantId,
    decide: impl Fn(&[Webhook]) -> Result<Decision, Problem>,
) -> Result<Option<Webhook>, Refusal> {
    let mut conflict = StoreError::Conflict;
    for _ in 0..TRIES {
        // Before they are read, so that whatever changes meanwhile makes the write fail: numbers that are given now too.
        let census = census(api, tenant).await?;
        let all = numbered(api, tenant).await?;
        let done = match decide(&all)? {
            Decision::Keep(webhook) => return Ok(Some(webhook)),
            Decision::Make(webhook) => {
                let made = api.registry.create_webhooks(tenant, &[webhook], &census).await;
                made.map(|made| made.into_iter().next())
            }
            Decision::Change { webhook, lets_go } => {
                let Some(stored) = all.iter().find(|stored| stored.id == webhook.id) else { continue };
                let changed = written(api, stored, webhook, Some(&census)).await;
                if let Ok(webhook) = &changed
                    && lets_go
                    && !webhook.holds_deliveries()
                {
                    let_go(api, webhook).await?;
                }
                changed.map(Some)
            }
            Decision::Delete(id) => {
                // Before the deletion, as `delete::remove` explains; it does no harm to one that stays.
                recover_deleted(api, tenant, id).await?;
                let deleted = api.registry.delete_webhook_beside(tenant, id, &census).await;
                if deleted.is_ok() {
                    api.registry.forget_breaker(tenant, id).await?;
                }
                deleted.map(|()| None)
            }
        };
        match done {
            Ok(webhook) => {
                api.public_keys.forget(tenant);
                return Ok(webhook);
            }
            Err(error @ StoreError::Conflict) => conflict = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(conflict.into())
}
