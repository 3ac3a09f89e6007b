//! Whether the webhooks of many tenants have changed, in one call.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures::future::try_join_all;

use super::{Registry, Row, StoreError, keys};
use domain::id::TenantId;

/// Maximum number of keys of one `BatchGetItem`: DynamoDB's limit.
const MAX_KEYS: usize = 100;
/// Maximum number of calls for keys that DynamoDB left unprocessed. DynamoDB leaves keys when a partition is throttled,
/// and the SDK's own retries do not cover this. There is no pause between the calls: other tenants' batches must not
/// wait, and `deliver` tries the remaining tenants again later.
const MAX_ROUNDS: u32 = 3;

/// A tenant and its version: `None` without the tenant, an error when this tenant alone could not be read.
type Version = (TenantId, Result<Option<u64>, StoreError>);

/// The versions of tenants' webhooks. Only `dispatch` holds this group.
#[derive(Debug, Clone)]
pub struct WebhooksVersions {
    registry: Registry,
}

impl WebhooksVersions {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// For each tenant a number that every change to its webhooks raises, strongly consistent. The whole call fails
    /// when DynamoDB does not answer.
    pub async fn of_tenants(&self, tenants: &[TenantId]) -> Result<Vec<Version>, StoreError> {
        let calls = tenants.chunks(MAX_KEYS).map(|tenants| self.versions_of(tenants));
        Ok(try_join_all(calls).await?.into_iter().flatten().collect())
    }

    async fn versions_of(&self, tenants: &[TenantId]) -> Result<Vec<Version>, StoreError> {
        let keys = tenants.iter().map(|tenant| keys::tenant(*tenant).attributes()).collect();
        let (mut left, mut found): (Vec<Row>, HashMap<String, Row>) = (keys, HashMap::new());
        for _ in 0..MAX_ROUNDS {
            if left.is_empty() {
                break;
            }
            let (rows, unprocessed) = self.read_versions(left).await?;
            found.extend(rows.into_iter().filter_map(|row| Some((row.get("pk")?.as_s().ok()?.clone(), row))));
            left = unprocessed;
        }
        Ok(tenants.iter().map(|tenant| (*tenant, version_of(*tenant, &found, &left))).collect())
    }

    /// One call. Returns the rows that were found, and the keys that were not processed.
    async fn read_versions(&self, keys: Vec<Row>) -> Result<(Vec<Row>, Vec<Row>), StoreError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .projection_expression("pk, webhooks_version")
            .consistent_read(true)
            .build()
            .map_err(StoreError::aws)?;
        let call = self.registry.client().batch_get_item().request_items(self.registry.table(), wanted);
        let answer = call.send().await.map_err(StoreError::aws)?;
        let rows = answer.responses.unwrap_or_default().into_values().flatten().collect();
        let unprocessed = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|table| table.keys);
        Ok((rows, unprocessed.collect()))
    }
}

fn version_of(tenant: TenantId, found: &HashMap<String, Row>, left: &[Row]) -> Result<Option<u64>, StoreError> {
    let pk = keys::tenant(tenant).pk;
    if let Some(row) = found.get(&pk) {
        // A tenant that is older than this counter has no version.
        let Some(version) = row.get("webhooks_version") else { return Ok(Some(0)) };
        let version = version.as_n().ok().and_then(|version| version.parse().ok());
        return version.map(Some).ok_or_else(|| StoreError::unreadable("a tenant whose version is no number"));
    }
    let is_left = left.iter().any(|key| key.get("pk").is_some_and(|left| left.as_s() == Ok(&pk)));
    if is_left { Err(StoreError::Aws("DynamoDB left the key unprocessed three times".into())) } else { Ok(None) }
}
