//! Replaces a webhook.

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use super::host_limit::IS_UNLIMITED;
use super::turn::TURN_UNTIL;
use super::{Companion, Entries, StoreError, WebhookWriter, WebhooksVersion};
use crate::store::attribute::number;
use crate::store::pauses::after_try;
use domain::webhook::Webhook;

/// How often a replacement under a limit per host is tried while other webhooks of the tenant change. Reason: a client
/// may change as many webhooks at once as a browser opens connections, and each change may have to wait for all others.
const MAX_TRIES: u8 = 16;

/// Another caller has changed the webhook, or the tenant's row.
const REFUSALS: [StoreError; 2] = [StoreError::Conflict, StoreError::Conflict];

impl WebhookWriter {
    /// Replaces a webhook with its next revision, and writes its companions: `webhook.revision` is the one that was
    /// read, and the stored one is one higher. [`StoreError::Conflict`] when another caller has changed the webhook or,
    /// if it is reset, its breaker, or while a rule over all webhooks has the turn at `webhook.updated_at`;
    /// [`StoreError::HostLimitReached`] when a host would have more webhooks than the operator allows.
    pub async fn replace(
        &self,
        webhook: &Webhook,
        companions: impl IntoIterator<Item = Companion>,
    ) -> Result<(), StoreError> {
        let entries = self.replacement(webhook, companions).await?;
        for number in 0..MAX_TRIES {
            let tenant = raised(self.ordinary_update(webhook.tenant, webhook.updated_at, IS_UNLIMITED));
            let limited = self.change_if_unlimited(entries.clone(), tenant, &REFUSALS, webhook.updated_at).await?;
            let Some(version) = limited else { return Ok(()) };
            self.check_hosts(webhook.tenant, std::slice::from_ref(webhook), &version).await?;
            let tenant = raised(self.unchanged_since(webhook.tenant, &version));
            match self.change_webhooks(entries.clone(), tenant, &REFUSALS).await {
                // If the webhook itself has changed, the next try finds that out.
                Err(StoreError::Conflict) => after_try(self.registry.client(), number).await,
                written => return written,
            }
        }
        Err(StoreError::Conflict)
    }

    /// Replaces a webhook like [`WebhookWriter::replace`], for a change after which the webhook has no other hosts than
    /// before, so that the limit per host does not concern it.
    pub async fn replace_with_same_hosts(
        &self,
        webhook: &Webhook,
        companions: impl IntoIterator<Item = Companion>,
    ) -> Result<(), StoreError> {
        let tenant = self.ordinary_update(webhook.tenant, webhook.updated_at, "attribute_exists(pk)");
        self.replace_on(webhook, raised(tenant), companions).await
    }

    /// Replaces a webhook like [`WebhookWriter::replace`], for a change that depends on the tenant's other
    /// webhooks: [`StoreError::Conflict`] also when one of them has changed since `version` was read.
    pub async fn replace_if_unchanged(
        &self,
        webhook: &Webhook,
        version: &WebhooksVersion,
        companions: impl IntoIterator<Item = Companion>,
    ) -> Result<(), StoreError> {
        self.check_hosts(webhook.tenant, std::slice::from_ref(webhook), version).await?;
        self.replace_on(webhook, raised(self.unchanged_since(webhook.tenant, version)), companions).await
    }

    async fn replace_on(
        &self,
        webhook: &Webhook,
        tenant: UpdateBuilder,
        companions: impl IntoIterator<Item = Companion>,
    ) -> Result<(), StoreError> {
        let entries = self.replacement(webhook, companions).await?;
        self.change_webhooks(entries, tenant, &REFUSALS).await
    }

    async fn replacement(
        &self,
        webhook: &Webhook,
        companions: impl IntoIterator<Item = Companion>,
    ) -> Result<Entries, StoreError> {
        let next = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
        let row = self
            .put_changed(&next)
            .await?
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(webhook.revision))
            .build()
            .map_err(StoreError::aws)?;
        let keys = match self.registry.put_public_keys(&next)? {
            Some(put) => put,
            // The webhook may have had public keys before this change.
            None => self.registry.delete_public_keys(next.tenant, next.id)?,
        };
        Ok(Entries {
            rows: vec![TransactWriteItem::builder().put(row).build()],
            companions: companions.into_iter().collect(),
            unconditional: vec![keys],
        })
    }
}

/// The update of the tenant's row after which `dispatch` reads the webhooks anew.
fn raised(tenant: UpdateBuilder) -> UpdateBuilder {
    tenant
        .update_expression(format!("ADD webhooks_version :one REMOVE {TURN_UNTIL}"))
        .expression_attribute_values(":one", number(1))
}
