//! Deletes a webhook.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use jiff::Timestamp;

use super::turn::TURN_UNTIL;
use super::{Entries, Key, StoreError, WebhookWriter, WebhooksVersion, keys};
use crate::store::attribute::number;
use domain::id::{TenantId, WebhookId};

impl WebhookWriter {
    /// Whether a tenant has a webhook, readable or not; strongly consistent.
    pub async fn exists(&self, tenant: TenantId, webhook: WebhookId) -> Result<bool, StoreError> {
        Ok(self.registry.get_row(keys::webhook(tenant, webhook), true).await?.is_some())
    }

    /// Deletes a webhook with its public keys, its breaker and its line of slots; [`StoreError::Gone`] when it is
    /// deleted already, [`StoreError::Conflict`] while a rule over all webhooks has its turn at `now`.
    pub async fn delete(&self, tenant: TenantId, webhook: WebhookId, now: Timestamp) -> Result<(), StoreError> {
        self.delete_with(tenant, webhook, self.ordinary_update(tenant, now, "attribute_exists(pk)")).await
    }

    /// Deletes a webhook like [`WebhookWriter::delete`], for a deletion that depends on the tenant's other webhooks:
    /// [`StoreError::Conflict`] when one of them has changed since `version` was read.
    pub async fn delete_if_unchanged(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        version: &WebhooksVersion,
    ) -> Result<(), StoreError> {
        self.delete_with(tenant, webhook, self.unchanged_since(tenant, version)).await
    }

    async fn delete_with(&self, tenant: TenantId, webhook: WebhookId, count: UpdateBuilder) -> Result<(), StoreError> {
        let key = keys::webhook(tenant, webhook);
        let row = Delete::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(StoreError::aws)?;
        let count = count
            .update_expression(format!("ADD webhooks_version :one, webhook_count :minus_one REMOVE {TURN_UNTIL}"))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":minus_one", number(-1));
        let entries = Entries {
            rows: vec![TransactWriteItem::builder().delete(row).build()],
            companions: Vec::new(),
            unconditional: vec![
                self.registry.delete_public_keys(tenant, webhook)?,
                self.deleted(keys::breaker(tenant, webhook))?,
                self.deleted(keys::rate_limit(tenant, webhook))?,
            ],
        };
        self.change_webhooks(entries, count, &[StoreError::Gone, StoreError::Conflict]).await
    }

    /// The deletion of a row that belongs to the webhook, if there is one.
    fn deleted(&self, key: Key) -> Result<TransactWriteItem, StoreError> {
        let row = Delete::builder().table_name(self.registry.table()).set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder().delete(row.build().map_err(StoreError::aws)?).build())
    }
}
