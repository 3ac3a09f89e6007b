//! Items with secrets: sealed on their way into the table, opened on their way out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::item::{self, SettingsItem, SourceItem, WebhookItem};
use super::{Registry, StoreError, keys};
use crate::clock::random;
use domain::id::TenantId;
use domain::seal::{DataKey, DataKeyNumber, Place, Sealed};

/// The first version of items whose secrets are sealed. Older ones hold them in clear, and are sealed when they are next
/// written.
const SEALED_SINCE: u8 = 2;
/// Rows are read this many at a time when all of a tenant's are sealed anew.
const PAGE: u8 = 100;

/// A row as DynamoDB gives it.
pub(super) type Row = HashMap<String, AttributeValue>;

/// A stored item with fields that an export of the table must not give away.
pub(super) trait Sealable: Serialize + DeserializeOwned {
    /// The item's version.
    fn version(&mut self) -> &mut u8;

    /// Its secrets, each with the name of its field; within a list or a map, the attribute's name comes first.
    fn secrets(&mut self) -> Vec<(String, &mut String)>;
}

/// What became of rows when they were to be sealed with the newest data key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows with secrets.
    pub rows: u32,
    /// Those that were sealed anew.
    pub changed: u32,
    /// Those that somebody else changed meanwhile: they have to be looked at again.
    pub missed: u32,
}

impl Registry {
    /// The row to put under `key`, its secrets sealed with the newest data key.
    pub(super) async fn sealed_row<T: Sealable>(&self, key: (String, String), mut item: T) -> Result<Row, StoreError> {
        if !item.secrets().is_empty() {
            let data_key = self.newest_data_key().await?;
            seal(&mut item, &key, &data_key);
        }
        item::with_key(key, item)
    }

    /// The item of a row, its secrets in clear.
    pub(super) async fn opened_item<T: Sealable>(&self, row: Row) -> Result<T, StoreError> {
        let key = key_of(&row)?;
        let mut item: T = serde_dynamo::from_item(row).map_err(StoreError::unreadable)?;
        let Some(sealed) = sealed_secrets(&mut item)? else { return Ok(item) };
        let mut data_keys: BTreeMap<DataKeyNumber, Arc<DataKey>> = BTreeMap::new();
        for number in sealed.iter().map(|secret| secret.key).collect::<BTreeSet<_>>() {
            data_keys.insert(number, self.data_key(number).await?);
        }
        for ((field, text), secret) in item.secrets().into_iter().zip(sealed) {
            let place = Place { pk: &key.0, sk: &key.1, field: &field };
            *text = data_keys[&secret.key].open(secret, &place).map_err(StoreError::unreadable)?;
        }
        Ok(item)
    }

    /// The items of rows, their secrets in clear.
    pub(super) async fn opened_items<T: Sealable>(&self, rows: Vec<Row>) -> Result<Vec<T>, StoreError> {
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.push(self.opened_item(row).await?);
        }
        Ok(items)
    }

    /// Seals with the newest data key whatever is in clear or sealed with an older one, of every tenant, once. Rows that
    /// were missed are for the next time. Public keys that an older version left within secrets get rows of their own.
    pub async fn reseal(&self) -> Result<Resealed, StoreError> {
        let mut sum = Resealed::default();
        let mut after: Option<String> = None;
        loop {
            let page = self.list_tenants(after.as_deref(), PAGE).await?;
            for tenant in page.items {
                let Resealed { rows, changed, missed } = self.reseal_tenant(tenant.id).await?;
                sum = Resealed { rows: sum.rows + rows, changed: sum.changed + changed, missed: sum.missed + missed };
            }
            after = page.next;
            if after.is_none() {
                return Ok(sum);
            }
        }
    }

    /// Other fields of the rows are not touched, and neither is their revision: for everybody else nothing has changed.
    async fn reseal_tenant(&self, tenant: TenantId) -> Result<Resealed, StoreError> {
        let newest = self.newest_data_key().await?;
        let mut sum = Resealed::default();
        self.reseal_rows::<WebhookItem>(tenant, keys::WEBHOOK, &newest, &mut sum).await?;
        self.reseal_rows::<SourceItem>(tenant, keys::SOURCE, &newest, &mut sum).await?;
        self.reseal_rows::<SettingsItem>(tenant, keys::SETTINGS, &newest, &mut sum).await?;
        sum.missed += self.set_public_keys_apart(tenant).await?;
        Ok(sum)
    }

    async fn reseal_rows<T: Sealable>(
        &self,
        tenant: TenantId,
        prefix: &str,
        newest: &DataKey,
        sum: &mut Resealed,
    ) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.list_rows(keys::tenant_partition(tenant), prefix, after.as_deref(), PAGE).await?;
            for row in page.items {
                let mut stored: T = serde_dynamo::from_item(row.clone()).map_err(StoreError::unreadable)?;
                sum.rows += u32::from(!stored.secrets().is_empty());
                if needs(&mut stored, newest)? {
                    let done = self.reseal_row::<T>(row, newest).await?;
                    sum.changed += u32::from(done);
                    sum.missed += u32::from(!done);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Answers false when the row was changed or deleted meanwhile.
    async fn reseal_row<T: Sealable>(&self, row: Row, newest: &DataKey) -> Result<bool, StoreError> {
        let key = key_of(&row)?;
        let revision = row.get("revision").cloned().ok_or_else(|| StoreError::unreadable("a row without revision"))?;
        let mut item: T = self.opened_item(row).await?;
        seal(&mut item, &key, newest);
        let attributes = item.secrets().into_iter().map(|(field, _)| attribute_of(&field).to_owned());
        let attributes: BTreeSet<String> = attributes.chain(["v".to_owned()]).collect();
        let mut sealed: Row = serde_dynamo::to_item(item).map_err(StoreError::unreadable)?;
        let mut call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key.0))
            .key("sk", AttributeValue::S(key.1))
            .condition_expression("revision = :revision")
            .expression_attribute_values(":revision", revision);
        let mut assignments = Vec::new();
        for name in attributes {
            let value = sealed.remove(&name).ok_or_else(|| StoreError::unreadable("a secret outside its item"))?;
            let index = assignments.len();
            call = call.expression_attribute_names(format!("#n{index}"), name);
            call = call.expression_attribute_values(format!(":v{index}"), value);
            assignments.push(format!("#n{index} = :v{index}"));
        }
        match call.update_expression(format!("SET {}", assignments.join(", "))).send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::aws(error)),
        }
    }
}

/// Seals the secrets of an item that has them in clear.
fn seal(item: &mut impl Sealable, key: &(String, String), data_key: &DataKey) {
    for (field, text) in item.secrets() {
        *text = data_key.seal(text, &Place { pk: &key.0, sk: &key.1, field: &field }, random());
    }
    *item.version() = SEALED_SINCE;
}

/// The secrets of a stored item, in its order; `None` when they are in clear.
fn sealed_secrets(item: &mut impl Sealable) -> Result<Option<Vec<Sealed>>, StoreError> {
    if *item.version() < SEALED_SINCE {
        return Ok(None);
    }
    let sealed = item.secrets().into_iter().map(|(_, text)| Sealed::parse(text).map_err(StoreError::unreadable));
    sealed.collect::<Result<_, _>>().map(Some)
}

/// Whether a stored item has a secret that is not sealed with this data key.
fn needs(item: &mut impl Sealable, data_key: &DataKey) -> Result<bool, StoreError> {
    let has_secrets = !item.secrets().is_empty();
    Ok(match sealed_secrets(item)? {
        None => has_secrets,
        Some(sealed) => sealed.iter().any(|secret| secret.key != data_key.number()),
    })
}

/// The attribute that a field is in: `credentials` for `credentials.values.0`.
fn attribute_of(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}

fn key_of(row: &Row) -> Result<(String, String), StoreError> {
    let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).cloned();
    text("pk").zip(text("sk")).ok_or_else(|| StoreError::unreadable("a row without a key"))
}
