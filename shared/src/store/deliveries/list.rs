//! Lists of a webhook's deliveries: by time, and those that are held or dead.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;

use super::{Deliveries, HELD_DEAD_INDEX, ListedDelivery, StoreError, item, keys};
use crate::store::Page;
use crate::store::attribute::text;
use crate::store::timeline::SHARDS;
use crate::store::timeline::{TimeRange, Timeline};
use domain::delivery::StateKind;
use domain::id::{EventId, TenantId, WebhookId};

/// The sort key of the index.
const SORT_KEY: &str = "hd_sk";

/// The order of a list of held or dead deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOrDeadOrder {
    /// The longest held or dead first, as recoveries need them.
    OldestFirst,
    /// The latest first, as people read them.
    NewestFirst,
}

impl Deliveries {
    /// One page of a webhook's deliveries by the times of their events, newest first, below `after`, only those in
    /// `state` if it is given. A page may be short or empty and still name a next page.
    pub async fn list(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        range: TimeRange,
        state: Option<StateKind>,
        after: Option<EventId>,
        limit: u8,
    ) -> Result<Page<ListedDelivery>, StoreError> {
        let state = state.map(StateKind::as_str);
        let timeline = Timeline { client: &self.client, table: &self.table, state };
        let page =
            timeline.newest_first(range, after, limit, |day, shard| keys::partition(webhook, day, shard)).await?;
        let items = page.items.into_iter().filter_map(|row| item::entry_in(tenant, row).transpose());
        Ok(Page { items: items.collect::<Result<_, _>>()?, next: page.next })
    }

    /// One page of a webhook's held or dead deliveries, ordered by the time when they became so. `state` is `Held` or
    /// `Dead`; other states have no rows in the index. The index follows the table within about a second. A page may be
    /// short and still name a next page.
    pub async fn list_stuck(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        state: StateKind,
        order: HeldOrDeadOrder,
        after: Option<&str>,
        limit: impl Into<i32>,
    ) -> Result<Page<ListedDelivery>, StoreError> {
        let bounds = match (after, order) {
            (None, _) => Bounds::All,
            (Some(after), HeldOrDeadOrder::OldestFirst) => Bounds::After(after.to_owned()),
            (Some(after), HeldOrDeadOrder::NewestFirst) => Bounds::Before(after.to_owned()),
        };
        let list = List { order, has_attempts: true };
        self.stuck(tenant, (webhook, state), list, &bounds, limit.into()).await
    }

    /// One page of a webhook's held or dead deliveries without their attempts, oldest first, after `after`. With a
    /// `range`, the page has those that became held or dead within it. For waiting deliveries, the range is about the
    /// time at which they are due, and only long waits are in the index.
    ///
    /// Jobs that read many rows use this list. Reason: the attempts of one row may have 100 KB, and functions with
    /// 128 MB read the rows of many webhooks at the same time.
    pub async fn list_stuck_without_attempts(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        state: StateKind,
        range: Option<TimeRange>,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Page<ListedDelivery>, StoreError> {
        let bounds = match (range, after) {
            (None, None) => Bounds::All,
            (None, Some(after)) => Bounds::After(after.to_owned()),
            (Some(range), _) => {
                // `~` sorts after every character of a key. So this value is between the row `after` and the next row,
                // and it is after all rows of a millisecond.
                let first = after.map_or_else(|| keys::stuck_at(range.from), |after| format!("{after}~"));
                let last = format!("{}~", keys::stuck_at(range.to));
                if first > last {
                    return Ok(Page { items: Vec::new(), next: None });
                }
                Bounds::Within(first, last)
            }
        };
        let list = List { order: HeldOrDeadOrder::OldestFirst, has_attempts: false };
        self.stuck(tenant, (webhook, state), list, &bounds, limit.into()).await
    }

    async fn stuck(
        &self,
        tenant: TenantId,
        (webhook, state): (WebhookId, StateKind),
        list: List,
        bounds: &Bounds,
        limit: i32,
    ) -> Result<Page<ListedDelivery>, StoreError> {
        let share = limit / i32::from(SHARDS);
        // Chance gives some shards more than an equal share. With four standard deviations more, pages are full or
        // nearly full.
        let of_each = share + 4 * share.isqrt() + 1;
        let partitions = keys::stuck_partitions(webhook, state);
        let calls = partitions.map(|partition| bounds.apply(self.query_stuck(partition, list, of_each)).send());
        let mut shards = Vec::new();
        for answer in try_join_all(calls).await.map_err(StoreError::aws)? {
            shards.push(Shard::of(tenant, answer)?);
        }
        Ok(stuck_page(shards, list.order, usize::try_from(limit).unwrap_or(0)))
    }

    fn query_stuck(&self, partition: String, list: List, limit: i32) -> QueryFluentBuilder {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(HELD_DEAD_INDEX)
            .expression_attribute_values(":pk", text(partition))
            .scan_index_forward(list.order == HeldOrDeadOrder::OldestFirst)
            .limit(limit);
        if list.has_attempts { call } else { without_attempts(call) }
    }
}

/// Asks for the attributes of a delivery except its attempts. Some of the names are reserved in expressions.
fn without_attempts(call: QueryFluentBuilder) -> QueryFluentBuilder {
    let names = item::WITHOUT_ATTEMPTS.iter().copied().chain([SORT_KEY]);
    let names: HashMap<String, String> = names.map(|name| (format!("#{name}"), name.to_owned())).collect();
    let wanted: Vec<&str> = names.keys().map(String::as_str).collect();
    call.projection_expression(wanted.join(", ")).set_expression_attribute_names(Some(names))
}

/// What a list is like.
#[derive(Debug, Clone, Copy)]
struct List {
    order: HeldOrDeadOrder,
    /// Whether the deliveries have their attempts.
    has_attempts: bool,
}

/// The range of index sort keys.
enum Bounds {
    All,
    After(String),
    Before(String),
    /// Including both ends.
    Within(String, String),
}

impl Bounds {
    fn apply(&self, call: QueryFluentBuilder) -> QueryFluentBuilder {
        let text = |key: &String| text(key.clone());
        match self {
            Self::All => call.key_condition_expression("hd_pk = :pk"),
            Self::After(key) => call
                .key_condition_expression("hd_pk = :pk AND hd_sk > :key")
                .expression_attribute_values(":key", text(key)),
            Self::Before(key) => call
                .key_condition_expression("hd_pk = :pk AND hd_sk < :key")
                .expression_attribute_values(":key", text(key)),
            Self::Within(first, last) => call
                .key_condition_expression("hd_pk = :pk AND hd_sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(first))
                .expression_attribute_values(":last", text(last)),
        }
    }
}

/// The result for one index partition: rows by their sort keys, and the key down to which it was searched if the search
/// did not reach its end.
struct Shard {
    /// `None` stands for a row of another tenant.
    rows: Vec<(String, Option<ListedDelivery>)>,
    searched_to: Option<String>,
}

impl Shard {
    fn of(tenant: TenantId, answer: QueryOutput) -> Result<Self, StoreError> {
        let rows = answer.items.unwrap_or_default().into_iter();
        let rows = rows.map(|row| Ok((sort_key(&row)?, item::entry_in(tenant, row)?)));
        let rows = rows.collect::<Result<_, StoreError>>()?;
        let searched_to = answer.last_evaluated_key.as_ref().map(sort_key).transpose()?;
        Ok(Self { rows, searched_to })
    }
}

fn sort_key(row: &HashMap<String, AttributeValue>) -> Result<String, StoreError> {
    let key = row.get(SORT_KEY).and_then(|key| key.as_s().ok());
    key.cloned().ok_or_else(|| StoreError::unreadable("a row of the index without hd_sk"))
}

/// The rows of all shards in one order, as far as every shard was searched, and at most `limit` rows.
fn stuck_page(shards: Vec<Shard>, order: HeldOrDeadOrder, limit: usize) -> Page<ListedDelivery> {
    let sooner = |one: &String, other: &String| match order {
        HeldOrDeadOrder::OldestFirst => one.cmp(other),
        HeldOrDeadOrder::NewestFirst => other.cmp(one),
    };
    let mut next = shards.iter().filter_map(|shard| shard.searched_to.clone()).min_by(sooner);
    let mut rows: Vec<_> = shards.into_iter().flat_map(|shard| shard.rows).collect();
    rows.sort_by(|(one, _), (other, _)| sooner(one, other));
    rows.retain(|(key, _)| next.as_ref().is_none_or(|next| sooner(key, next).is_le()));
    if rows.len() > limit {
        rows.truncate(limit);
        next = rows.last().map(|(key, _)| key.clone());
    }
    Page { items: rows.into_iter().filter_map(|(_, delivery)| delivery).collect(), next }
}
