//! The source that an ingest key belongs to.

use jiff::Timestamp;
use shared::source::{IngestKey, IngestKeyHash, Source};
use shared::store::StoreError;

use crate::room::Ingest;

/// The source whose ingest key is `claimed`. A source that was found is trusted for the cache's age limit. A text that
/// does not look like an ingest key is not looked up.
pub(crate) async fn find(claimed: &str, room: &Ingest, now: Timestamp) -> Result<Option<Source>, StoreError> {
    if !claimed.starts_with(IngestKey::PREFIX) || claimed.len() > IngestKey::MAX_LENGTH {
        return Ok(None);
    }
    let hash = IngestKeyHash::of(claimed);
    if let Some(source) = room.sources.get(&hash, now) {
        return Ok(Some(source));
    }
    let Some((tenant, id)) = room.source_lookup.find(&hash).await? else { return Ok(None) };
    // The source may have been given another key between the two reads.
    let source = room.source_lookup.get(tenant, id).await?.filter(|source| source.ingest_key == hash);
    if let Some(source) = &source {
        room.sources.put(hash, source.clone(), now);
    }
    Ok(source)
}
