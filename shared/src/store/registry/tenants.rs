//! Tenants, as `api` creates, changes and reads them.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};

use super::item::{self, TenantItem};
use super::transaction::transaction_error;
use super::{Key, Page, Readable, Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use domain::id::TenantId;
use domain::tenant::{Tenant, TenantChange};

/// An attribute and its new value. `None` removes the attribute.
type Field = (&'static str, Option<AttributeValue>);

/// Tenants. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct Tenants {
    registry: Registry,
}

impl Tenants {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Creates a tenant: its own row, and its entry in the operator's list.
    pub async fn create(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let own = self.put_new(keys::tenant(tenant.id), tenant)?;
        let listed = self.put_new(keys::tenant_in_list(tenant.id), tenant)?;
        let call = self
            .registry
            .client()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(own).build())
            .transact_items(TransactWriteItem::builder().put(listed).build());
        self.registry.write(call).await.map_err(StoreError::of_write)?;
        Ok(())
    }

    fn put_new(&self, key: Key, tenant: &Tenant) -> Result<Put, StoreError> {
        Put::builder()
            .table_name(self.registry.table())
            .set_item(Some(item::with_key(key, TenantItem::from(tenant))?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::aws)
    }

    /// Changes a tenant. Each field is written by itself, so that two changes of different fields at the same time both
    /// hold. [`StoreError::Gone`] without the tenant.
    pub async fn change(&self, tenant: TenantId, change: &TenantChange) -> Result<(), StoreError> {
        let fields = fields(change);
        if fields.is_empty() {
            return Ok(());
        }
        let own = self.update(keys::tenant(tenant), &fields)?;
        let listed = self.update(keys::tenant_in_list(tenant), &fields)?;
        let call = self.registry.client().transact_write_items().transact_items(own).transact_items(listed);
        let refusals = [StoreError::Gone, StoreError::Gone];
        self.registry.write(call).await.map_err(|error| transaction_error(error, &refusals))?;
        Ok(())
    }

    fn update(&self, key: Key, fields: &[Field]) -> Result<TransactWriteItem, StoreError> {
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        let mut update = Update::builder().table_name(self.registry.table()).set_key(Some(key.attributes()));
        for (name, value) in fields {
            // Some of the words are reserved in expressions.
            update = update.expression_attribute_names(format!("#{name}"), *name);
            match value {
                Some(value) => {
                    set.push(format!("#{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), value.clone());
                }
                None => remove.push(format!("#{name}")),
            }
        }
        let clauses = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, names)| !names.is_empty());
        let clauses: Vec<_> = clauses.map(|(clause, names)| format!("{clause} {}", names.join(", "))).collect();
        let update = update.update_expression(clauses.join(" ")).condition_expression("attribute_exists(pk)");
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::aws)?).build())
    }

    /// One tenant, if it exists.
    pub async fn get(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.registry.get_tenant(tenant).await
    }

    /// Tenants in the order of their creation, after `after`.
    pub async fn list(&self, after: Option<&str>, limit: u8) -> Result<Page<Readable<Tenant>>, StoreError> {
        self.registry.list_tenants(after, limit).await
    }
}

/// The attributes that change.
fn fields(change: &TenantChange) -> Vec<Field> {
    let TenantChange { name, suspended, events_per_minute, webhooks, webhooks_per_host, sources, keys } = change;
    let limits = [
        ("max_events_per_minute", events_per_minute),
        ("max_webhooks", webhooks),
        ("max_webhooks_per_host", webhooks_per_host),
        ("max_sources", sources),
        ("max_keys", keys),
    ];
    let limits = limits.into_iter().filter_map(|(attribute, limit)| Some((attribute, (*limit)?.map(number))));
    let name = name.iter().map(|name| ("name", Some(text(name))));
    let suspended = suspended.iter().map(|suspended| ("suspended", suspended.then_some(AttributeValue::Bool(true))));
    name.chain(suspended).chain(limits).collect()
}
