//! Rows of one owner that are spread over days and shards, read in order of time.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Page, StoreError};
use crate::store::attribute::text;
use domain::id::EventId;

/// The number of partitions for the rows of one owner and day.
pub const SHARDS: u8 = 8;

/// Maximum number of days that one page reads. A page that found less still names a next page.
const MAX_DAYS_PER_PAGE: usize = 8;

/// A range of times of events, including both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The earliest.
    pub from: Timestamp,
    /// The latest.
    pub to: Timestamp,
}

/// A row as `DynamoDB` gives it.
pub(super) type Row = HashMap<String, AttributeValue>;

/// A table whose partition key is an owner, a day and a shard, and whose sort key is an event id.
pub(super) struct Timeline<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    /// If given, only rows with this value in the attribute `state`.
    pub(super) state: Option<&'a str>,
}

/// The end at which the search of a shard begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    NewestFirst,
    OldestFirst,
}

/// The result for one shard of one day: rows, and the id up to which the shard was searched if the search did not reach
/// its end.
struct Searched {
    rows: Vec<(EventId, Row)>,
    searched_to: Option<EventId>,
}

impl Timeline<'_> {
    /// One page of rows in `range`, newest first, below `after`. `partition(day, shard)` names the partition.
    pub(super) async fn newest_first(
        &self,
        range: TimeRange,
        after: Option<EventId>,
        limit: u8,
        partition: impl Fn(&str, u8) -> String,
    ) -> Result<Page<Row>, StoreError> {
        let first = EventId::first_of(range.from);
        let mut upper = EventId::last_of(range.to).min(after.map_or(EventId::last_of(range.to), EventId::before));
        let mut found = Vec::new();
        for _ in 0..MAX_DAYS_PER_PAGE {
            if upper < first {
                return Ok(page(found, None));
            }
            let day_start = start_of_day(upper.time());
            let lower = first.max(EventId::first_of(day_start));
            let name = day(day_start);
            let shards = (0..SHARDS).map(|shard| self.search(partition(&name, shard), lower, upper, limit));
            let (rows, searched_to) = merge(try_join_all(shards).await?);
            found.extend(rows);
            if found.len() > usize::from(limit) {
                found.truncate(usize::from(limit));
                let last = found.last().map(|(id, _)| *id);
                return Ok(page(found, last));
            }
            if let Some(searched_to) = searched_to {
                return Ok(page(found, Some(searched_to)));
            }
            upper = EventId::first_of(day_start).before();
        }
        let more = upper >= first;
        Ok(page(found, more.then_some(EventId::first_of(start_of_day(upper.time()) + SignedDuration::from_hours(24)))))
    }

    /// Rows in `range`, oldest first, above `after`: those of one day, with up to `of_each_shard` rows of each shard.
    /// The next call continues above the returned id.
    pub(super) async fn oldest_first(
        &self,
        range: TimeRange,
        after: Option<EventId>,
        of_each_shard: u8,
        partition: impl Fn(&str, u8) -> String,
    ) -> Result<Page<Row>, StoreError> {
        let first = EventId::first_of(range.from);
        let last = EventId::last_of(range.to);
        let mut lower = after.map_or(first, |after| first.max(after.after()));
        for _ in 0..MAX_DAYS_PER_PAGE {
            if lower > last {
                return Ok(page(Vec::new(), None));
            }
            let day_start = start_of_day(lower.time());
            let next_day = EventId::first_of(day_start + SignedDuration::from_hours(24));
            let upper = last.min(next_day.before());
            let name = day(day_start);
            let shards = (0..SHARDS)
                .map(|shard| self.search_in(Order::OldestFirst, partition(&name, shard), lower, upper, of_each_shard));
            let (rows, searched_to) = merge_oldest_first(try_join_all(shards).await?);
            if !rows.is_empty() || searched_to.is_some() {
                let next = searched_to.or((upper < last).then_some(upper));
                return Ok(page(rows, next));
            }
            lower = next_day;
        }
        Ok(page(Vec::new(), (lower <= last).then(|| lower.before())))
    }

    async fn search(&self, pk: String, lower: EventId, upper: EventId, limit: u8) -> Result<Searched, StoreError> {
        // One row more than wanted, so that a page knows whether another page follows.
        self.search_in(Order::NewestFirst, pk, lower, upper, limit.saturating_add(1)).await
    }

    async fn search_in(
        &self,
        order: Order,
        pk: String,
        lower: EventId,
        upper: EventId,
        limit: u8,
    ) -> Result<Searched, StoreError> {
        let mut call = self
            .client
            .query()
            .table_name(self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :lower AND :upper")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":lower", text(lower.to_string()))
            .expression_attribute_values(":upper", text(upper.to_string()))
            .scan_index_forward(order == Order::OldestFirst)
            .limit(i32::from(limit));
        if let Some(state) = self.state {
            call = call
                .filter_expression("#state = :state")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", text(state));
        }
        let answer = call.send().await.map_err(StoreError::aws)?;
        let searched_to = answer.last_evaluated_key.as_ref().map(id_of).transpose()?;
        let rows = answer.items.unwrap_or_default().into_iter().map(|row| Ok((id_of(&row)?, row)));
        Ok(Searched { rows: rows.collect::<Result<_, StoreError>>()?, searched_to })
    }
}

fn id_of(row: &Row) -> Result<EventId, StoreError> {
    let sk = row.get("sk").and_then(|sk| sk.as_s().ok()).ok_or_else(|| StoreError::unreadable("a row without sk"))?;
    sk.parse().map_err(StoreError::unreadable)
}

/// All rows, newest first, down to the id that every shard was searched to.
fn merge(shards: Vec<Searched>) -> (Vec<(EventId, Row)>, Option<EventId>) {
    let searched_to = shards.iter().filter_map(|shard| shard.searched_to).max();
    let mut rows: Vec<_> = shards.into_iter().flat_map(|shard| shard.rows).collect();
    rows.retain(|(id, _)| searched_to.is_none_or(|lowest| *id >= lowest));
    rows.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    (rows, searched_to)
}

/// All rows, oldest first, up to the id that every shard was searched to.
fn merge_oldest_first(shards: Vec<Searched>) -> (Vec<(EventId, Row)>, Option<EventId>) {
    let searched_to = shards.iter().filter_map(|shard| shard.searched_to).min();
    let mut rows: Vec<_> = shards.into_iter().flat_map(|shard| shard.rows).collect();
    rows.retain(|(id, _)| searched_to.is_none_or(|highest| *id <= highest));
    rows.sort_by_key(|(id, _)| *id);
    (rows, searched_to)
}

fn page(found: Vec<(EventId, Row)>, next: Option<EventId>) -> Page<Row> {
    Page { items: found.into_iter().map(|(_, row)| row).collect(), next: next.map(|id| id.to_string()) }
}

/// A UTC day in the form that keys have: `20260102`.
pub fn day(at: Timestamp) -> String {
    let date = at.to_zoned(TimeZone::UTC).date();
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn start_of_day(at: Timestamp) -> Timestamp {
    let zoned = at.to_zoned(TimeZone::UTC);
    zoned.start_of_day().map_or(at, |start| start.timestamp())
}
