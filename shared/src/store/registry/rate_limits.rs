//! The lines of webhooks with rate limits. Each webhook with a rate limit has a row with the next free slot of its
//! line. [`domain::rate_limit`] is the rule.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Registry, StoreError, keys};
use crate::store::attribute::number;
use domain::id::{TenantId, WebhookId};
use domain::rate_limit::{Claim, RateLimit, Slots};

/// Maximum number of tries of the two updates. Each can lose against another function's update. If both lose again and
/// again, the line belongs to a later revision of the webhook.
const MAX_ROUNDS: u8 = 3;
/// How long a row is kept after the last claim, in seconds (30 d). So the row of a deleted webhook disappears by
/// itself.
const LINE_RETENTION_SECONDS: i64 = 30 * 24 * 3600;

#[derive(Deserialize)]
struct LineItem {
    per_second: u32,
    next_slot: i64,
}

/// The lines of slots of webhooks with a rate limit. Only `deliver` holds this group.
#[derive(Debug, Clone)]
pub struct RateLimits {
    registry: Registry,
}

impl RateLimits {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Claims slots of a webhook's line, all in one call. [`StoreError::Conflict`] when the webhook was changed and the
    /// line belongs to its later limit.
    pub async fn claim_slots(&self, tenant: TenantId, webhook: WebhookId, claim: &Claim) -> Result<Slots, StoreError> {
        for _ in 0..MAX_ROUNDS {
            // First the update for a webhook below its limit. Such webhooks claim more often than webhooks with a
            // waiting line, whose jobs claim ten slots at a time.
            if let Some(next) = self.claimed(self.begun_line(tenant, webhook, claim)).await? {
                return Ok(Slots::claimed(claim, next - i64::from(claim.count)));
            }
            if let Some(next) = self.claimed(self.line_gone_on_with(tenant, webhook, claim)).await? {
                return Ok(Slots::claimed(claim, next - i64::from(claim.count)));
            }
        }
        Err(StoreError::Conflict)
    }

    /// When the second of the last claimed slot begins; `None` if no slot was claimed for a long time.
    pub async fn line_end(&self, tenant: TenantId, webhook: WebhookId) -> Result<Option<Timestamp>, StoreError> {
        let line: Option<LineItem> = self.registry.get(keys::rate_limit(tenant, webhook), true).await?;
        Ok(line.and_then(|line| Some(RateLimit::new(line.per_second)?.second_of(line.next_slot))))
    }

    fn begun_line(&self, tenant: TenantId, webhook: WebhookId, claim: &Claim) -> UpdateItemFluentBuilder {
        let present = claim.limit.first_slot(claim.now);
        self.line_update(tenant, webhook, claim)
            .update_expression("SET v = :v, per_second = :rate, revision = :revision, next_slot = :next, #ttl = :ttl")
            .condition_expression(
                "attribute_not_exists(next_slot) OR (revision <= :revision AND (per_second <> :rate OR next_slot < :present))",
            )
            .expression_attribute_values(":v", number(1))
            .expression_attribute_values(":revision", number(i64::try_from(claim.revision).unwrap_or(i64::MAX)))
            .expression_attribute_values(":next", number(present + i64::from(claim.count)))
    }

    fn line_gone_on_with(&self, tenant: TenantId, webhook: WebhookId, claim: &Claim) -> UpdateItemFluentBuilder {
        self.line_update(tenant, webhook, claim)
            .update_expression("SET #ttl = :ttl ADD next_slot :count")
            .condition_expression("per_second = :rate AND next_slot >= :present")
            .expression_attribute_values(":count", number(i64::from(claim.count)))
    }

    fn line_update(&self, tenant: TenantId, webhook: WebhookId, claim: &Claim) -> UpdateItemFluentBuilder {
        let key = keys::rate_limit(tenant, webhook);
        self.registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":rate", number(i64::from(claim.limit.per_second())))
            .expression_attribute_values(":present", number(claim.limit.first_slot(claim.now)))
            .expression_attribute_values(":ttl", number(claim.now.as_second() + LINE_RETENTION_SECONDS))
            .return_values(ReturnValue::UpdatedNew)
    }

    /// Sends an update. Returns the next free slot after it, or `None` when its condition did not hold.
    async fn claimed(&self, call: UpdateItemFluentBuilder) -> Result<Option<i64>, StoreError> {
        match self.registry.write(call).await {
            Ok(answer) => {
                let row = answer.attributes.unwrap_or_default();
                let next = row.get("next_slot").and_then(|value| value.as_n().ok()).and_then(|text| text.parse().ok());
                next.map(Some).ok_or_else(|| StoreError::unreadable("a line without its next slot"))
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
