//! Deliveries of one webhook: by time, and those that are held or dead.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{Deliveries, STUCK_INDEX, StoreError, item, keys};
use crate::delivery::{Delivery, StateKind};
use crate::id::{EventId, TenantId, WebhookId};
use crate::store::Page;
use crate::store::timeline::{TimeRange, Timeline};

/// Which end of a list of held or dead deliveries comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// The longest held or dead first, as recovery takes them.
    OldestFirst,
    /// The latest first, as people read them.
    NewestFirst,
}

impl Deliveries {
    /// One page of a webhook's deliveries by their events' times, newest first, from below `after`; only those in
    /// `state` if given. A page may be short, even empty, and still name a next one.
    pub async fn list(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        range: TimeRange,
        state: Option<StateKind>,
        after: Option<EventId>,
        limit: u8,
    ) -> Result<Page<Delivery>, StoreError> {
        let state = state.map(StateKind::as_str);
        let timeline = Timeline { client: &self.client, table: &self.table, state };
        let page =
            timeline.newest_first(range, after, limit, |day, shard| keys::partition(webhook, day, shard)).await?;
        let items = page.items.into_iter().map(item::delivery_in).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { items: items.into_iter().filter(|delivery| delivery.tenant == tenant).collect(), next: page.next })
    }

    /// One page of a webhook's held or dead deliveries in the order of when they became so. `state` is `Held` or
    /// `Dead`; every other state has no rows here. The index follows the table within about a second.
    pub async fn list_stuck(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        state: StateKind,
        order: Stuck,
        after: Option<&str>,
        limit: impl Into<i32>,
    ) -> Result<Page<Delivery>, StoreError> {
        let call = self.query_stuck(webhook, state, limit).scan_index_forward(order == Stuck::OldestFirst);
        let call = match (after, order) {
            (None, _) => call.key_condition_expression("hd_pk = :pk"),
            (Some(after), Stuck::OldestFirst) => call
                .key_condition_expression("hd_pk = :pk AND hd_sk > :after")
                .expression_attribute_values(":after", AttributeValue::S(after.to_owned())),
            (Some(after), Stuck::NewestFirst) => call
                .key_condition_expression("hd_pk = :pk AND hd_sk < :after")
                .expression_attribute_values(":after", AttributeValue::S(after.to_owned())),
        };
        stuck_page(tenant, call).await
    }

    /// One page of those that became held or dead within `range`, oldest first, from after `after`.
    pub async fn list_stuck_within(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        state: StateKind,
        range: TimeRange,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<Delivery>, StoreError> {
        // `~` sorts after every character of a key: between after a row and its successor, and after a whole millisecond.
        let first = after.map_or_else(|| keys::stuck_at(range.from), |after| format!("{after}~"));
        let last = format!("{}~", keys::stuck_at(range.to));
        if first > last {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let call = self
            .query_stuck(webhook, state, limit)
            .key_condition_expression("hd_pk = :pk AND hd_sk BETWEEN :first AND :last")
            .expression_attribute_values(":first", AttributeValue::S(first))
            .expression_attribute_values(":last", AttributeValue::S(last));
        stuck_page(tenant, call).await
    }

    fn query_stuck(&self, webhook: WebhookId, state: StateKind, limit: impl Into<i32>) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(STUCK_INDEX)
            .expression_attribute_values(":pk", AttributeValue::S(keys::stuck_partition(webhook, state)))
            .limit(limit.into())
    }
}

async fn stuck_page(tenant: TenantId, call: QueryFluentBuilder) -> Result<Page<Delivery>, StoreError> {
    let answer = call.send().await.map_err(StoreError::aws)?;
    let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("hd_sk")).and_then(|sk| sk.as_s().ok());
    let next = next.cloned();
    let items = answer.items.unwrap_or_default().into_iter().map(item::delivery_in);
    let items = items.collect::<Result<Vec<_>, _>>()?;
    Ok(Page { items: items.into_iter().filter(|delivery| delivery.tenant == tenant).collect(), next })
}
