//! Replaces a webhook.

use aws_sdk_dynamodb::types::TransactWriteItem;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use super::{StoreError, WebhookWriter, WebhooksVersion};
use crate::store::attribute::number;
use crate::store::event_write::EventWrite;
use domain::webhook::Webhook;

impl WebhookWriter {
    /// Replaces a webhook with its next revision, and writes the events that report the change:
    /// `webhook.revision` is the one that was read, and the stored one is one higher. [`StoreError::Conflict`] when
    /// another caller has changed the webhook.
    pub async fn replace(
        &self,
        webhook: &Webhook,
        event_writes: impl IntoIterator<Item = EventWrite>,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant_update(webhook.tenant).update_expression("ADD webhooks_version :one");
        self.replace_with(webhook, tenant, event_writes.into_iter().collect()).await
    }

    /// Replaces a webhook like [`WebhookWriter::replace`], for a change that depends on the tenant's other
    /// webhooks: [`StoreError::Conflict`] also when one of them has changed since `version` was read.
    pub async fn replace_if_unchanged(
        &self,
        webhook: &Webhook,
        version: &WebhooksVersion,
        event_writes: impl IntoIterator<Item = EventWrite>,
    ) -> Result<(), StoreError> {
        let tenant = self.unchanged_since(webhook.tenant, version).update_expression("ADD webhooks_version :one");
        self.replace_with(webhook, tenant, event_writes.into_iter().collect()).await
    }

    async fn replace_with(
        &self,
        webhook: &Webhook,
        tenant: UpdateBuilder,
        event_writes: Vec<EventWrite>,
    ) -> Result<(), StoreError> {
        let next = Webhook { revision: webhook.revision + 1, ..webhook.clone() };
        let row = self
            .put_webhook(&next)
            .await?
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(webhook.revision))
            .build()
            .map_err(StoreError::aws)?;
        let tenant = tenant.expression_attribute_values(":one", number(1));
        let row = TransactWriteItem::builder().put(row).build();
        let keys = match self.registry.put_public_keys(&next)? {
            Some(put) => put,
            // The webhook may have had public keys before this change.
            None => self.registry.delete_public_keys(next.tenant, next.id)?,
        };
        self.change_webhooks(vec![row], tenant, event_writes, vec![keys], &[StoreError::Conflict, StoreError::Conflict])
            .await
    }
}
