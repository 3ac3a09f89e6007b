//! The rows that count the events of tenants with a limit per minute. [`domain::event_quota`] is the rule.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Registry, StoreError, keys};
use crate::store::attribute::number;
use domain::event_quota::{ClaimStep, Counted, claim};
use domain::id::TenantId;

/// Maximum number of tries of a claim. Reason: each failed try means that another function has claimed in between, and
/// a minute is begun once.
const MAX_TRIES: u8 = 10;
/// How long a row is kept after a minute has begun, in seconds (1 d). So the row of a tenant whose limit was removed
/// disappears by itself. It is longer than any post can keep a limit reached.
const COUNT_RETENTION_SECONDS: i64 = 24 * 3600;

/// Whether a function may accept events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventClaim {
    /// So many events are claimed, and the row says this now.
    Granted(u32, Counted),
    /// The limit is reached until this time.
    Refused(Timestamp),
}

/// The counts of tenants' events. Only `ingest` holds this group.
#[derive(Debug, Clone)]
pub struct EventQuotas {
    registry: Registry,
}

#[derive(Deserialize)]
struct CountItem {
    minute: i64,
    taken: u32,
    per_minute: u32,
}

impl EventQuotas {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Claims at least `needed` events under a limit per minute. `known` is what the caller last read or wrote; with it
    /// a claim takes one call. [`StoreError::Conflict`] when other functions were faster each time.
    pub async fn claim(
        &self,
        tenant: TenantId,
        limit: u32,
        needed: u32,
        known: Option<Counted>,
        now: Timestamp,
    ) -> Result<EventClaim, StoreError> {
        let mut row = match known {
            Some(known) => Some(known),
            None => self.read(tenant).await?,
        };
        for _ in 0..MAX_TRIES {
            let written = match claim(row, limit, needed, now) {
                ClaimStep::Refuse { until } => return Ok(EventClaim::Refused(until)),
                ClaimStep::Add { minute, count } => {
                    let taken = self.changed(self.adding(tenant, minute, count, limit)).await?;
                    taken.map(|taken| EventClaim::Granted(count, Counted { minute, taken, limit }))
                }
                ClaimStep::Begin(begun) => {
                    let owed = row.map_or(0, |row| row.owed_at(begun.minute));
                    let taken = self.changed(self.beginning(tenant, row, begun)).await?;
                    taken.map(|_| EventClaim::Granted(begun.taken.saturating_sub(owed), begun))
                }
            };
            if let Some(granted) = written {
                return Ok(granted);
            }
            row = self.read(tenant).await?;
        }
        Err(StoreError::Conflict)
    }

    async fn read(&self, tenant: TenantId) -> Result<Option<Counted>, StoreError> {
        let item: Option<CountItem> = self.registry.get(keys::event_quota(tenant), true).await?;
        Ok(item.map(|item| Counted { minute: item.minute, taken: item.taken, limit: item.per_minute }))
    }

    fn adding(&self, tenant: TenantId, minute: i64, count: u32, limit: u32) -> UpdateItemFluentBuilder {
        self.update(tenant)
            .update_expression("ADD taken :count")
            .condition_expression("#minute = :minute AND taken < :limit")
            .expression_attribute_values(":minute", number(minute))
            .expression_attribute_values(":count", number(count))
            .expression_attribute_values(":limit", number(limit))
    }

    fn beginning(&self, tenant: TenantId, before: Option<Counted>, begun: Counted) -> UpdateItemFluentBuilder {
        let call = self
            .update(tenant)
            .update_expression("SET v = :v, #minute = :minute, taken = :taken, per_minute = :limit, #ttl = :ttl")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":minute", number(begun.minute))
            .expression_attribute_values(":taken", number(begun.taken))
            .expression_attribute_values(":limit", number(begun.limit))
            .expression_attribute_values(":ttl", number(begun.minute * 60 + COUNT_RETENTION_SECONDS));
        match before {
            None => call.condition_expression("attribute_not_exists(#minute)"),
            Some(before) => call
                .condition_expression("#minute = :before AND taken = :taken_before")
                .expression_attribute_values(":before", number(before.minute))
                .expression_attribute_values(":taken_before", number(before.taken)),
        }
    }

    fn update(&self, tenant: TenantId) -> UpdateItemFluentBuilder {
        let key = keys::event_quota(tenant);
        self.registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .expression_attribute_names("#minute", "minute")
            .return_values(ReturnValue::UpdatedNew)
    }

    /// Sends an update. Returns the events that are claimed after it, or `None` when its condition did not hold.
    async fn changed(&self, call: UpdateItemFluentBuilder) -> Result<Option<u32>, StoreError> {
        match self.registry.write(call).await {
            Ok(answer) => {
                let row = answer.attributes.unwrap_or_default();
                let taken = row.get("taken").and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
                taken.map(Some).ok_or_else(|| StoreError::unreadable("a count of events without a number"))
            }
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(None)
            }
            Err(error) => Err(StoreError::of_write(error)),
        }
    }
}
