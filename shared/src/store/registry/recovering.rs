//! When a webhook's held deliveries were last being let go, by a recovery that nobody asked for: a row beside the webhook,
//! written with each page, so that the sweep does not begin a second one beside a long one that gets on.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::item::millis;
use super::{Registry, StoreError, keys};
use crate::store::attribute::number;
use domain::id::{TenantId, WebhookId};

/// How long such a row is of any use.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize)]
struct RecoveringItem {
    at: i64,
}

impl Registry {
    /// Notes that the recovery of what a webhook holds got on.
    pub async fn note_recovering(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let key = keys::recovering(tenant, webhook);
        let expires = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX);
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("SET v = :v, #at = :at, #ttl = :ttl")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":at", number(now.as_millisecond()))
            .expression_attribute_values(":ttl", number(expires.as_second()))
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok(())
    }

    /// When it last got on, if it did of late.
    pub async fn recovering_at(&self, tenant: TenantId, webhook: WebhookId) -> Result<Option<Timestamp>, StoreError> {
        let item: Option<RecoveringItem> = self.get(keys::recovering(tenant, webhook), true).await?;
        item.map(|item| millis(item.at)).transpose()
    }
}
