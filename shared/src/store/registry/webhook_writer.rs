//! Changes of webhooks. Every change also raises `webhooks_version` in the tenant's row, in the same transaction. So
//! `dispatch` sees each change before the caller gets the answer.

use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::builders::{PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

use super::breakers::BreakerReset;
use super::item::{TenantItem, WebhookItem};
use super::transaction::transaction_error;
use super::{Key, Registry, StoreError, keys};
use crate::store::attribute::number;
use crate::store::event_write::EventWrite;
use domain::id::TenantId;
use domain::webhook::Webhook;

mod turn;
mod host_limit;
mod create;
mod independent;
mod replace;
mod delete;

/// The state of all webhooks of a tenant before a change. A webhook is created only if none of the others has changed
/// since then, so that rules over all of them (their number, which URL is the backup of which, how many have one host)
/// hold under races.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhooksVersion {
    version: u64,
    count: u32,
    most: u32,
    /// The operator's limit on webhooks with one host.
    most_per_host: Option<u32>,
    last_number: u32,
}

impl WebhooksVersion {
    fn next_number(&self) -> u32 {
        self.last_number.saturating_add(1)
    }
}

impl From<&TenantItem> for WebhooksVersion {
    fn from(item: &TenantItem) -> Self {
        let limits = item.limits();
        Self {
            version: item.webhooks_version,
            count: item.webhook_count,
            most: limits.max_webhooks(),
            most_per_host: limits.webhooks_per_host,
            last_number: item.last_webhook_number.unwrap_or(0),
        }
    }
}

/// What is written in one transaction with the change of a webhook.
#[derive(Debug, Clone)]
pub enum Companion {
    /// An event that reports the change.
    Event(EventWrite),
    /// The reset of the webhook's breaker. If the breaker has changed since it was read, the transaction is refused
    /// with [`StoreError::Conflict`].
    Reset(BreakerReset),
}

impl From<Companion> for TransactWriteItem {
    fn from(companion: Companion) -> Self {
        match companion {
            Companion::Event(EventWrite(write)) | Companion::Reset(BreakerReset(write)) => write,
        }
    }
}

/// The entries of a transaction next to the update of the tenant's row.
#[derive(Debug, Clone)]
struct Entries {
    /// The webhooks.
    rows: Vec<TransactWriteItem>,
    /// What else is written because of the change.
    companions: Vec<Companion>,
    /// Rows that belong to the webhooks: public keys, and with a deletion also breakers and lines of slots.
    unconditional: Vec<TransactWriteItem>,
}

/// Changes of webhooks. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct WebhookWriter {
    registry: Registry,
}

impl WebhookWriter {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The number of a tenant's webhooks and the version of their state, strongly consistent; `None` without the
    /// tenant.
    pub async fn version(&self, tenant: TenantId) -> Result<Option<WebhooksVersion>, StoreError> {
        let item: Option<TenantItem> = self.registry.get(keys::tenant(tenant), true).await?;
        Ok(item.as_ref().map(WebhooksVersion::from))
    }

    /// An update of the tenant's row, on condition that no webhook has changed since this version, and not the limit on
    /// webhooks with one host either.
    fn unchanged_since(&self, tenant: TenantId, version: &WebhooksVersion) -> UpdateBuilder {
        let update = self.tenant_update(tenant).expression_attribute_values(":version", number(version.version));
        version.with_same_host_limit(update, "attribute_exists(pk) AND webhooks_version = :version")
    }

    async fn put_webhook(&self, webhook: &Webhook) -> Result<PutBuilder, StoreError> {
        let key = keys::webhook(webhook.tenant, webhook.id);
        let item = self.registry.sealed_row(key, WebhookItem::from(webhook)).await?;
        Ok(Put::builder().table_name(self.registry.table()).set_item(Some(item)))
    }

    /// Like [`WebhookWriter::put_webhook`], for a webhook that is stored already.
    async fn put_changed(&self, webhook: &Webhook) -> Result<PutBuilder, StoreError> {
        let key = keys::webhook(webhook.tenant, webhook.id);
        let item = self.registry.replacing_row(key, WebhookItem::from(webhook)).await?;
        Ok(Put::builder().table_name(self.registry.table()).set_item(Some(item)))
    }

    fn tenant_update(&self, tenant: TenantId) -> UpdateBuilder {
        let key = keys::tenant(tenant);
        Update::builder().table_name(self.registry.table()).set_key(Some(key.attributes()))
    }

    /// One transaction. `refusals` are those of the rows, then that of the tenant's row. If one of the entries after
    /// these is refused, another caller has changed it: [`StoreError::Conflict`].
    async fn change_webhooks(
        &self,
        entries: Entries,
        tenant: UpdateBuilder,
        refusals: &[StoreError],
    ) -> Result<(), StoreError> {
        let call = self.transaction(entries, tenant)?;
        self.registry.write(call).await.map_err(|error| transaction_error(error, refusals))?;
        Ok(())
    }

    fn transaction(
        &self,
        entries: Entries,
        tenant: UpdateBuilder,
    ) -> Result<TransactWriteItemsFluentBuilder, StoreError> {
        let Entries { rows, companions, unconditional } = entries;
        let tenant = TransactWriteItem::builder().update(tenant.build().map_err(StoreError::aws)?).build();
        let writes = rows
            .into_iter()
            .chain([tenant])
            .chain(companions.into_iter().map(TransactWriteItem::from))
            .chain(unconditional);
        Ok(self.registry.client().transact_write_items().set_transact_items(Some(writes.collect())))
    }
}
