//! Lists of a tenant's events by time.

use super::row::event_or_kept;
use super::{Event, EventId, Events, Page, StoreError, TenantId, keys};
use crate::store::timeline::{TimeRange, Timeline};

impl Events {
    /// One page of a tenant's events in `range`, newest first, below `after`. A page reads at most eight days, so it
    /// may be short or empty and still name a next page. A row that this version cannot read becomes an `unparsed`
    /// event with the stored bytes.
    pub async fn list(
        &self,
        tenant: TenantId,
        range: TimeRange,
        after: Option<EventId>,
        limit: u8,
    ) -> Result<Page<Event>, StoreError> {
        let timeline = Timeline { client: &self.client, table: &self.table, state: None };
        let page = timeline.newest_first(range, after, limit, |day, shard| keys::partition(tenant, day, shard)).await?;
        let items = page.items.iter().map(event_or_kept).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// A tenant's events in `range`, oldest first, above `after`, for the search for missing deliveries. The result has
    /// at most `of_each_shard` events of each shard. It may be empty and still name a next page.
    ///
    /// The page has what `kept` makes of each event. Reason: the events of a page may have 80 MB, because rows are
    /// compressed, so they are not in memory at the same time.
    pub async fn list_oldest_first<T>(
        &self,
        tenant: TenantId,
        range: TimeRange,
        after: Option<EventId>,
        of_each_shard: u8,
        kept: impl Fn(Event) -> T,
    ) -> Result<Page<T>, StoreError> {
        let timeline = Timeline { client: &self.client, table: &self.table, state: None };
        let partition = |day: &str, shard| keys::partition(tenant, day, shard);
        let page = timeline.oldest_first(range, after, of_each_shard, partition).await?;
        let items = page.items.iter().map(|row| event_or_kept(row).map(&kept)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}
