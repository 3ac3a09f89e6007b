//! The registry table: tenants, webhooks, sources, API keys and ingest keys. Secrets in it are sealed.
//!
//! [`Registry`] is a handle of the table that reads and writes nothing for its callers. Each group of operations is a
//! type of its own, made from the handle. A room holds exactly the groups whose operations it uses, so that it cannot
//! call others; the test `template` compares these groups with the room's role.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::{Key, Page, Readable, StoreError, busy};
use crate::store::attribute::text;

mod keys;
mod transaction;
mod sealable;
mod unknown_attributes;
mod item;
mod data_keys;
mod sealing;
mod tenant_list;
mod tenant_lookup;
mod tenants;
mod event_quotas;
mod settings;
mod counts;
mod api_key_lookup;
mod api_keys;
mod source_lookup;
mod sources;
mod certificates;
mod subscribers;
mod webhooks;
mod public_key_rows;
mod public_keys;
mod webhooks_versions;
mod webhook_hosts;
mod breaker_update;
mod breakers;
mod webhook_writer;
mod receiver_health;
mod url_verifications;
mod rate_limits;
mod recovery_rows;
mod recoveries;
mod running_recoveries;
mod releases;
mod data_key_rotation;

pub use self::api_key_lookup::ApiKeyLookup;
pub use self::api_keys::ApiKeys;
pub use self::breakers::{BreakerReset, Breakers};
pub use self::certificates::Certificates;
pub use self::data_key_rotation::{DataKeyRotation, Resealed};
use self::data_keys::DataKeys;
pub use self::event_quotas::{EventClaim, EventQuotas};
pub use self::public_keys::PublicKeys;
pub use self::rate_limits::RateLimits;
pub use self::receiver_health::ReceiverHealth;
pub use self::recoveries::Recoveries;
pub use self::releases::Releases;
pub use self::running_recoveries::RunningRecoveries;
pub use self::settings::Settings;
pub use self::source_lookup::SourceLookup;
pub use self::sources::Sources;
pub use self::subscribers::{SubscriberPages, Subscribers};
pub use self::tenant_list::TenantList;
pub use self::tenant_lookup::TenantLookup;
pub use self::tenants::Tenants;
pub use self::url_verifications::UrlVerifications;
pub use self::webhook_writer::{Companion, WebhookWriter, WebhooksVersion};
pub use self::webhooks::Webhooks;
pub use self::webhooks_versions::WebhooksVersions;

/// A row as DynamoDB gives it.
type Row = HashMap<String, AttributeValue>;

/// A handle of the registry table, from which the groups are made. Clones share the client and the data keys, so a
/// group costs a pointer.
#[derive(Debug, Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

#[derive(Debug, Clone)]
struct Shared {
    client: Client,
    table: String,
    data_keys: DataKeys,
}

impl Registry {
    /// The table `table`, reached through `client`. This registry can read everything except secrets.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { shared: Arc::new(Shared { client, table: table.into(), data_keys: DataKeys::default() }) }
    }

    /// A registry that can also read secrets. `kms` decrypts their data keys.
    #[must_use]
    pub fn opening_secrets(self, kms: aws_sdk_kms::Client) -> Self {
        self.with(|data_keys| DataKeys { kms: Some(kms), ..data_keys })
    }

    /// A registry that can also write secrets, with data keys that are made under this KMS key (an ARN or an id).
    #[must_use]
    pub fn sealing_secrets(self, kms: aws_sdk_kms::Client, kms_key: impl Into<String>) -> Self {
        self.with(|data_keys| DataKeys { kms: Some(kms), made_under: Some(kms_key.into()), ..data_keys })
    }

    fn with(self, change: impl FnOnce(DataKeys) -> DataKeys) -> Self {
        let shared = Arc::unwrap_or_clone(self.shared);
        Self { shared: Arc::new(Shared { data_keys: change(shared.data_keys), ..shared }) }
    }

    fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Makes a write, and repeats it while other callers have its row in transactions.
    async fn write<W: busy::Write>(&self, write: W) -> Result<W::Output, SdkError<W::Error>> {
        busy::write(self.client(), write).await
    }

    fn table(&self) -> &str {
        &self.shared.table
    }

    async fn get<T: DeserializeOwned>(&self, key: Key, consistent: bool) -> Result<Option<T>, StoreError> {
        let row = self.get_row(key, consistent).await?;
        row.map(item::stored).transpose()
    }

    async fn get_row(&self, key: Key, consistent: bool) -> Result<Option<Row>, StoreError> {
        let answer = self
            .client()
            .get_item()
            .table_name(self.table())
            .set_key(Some(key.attributes()))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok(answer.item)
    }

    /// Like [`Registry::list_rows`]. Each row is read by itself with `read`; an unreadable one has its id.
    async fn list<T>(
        &self,
        pk: String,
        prefix: &str,
        after: Option<&str>,
        limit: impl Into<i32>,
        read: impl Fn(Row) -> Result<T, StoreError>,
    ) -> Result<Page<Readable<T>>, StoreError> {
        let page = self.list_rows(pk, prefix, after, limit).await?;
        let items = page.items.into_iter().map(|row| Readable::of(id_of(&row, prefix), read(row)));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next: page.next })
    }

    /// The rows of one partition whose sort key begins with `prefix`, in order, after the sort key `after`.
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
            .client()
            .query()
            .table_name(self.table())
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

/// The id in the sort key of a row, after the prefix of its kind.
fn id_of(row: &Row, prefix: &str) -> String {
    let sort_key = row.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
    sort_key.strip_prefix(prefix).unwrap_or(sort_key).to_owned()
}
