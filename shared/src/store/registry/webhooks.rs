//! Webhooks in the registry. Every change also raises `webhooks_version` in the tenant's row, in the same transaction.
//! So `dispatch` sees each change before the caller gets the answer.

use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use jiff::Timestamp;

use super::item::{TenantItem, WebhookItem};
use super::transaction::transaction_error;
use super::{Page, Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use crate::store::event_write::{EventWrite, write_with_event};
use domain::id::{TenantId, WebhookId};
use domain::webhook::{DisabledReason, MAX_PER_TENANT, Subscriber, Webhook};

mod alone;

/// The state of all webhooks of a tenant before a change. A webhook is created only if none of the others has changed
/// since then, so that rules over all of them (their number, which URL is the backup of which) hold under races.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhooksVersion {
    version: u64,
    count: u32,
    last_number: u32,
}

impl WebhooksVersion {
    fn next_number(&self) -> u32 {
        self.last_number.saturating_add(1)
    }
}

/// Number of webhooks read at a time, when all of a tenant's are read.
const ALL_PAGE: u8 = 250;

impl Registry {
    /// Stores new webhooks of one tenant under its next numbers, in order, and returns them with their numbers. All or
    /// none are stored. At most 49: a transaction has 100 rows, a webhook may take two of them, and the tenant takes
    /// one. [`StoreError::LimitReached`] when the tenant would have more than [`MAX_PER_TENANT`].
    /// [`StoreError::Conflict`] when a webhook of the tenant has changed since `census` was taken, because what the
    /// caller found out about them may be outdated.
    pub async fn create_webhooks(
        &self,
        tenant: TenantId,
        webhooks: &[Webhook],
        census: &WebhooksVersion,
    ) -> Result<Vec<Webhook>, StoreError> {
        let new = u32::try_from(webhooks.len()).unwrap_or(u32::MAX);
        if census.count.saturating_add(new) > MAX_PER_TENANT {
            return Err(StoreError::LimitReached);
        }
        let (mut counted, mut rows) = (Vec::with_capacity(webhooks.len()), Vec::with_capacity(webhooks.len()));
        let mut keys = Vec::new();
        for (number, webhook) in (census.next_number()..).zip(webhooks) {
            let webhook = Webhook { number: Some(number), ..webhook.clone() };
            let row = self.put_webhook(&webhook).await?.condition_expression("attribute_not_exists(pk)");
            rows.push(TransactWriteItem::builder().put(row.build().map_err(StoreError::aws)?).build());
            keys.extend(self.put_public_keys(&webhook)?);
            counted.push(webhook);
        }
        let update = self
            .count(tenant, census, census.last_number.saturating_add(new))
            .update_expression("SET last_webhook_number = :number ADD webhooks_version :one, webhook_count :new")
            .expression_attribute_values(":new", number(new));
        let refusals: Vec<_> = rows.iter().map(|_| StoreError::Conflict).chain([StoreError::Conflict]).collect();
        self.change_webhooks(rows, update, None, keys, &refusals).await?;
        Ok(counted)
    }

    /// Gives a number to a webhook that is older than such numbers; [`StoreError::Conflict`] as in
    /// [`Registry::create_webhooks`].
    pub async fn number_webhook(&self, webhook: &Webhook, census: &WebhooksVersion) -> Result<Webhook, StoreError> {
        let next = webhook.revision + 1;
        let counted = Webhook { number: Some(census.next_number()), revision: next, ..webhook.clone() };
        let row = self
            .put_webhook(&counted)
            .await?
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(webhook.revision));
        let tenant = self
            .count(webhook.tenant, census, census.next_number())
            .update_expression("SET last_webhook_number = :number ADD webhooks_version :one");
        let row = TransactWriteItem::builder().put(row.build().map_err(StoreError::aws)?).build();
        let keys = self.put_public_keys(&counted)?.into_iter().collect();
        self.change_webhooks(vec![row], tenant, None, keys, &[StoreError::Conflict, StoreError::Conflict]).await?;
        Ok(counted)
    }

    /// The number of a tenant's webhooks and the version of their state, strongly consistent; `None` without the
    /// tenant.
    pub async fn census(&self, tenant: TenantId) -> Result<Option<WebhooksVersion>, StoreError> {
        let item: Option<TenantItem> = self.get(keys::tenant(tenant), true).await?;
        Ok(item.map(|item| WebhooksVersion {
            version: item.webhooks_version,
            count: item.webhook_count,
            last_number: item.last_webhook_number.unwrap_or(0),
        }))
    }

    /// An update of the tenant's row, on condition that no webhook has changed since the census.
    fn unchanged_since(&self, tenant: TenantId, census: &WebhooksVersion) -> UpdateBuilder {
        self.tenant_update(tenant)
            .condition_expression("attribute_exists(pk) AND webhooks_version = :version")
            .expression_attribute_values(":version", number(census.version))
    }

    /// The update of [`Registry::unchanged_since`], with the last number that is given.
    fn count(&self, tenant: TenantId, census: &WebhooksVersion, last: u32) -> UpdateBuilder {
        self.unchanged_since(tenant, census)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":number", number(last))
    }

    async fn put_webhook(&self, webhook: &Webhook) -> Result<PutBuilder, StoreError> {
        let key = keys::webhook(webhook.tenant, webhook.id);
        let item = self.sealed_row(key, WebhookItem::from(webhook)).await?;
        Ok(Put::builder().table_name(&self.table).set_item(Some(item)))
    }

    fn tenant_update(&self, tenant: TenantId) -> UpdateBuilder {
        let key = keys::tenant(tenant);
        Update::builder().table_name(&self.table).set_key(Some(key.attributes()))
    }

    /// One transaction. `refusals` are those of the rows, then that of the tenant's row. The entries after these have
    /// no condition that another caller could break.
    async fn change_webhooks(
        &self,
        rows: Vec<TransactWriteItem>,
        tenant: UpdateBuilder,
        event_write: Option<EventWrite>,
        public_keys: Vec<TransactWriteItem>,
        refusals: &[StoreError],
    ) -> Result<(), StoreError> {
        let tenant = TransactWriteItem::builder().update(tenant.build().map_err(StoreError::aws)?).build();
        let writes =
            rows.into_iter().chain([tenant]).chain(event_write.map(|EventWrite(event)| event)).chain(public_keys);
        let call = self.client.transact_write_items().set_transact_items(Some(writes.collect()));
        call.send().await.map_err(|error| transaction_error(error, refusals))?;
        Ok(())
    }

    /// One webhook of a tenant, if it exists, strongly consistent.
    pub async fn get_webhook(&self, tenant: TenantId, webhook: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let Some(row) = self.get_row(keys::webhook(tenant, webhook), true).await? else { return Ok(None) };
        let item: WebhookItem = self.opened_item(row).await?;
        Webhook::try_from(item).map(Some)
    }

    /// The webhooks of a tenant, oldest first.
    pub async fn list_webhooks(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Webhook>, StoreError> {
        let page = self.list_rows(keys::tenant_partition(tenant), keys::WEBHOOK, after, limit).await?;
        let items: Vec<WebhookItem> = self.opened_items(page.items).await?;
        let items = items.into_iter().map(Webhook::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// All webhooks of a tenant: at most [`MAX_PER_TENANT`].
    pub async fn all_webhooks(&self, tenant: TenantId) -> Result<Vec<Webhook>, StoreError> {
        let mut webhooks = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.list_webhooks(tenant, after.as_deref(), ALL_PAGE).await?;
            webhooks.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(webhooks);
            }
        }
    }

    /// The subscriptions of all webhooks of a tenant, at most [`MAX_PER_TENANT`]. It opens no secret.
    pub async fn all_subscribers(&self, tenant: TenantId) -> Result<Vec<Subscriber>, StoreError> {
        let mut subscribers = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let partition = keys::tenant_partition(tenant);
            let page: Page<WebhookItem> = self.list(partition, keys::WEBHOOK, after.as_deref(), ALL_PAGE).await?;
            for item in &page.items {
                subscribers.push(Subscriber::try_from(item)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(subscribers);
            }
        }
    }

    /// Replaces a webhook with its next revision: `webhook.revision` is the one that was read, and the stored one is
    /// one higher. [`StoreError::Conflict`] when another caller has changed it. For changes that raise no event.
    pub async fn replace_webhook(&self, webhook: &Webhook) -> Result<(), StoreError> {
        self.replace_with_event(webhook, None).await
    }

    /// Replaces a webhook like [`Registry::replace_webhook`], and writes the event that reports the change, if there is
    /// one.
    pub async fn replace_with_event(
        &self,
        webhook: &Webhook,
        event_write: Option<EventWrite>,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant_update(webhook.tenant).update_expression("ADD webhooks_version :one");
        self.replace_webhook_with(webhook, tenant, event_write).await
    }

    /// Replaces a webhook like [`Registry::replace_with_event`], for a change that depends on the tenant's other
    /// webhooks: [`StoreError::Conflict`] also when one of them has changed since `census` was taken.
    pub async fn replace_webhook_beside(
        &self,
        webhook: &Webhook,
        census: &WebhooksVersion,
        event_write: Option<EventWrite>,
    ) -> Result<(), StoreError> {
        let tenant = self.unchanged_since(webhook.tenant, census).update_expression("ADD webhooks_version :one");
        self.replace_webhook_with(webhook, tenant, event_write).await
    }

    async fn replace_webhook_with(
        &self,
        webhook: &Webhook,
        tenant: UpdateBuilder,
        event_write: Option<EventWrite>,
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
        let keys = match self.put_public_keys(&next)? {
            Some(put) => put,
            // The webhook may have had public keys before this change.
            None => self.delete_public_keys(next.tenant, next.id)?,
        };
        self.change_webhooks(vec![row], tenant, event_write, vec![keys], &[StoreError::Conflict, StoreError::Conflict])
            .await
    }

    /// Deletes a webhook; [`StoreError::Conflict`] when it is deleted already.
    pub async fn delete_webhook(&self, tenant: TenantId, webhook: WebhookId) -> Result<(), StoreError> {
        self.delete_webhook_with(tenant, webhook, self.tenant_update(tenant)).await
    }

    /// Deletes a webhook like [`Registry::delete_webhook`], for a deletion that depends on the tenant's other webhooks:
    /// [`StoreError::Conflict`] also when one of them has changed since `census` was taken.
    pub async fn delete_webhook_beside(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        census: &WebhooksVersion,
    ) -> Result<(), StoreError> {
        self.delete_webhook_with(tenant, webhook, self.unchanged_since(tenant, census)).await
    }

    async fn delete_webhook_with(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        count: UpdateBuilder,
    ) -> Result<(), StoreError> {
        let key = keys::webhook(tenant, webhook);
        let row = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(pk)")
            .build()
            .map_err(StoreError::aws)?;
        let count = count
            .update_expression("ADD webhooks_version :one, webhook_count :minus_one")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":minus_one", number(-1));
        let row = TransactWriteItem::builder().delete(row).build();
        let keys = vec![self.delete_public_keys(tenant, webhook)?];
        self.change_webhooks(vec![row], count, None, keys, &[StoreError::Conflict, StoreError::Conflict]).await
    }

    /// Disables an enabled webhook of any revision, and writes the event. Returns whether this call disabled it.
    /// `dispatch` need not know, because a disabled webhook is still owed its events. If the webhook is deleted or
    /// disabled already, this is not an error; the first reason stays.
    pub async fn disable_webhook(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        reason: DisabledReason,
        now: Timestamp,
        event_write: EventWrite,
    ) -> Result<bool, StoreError> {
        let key = keys::webhook(tenant, webhook);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET disabled = :reason, updated_at = :now ADD revision :one")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(disabled)")
            .expression_attribute_values(":reason", text(reason.as_str()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .build()
            .map_err(StoreError::aws)?;
        write_with_event(&self.client, TransactWriteItem::builder().update(update).build(), event_write).await
    }
}
