//! The public keys of webhooks that sign `v1a`. They are in rows of their own, written with the webhook in one
//! transaction, because everybody may ask for them. So an answer opens no secret, and its cost grows with the number of
//! keys, not of webhooks.

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem, Update};

use super::Row;
use super::item::{self, PublicKeysItem, TenantItem};
use super::transaction::transaction_error;
use super::{Registry, StoreError, keys};
use crate::store::attribute::number;
use domain::id::{TenantId, WebhookId};
use domain::webhook::{PublishedKey, Webhook};

/// Number of rows read at a time. Reason: a tenant has fewer, its own row and one for each of 500 webhooks. With 200
/// bytes each, they fit into one answer of DynamoDB.
const PAGE: u16 = 1_000;

impl Registry {
    /// The public keys of all webhooks of a tenant, including former keys, in one query; `None` without the tenant. It
    /// opens no secret, unless the tenant is older than these rows and [`Registry::reseal`] has not visited it yet.
    pub async fn public_keys(&self, tenant: TenantId) -> Result<Option<Vec<PublishedKey>>, StoreError> {
        let mut rows = self.tenant_and_key_rows(tenant).await?.into_iter();
        let Some(own) = rows.next() else { return Ok(None) };
        let own: TenantItem = serde_dynamo::from_item(own).map_err(StoreError::unreadable)?;
        let mut keys = Vec::new();
        if own.public_keys_apart {
            for row in rows {
                let item: PublicKeysItem = serde_dynamo::from_item(row).map_err(StoreError::unreadable)?;
                keys.extend(Vec::<PublishedKey>::try_from(item)?);
            }
        } else {
            let webhooks = self.all_webhooks(tenant).await?;
            keys.extend(webhooks.iter().flat_map(|webhook| webhook.secrets.public_keys()));
        }
        Ok(Some(keys))
    }

    /// The tenant's own row, which sorts first, and the rows of public keys.
    async fn tenant_and_key_rows(&self, tenant: TenantId) -> Result<Vec<Row>, StoreError> {
        let (mut rows, mut after) = (Vec::new(), None::<String>);
        loop {
            let partition = keys::tenant_partition(tenant);
            let page = self.list_rows(partition, keys::TENANT, after.as_deref(), PAGE).await?;
            rows.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    }

    /// The write of a webhook's public keys, if it has any.
    pub(super) fn put_public_keys(&self, webhook: &Webhook) -> Result<Option<TransactWriteItem>, StoreError> {
        let published = webhook.secrets.public_keys();
        if published.is_empty() {
            return Ok(None);
        }
        let key = keys::public_keys(webhook.tenant, webhook.id);
        let row = item::with_key(key, PublicKeysItem::from(published.as_slice()))?;
        let put = Put::builder().table_name(&self.table).set_item(Some(row)).build().map_err(StoreError::aws)?;
        Ok(Some(TransactWriteItem::builder().put(put).build()))
    }

    /// The delete of a webhook's public keys, whether it has any or not.
    pub(super) fn delete_public_keys(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
    ) -> Result<TransactWriteItem, StoreError> {
        let key = keys::public_keys(tenant, webhook);
        let delete = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .build()
            .map_err(StoreError::aws)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Writes rows for the public keys of a tenant's webhooks, if an older version did not write them. Returns how many
    /// webhooks have changed since they were read; these must be visited again.
    pub(super) async fn set_public_keys_apart(&self, tenant: TenantId) -> Result<u32, StoreError> {
        let own: Option<TenantItem> = self.get(keys::tenant(tenant), true).await?;
        if own.is_none_or(|own| own.public_keys_apart) {
            return Ok(0);
        }
        let mut missed = 0;
        for webhook in self.all_webhooks(tenant).await? {
            if let Some(put) = self.put_public_keys(&webhook)? {
                let call = self.client.transact_write_items().transact_items(self.unchanged_webhook(&webhook)?);
                let written = call.transact_items(put).send().await;
                match written.map_err(|error| transaction_error(error, &[StoreError::Conflict])) {
                    Ok(_) => {}
                    Err(StoreError::Conflict) => missed += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        if missed == 0 {
            let key = keys::tenant(tenant);
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .update_expression("SET public_keys_apart = :true")
                .expression_attribute_values(":true", AttributeValue::Bool(true))
                .send()
                .await
                .map_err(StoreError::aws)?;
        }
        Ok(missed)
    }

    /// A write that leaves a webhook unchanged, and fails if the webhook is not as it was read. The public keys of a
    /// webhook that was rotated or deleted in between must not come back.
    fn unchanged_webhook(&self, webhook: &Webhook) -> Result<TransactWriteItem, StoreError> {
        let key = keys::webhook(webhook.tenant, webhook.id);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET revision = :read")
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(webhook.revision))
            .build()
            .map_err(StoreError::aws)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
