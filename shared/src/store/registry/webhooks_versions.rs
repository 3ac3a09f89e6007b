//! Whether the webhooks of many tenants have changed, in one call.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures::future::try_join_all;

use super::Row;
use super::{Registry, StoreError, keys};
use domain::id::TenantId;

/// Keys of one `BatchGetItem`.
const MAX_KEYS: usize = 100;
/// How often keys that DynamoDB left unprocessed are asked for, the first time included. It leaves them when a partition
/// is throttled, and the SDK's own retries do not cover that. No pause: the batch of other tenants does not wait, and
/// `deliver` tries the tenants that are left again later.
const MAX_ROUNDS: u32 = 3;

/// A tenant and its version: `None` without the tenant, an error where it alone could not be read.
type Version = (TenantId, Result<Option<u64>, StoreError>);

impl Registry {
    /// For each tenant a number that every change to its webhooks raises, strongly consistent. The call as a whole fails
    /// when DynamoDB does not answer it.
    pub async fn webhooks_versions(&self, tenants: &[TenantId]) -> Result<Vec<Version>, StoreError> {
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

    /// One call: the rows that it found, and the keys that it did not look at.
    async fn read_versions(&self, keys: Vec<Row>) -> Result<(Vec<Row>, Vec<Row>), StoreError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .projection_expression("pk, webhooks_version")
            .consistent_read(true)
            .build()
            .map_err(StoreError::aws)?;
        let call = self.client.batch_get_item().request_items(&self.table, wanted);
        let answer = call.send().await.map_err(StoreError::aws)?;
        let rows = answer.responses.unwrap_or_default().into_values().flatten().collect();
        let unprocessed = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|table| table.keys);
        Ok((rows, unprocessed.collect()))
    }
}

fn version_of(tenant: TenantId, found: &HashMap<String, Row>, left: &[Row]) -> Result<Option<u64>, StoreError> {
    let pk = keys::tenant(tenant).pk;
    if let Some(row) = found.get(&pk) {
        // A tenant from before its webhooks were counted has no version.
        let Some(version) = row.get("webhooks_version") else { return Ok(Some(0)) };
        let version = version.as_n().ok().and_then(|version| version.parse().ok());
        return version.map(Some).ok_or_else(|| StoreError::unreadable("a tenant whose version is no number"));
    }
    let is_left = left.iter().any(|key| key.get("pk").is_some_and(|left| left.as_s() == Ok(&pk)));
    if is_left { Err(StoreError::Aws("DynamoDB left the key unprocessed three times".into())) } else { Ok(None) }
}
