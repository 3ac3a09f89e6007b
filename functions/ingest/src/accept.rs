//! Stores the events of one request.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use shared::event::Event;
use shared::store::events::Put;
use shared::store::{Events, StoreError};

/// Conditional puts under way at the same time. A batch of 500 takes 16 rounds of a few milliseconds.
const CONCURRENT_PUTS: usize = 32;

/// Puts every event, and says of each whether it is new, in their order. When one cannot be stored the sender is told
/// so and sends all of them again; those that are stored are met then and not stored twice.
pub(crate) async fn store(events: &[Event], table: &Events) -> Result<Vec<Put>, StoreError> {
    // Futures do nothing until they are polled, so collecting them starts none.
    let puts: Vec<_> = events.iter().map(|event| table.put(event)).collect();
    stream::iter(puts).buffered(CONCURRENT_PUTS).try_collect().await
}
