//! Rows for public keys that an older version kept only with the secrets.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::super::item::TenantItem;
use super::super::transaction::transaction_error;
use super::{DataKeyRotation, Readable, StoreError, keys};
use crate::store::attribute::number;
use domain::id::TenantId;
use domain::webhook::Webhook;

impl DataKeyRotation {
    /// Writes rows for the public keys of a tenant's webhooks, if an older version did not write them. Returns how many
    /// webhooks have changed since they were read; these must be visited again.
    pub(super) async fn set_public_keys_apart(&self, tenant: TenantId) -> Result<u32, StoreError> {
        let own: Option<TenantItem> = self.registry.get(keys::tenant(tenant), true).await?;
        if own.is_none_or(|own| own.public_keys_apart) {
            return Ok(0);
        }
        let mut missed = 0;
        for webhook in self.registry.all_webhooks(tenant).await?.into_iter().filter_map(Readable::read) {
            if let Some(put) = self.registry.put_public_keys(&webhook)? {
                let call =
                    self.registry.client().transact_write_items().transact_items(self.unchanged_webhook(&webhook)?);
                let written = self.registry.write(call.transact_items(put)).await;
                match written.map_err(|error| transaction_error(error, &[StoreError::Conflict])) {
                    Ok(_) => {}
                    Err(StoreError::Conflict) => missed += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        if missed == 0 {
            let key = keys::tenant(tenant);
            let call = self
                .registry
                .client()
                .update_item()
                .table_name(self.registry.table())
                .set_key(Some(key.attributes()))
                .update_expression("SET public_keys_apart = :true")
                .expression_attribute_values(":true", AttributeValue::Bool(true));
            self.registry.write(call).await.map_err(StoreError::of_write)?;
        }
        Ok(missed)
    }

    /// A write that leaves a webhook unchanged, and fails if the webhook is not as it was read. The public keys of a
    /// webhook that was rotated or deleted in between must not come back.
    fn unchanged_webhook(&self, webhook: &Webhook) -> Result<TransactWriteItem, StoreError> {
        let key = keys::webhook(webhook.tenant, webhook.id);
        let update = Update::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression("SET revision = :read")
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(webhook.revision))
            .build()
            .map_err(StoreError::aws)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
