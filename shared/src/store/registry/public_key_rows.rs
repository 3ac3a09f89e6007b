//! The rows of public keys. They are written with the webhook in one transaction.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::item::{self, PublicKeysItem};
use super::{Registry, StoreError, keys};
use domain::id::{TenantId, WebhookId};
use domain::webhook::Webhook;

impl Registry {
    /// The write of a webhook's public keys, if it has any.
    pub(super) fn put_public_keys(&self, webhook: &Webhook) -> Result<Option<TransactWriteItem>, StoreError> {
        let published = webhook.secrets.public_keys();
        if published.is_empty() {
            return Ok(None);
        }
        let key = keys::public_keys(webhook.tenant, webhook.id);
        let row = item::with_key(key, PublicKeysItem::from(published.as_slice()))?;
        let put = Put::builder().table_name(self.table()).set_item(Some(row)).build().map_err(StoreError::aws)?;
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
            .table_name(self.table())
            .set_key(Some(key.attributes()))
            .build()
            .map_err(StoreError::aws)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
