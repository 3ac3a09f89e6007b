//! When a webhook's held deliveries were last released. Each page of such a release writes this row, so that the sweep
//! does not start a second release while a long one is making progress.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::item::millis;
use super::{Registry, StoreError, keys};
use crate::store::attribute::number;
use domain::id::{TenantId, WebhookId};

/// How long the row is useful.
const MARK_RETENTION: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize)]
struct RecoveringItem {
    at: i64,
}

/// When held deliveries of webhooks were last released. Only `deliver` holds this group.
#[derive(Debug, Clone)]
pub struct Releases {
    registry: Registry,
}

impl Releases {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Records that the release of a webhook's held deliveries has made progress.
    pub async fn note_progress(&self, tenant: TenantId, webhook: WebhookId, now: Timestamp) -> Result<(), StoreError> {
        let key = keys::recovering(tenant, webhook);
        let expires = now.saturating_add(MARK_RETENTION).unwrap_or(Timestamp::MAX);
        let call = self
            .registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression("SET v = :v, #at = :at, #ttl = :ttl")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":at", number(now.as_millisecond()))
            .expression_attribute_values(":ttl", number(expires.as_second()));
        self.registry.write(call).await.map_err(StoreError::of_write)?;
        Ok(())
    }

    /// When the release last made progress, if that was recently.
    pub async fn last_progress(&self, tenant: TenantId, webhook: WebhookId) -> Result<Option<Timestamp>, StoreError> {
        let item: Option<RecoveringItem> = self.registry.get(keys::recovering(tenant, webhook), true).await?;
        item.map(|item| millis(item.at)).transpose()
    }
}
