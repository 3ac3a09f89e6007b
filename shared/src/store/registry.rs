//! The registry table: tenants, webhooks, sources, API keys and ingest keys.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::{Page, StoreError};

mod api_keys;
mod breakers;
mod certificates;
mod item;
mod keys;
mod sources;
mod tenants;
mod webhooks;

/// The registry table.
#[derive(Debug, Clone)]
pub struct Registry {
    client: Client,
    table: String,
}

impl Registry {
    /// The table `table`, reached through `client`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    async fn get<T: DeserializeOwned>(
        &self,
        (pk, sk): (String, String),
        consistent: bool,
    ) -> Result<Option<T>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(StoreError::aws)?;
        answer.item.map(|item| serde_dynamo::from_item(item).map_err(StoreError::unreadable)).transpose()
    }

    /// The rows of one partition whose sort key begins with `prefix`, in order, from after the sort key `after`.
    async fn list<T: DeserializeOwned>(
        &self,
        pk: String,
        prefix: &str,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<T>, StoreError> {
        // `~` sorts after every character of an id.
        let first = after.map_or_else(|| prefix.to_owned(), |after| format!("{prefix}{after}~"));
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .expression_attribute_values(":first", AttributeValue::S(first))
            .expression_attribute_values(":last", AttributeValue::S(format!("{prefix}~")))
            .consistent_read(true)
            .limit(i32::from(limit))
            .send()
            .await
            .map_err(StoreError::aws)?;
        let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("sk")).and_then(|sk| sk.as_s().ok());
        let next = next.and_then(|sk| sk.strip_prefix(prefix)).map(str::to_owned);
        let items = serde_dynamo::from_items(answer.items.unwrap_or_default()).map_err(StoreError::unreadable)?;
        Ok(Page { items, next })
    }
}
