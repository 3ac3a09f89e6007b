//! Storing what was accepted.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use shared::event::Event;
use shared::store::StoreError;
use shared::store::events::Put;

use crate::Ingest;

/// Writes in flight at once. A post of 5,000 events at a few milliseconds each is stored within a second or two, well
/// within the function's 10 s, and one function does not open hundreds of connections.
const IN_FLIGHT: usize = 32;

/// Stores every event, or fails at the first that could not be stored; the sender's retry stores the rest. Answers what
/// each put did, in order.
pub(crate) async fn put_all(events: &[Event], room: &Ingest) -> Result<Vec<Put>, StoreError> {
    let puts: Vec<_> = events.iter().map(|event| room.events.put(event)).collect();
    stream::iter(puts).buffered(IN_FLIGHT).try_collect().await
}
