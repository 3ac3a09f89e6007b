//! The registry table: tenants, webhooks, sources, API keys and ingest keys. Secrets in it are sealed.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::{Key, Page, StoreError};
use crate::store::attribute::text;

mod keys;
mod transaction;
mod sealable;
mod item;
mod data_keys;
mod sealing;
mod tenants;
mod settings;
mod api_keys;
mod sources;
mod certificates;
mod public_keys;
mod webhooks;
mod webhooks_versions;
mod breakers;
mod rate_limits;
mod recoveries;
mod recovering;
mod reseal;

use self::data_keys::DataKeys;
pub use self::reseal::Resealed;
pub use self::webhooks::WebhooksVersion;

/// A row as DynamoDB gives it.
type Row = HashMap<String, AttributeValue>;

/// The registry table.
#[derive(Debug, Clone)]
pub struct Registry {
    client: Client,
    table: String,
    data_keys: DataKeys,
}

impl Registry {
    /// The table `table`, reached through `client`. This registry can read everything except secrets.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), data_keys: DataKeys::default() }
    }

    /// A registry that can also read secrets. `kms` decrypts their data keys.
    #[must_use]
    pub fn opening_secrets(self, kms: aws_sdk_kms::Client) -> Self {
        Self { data_keys: DataKeys { kms: Some(kms), ..self.data_keys }, ..self }
    }

    /// A registry that can also write secrets, with data keys that are made under this KMS key (an ARN or an id).
    #[must_use]
    pub fn sealing_secrets(self, kms: aws_sdk_kms::Client, kms_key: impl Into<String>) -> Self {
        let opening = self.opening_secrets(kms);
        Self { data_keys: DataKeys { made_under: Some(kms_key.into()), ..opening.data_keys }, ..opening }
    }

    async fn get<T: DeserializeOwned>(&self, key: Key, consistent: bool) -> Result<Option<T>, StoreError> {
        let row = self.get_row(key, consistent).await?;
        row.map(|row| serde_dynamo::from_item(row).map_err(StoreError::unreadable)).transpose()
    }

    async fn get_row(&self, key: Key, consistent: bool) -> Result<Option<Row>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok(answer.item)
    }

    /// The rows of one partition whose sort key begins with `prefix`, in order, after the sort key `after`.
    async fn list<T: DeserializeOwned>(
        &self,
        pk: String,
        prefix: &str,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<T>, StoreError> {
        let page = self.list_rows(pk, prefix, after, limit).await?;
        let items = serde_dynamo::from_items(page.items).map_err(StoreError::unreadable)?;
        Ok(Page { items, next: page.next })
    }

    async fn list_rows(
        &self,
        pk: String,
        prefix: &str,
        after: Option<&str>,
        limit: impl Into<i32>,
    ) -> Result<Page<Row>, StoreError> {
        // `~` sorts after every character of an id, and a space before every one. DynamoDB does not compare keys with
        // an empty text.
        let first = match after {
            Some(after) => format!("{prefix}{after}~"),
            None if prefix.is_empty() => " ".to_owned(),
            None => prefix.to_owned(),
        };
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":first", text(first))
            .expression_attribute_values(":last", AttributeValue::S(format!("{prefix}~")))
            .consistent_read(true)
            .limit(limit.into())
            .send()
            .await
            .map_err(StoreError::aws)?;
        let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("sk")).and_then(|sk| sk.as_s().ok());
        let next = next.and_then(|sk| sk.strip_prefix(prefix)).map(str::to_owned);
        Ok(Page { items: answer.items.unwrap_or_default(), next })
    }
}
