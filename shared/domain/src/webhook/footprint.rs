//! About how many bytes a webhook has in memory, for caches with a maximum number of bytes.

use super::{Destination, Subscriber, Subscription, WantedTypes, Webhook};

/// Bytes of an entry of a set or a map in addition to its text: its share of a node, and the allocation of the text.
const ENTRY_BYTES: usize = 64;
/// Bytes of a stream: its name, and the credentials, of which a service account's key is the largest.
const STREAM_BYTES: usize = 4_096;

impl Webhook {
    /// About how many bytes the webhook has in memory.
    pub fn footprint(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.expose().len());
        let metadata = self.metadata.iter().map(|(key, value)| key.len() + value.len());
        let entries: usize = headers.chain(metadata).map(|bytes| bytes + 2 * ENTRY_BYTES).sum();
        let url = match &self.url {
            Destination::Https(url) => url.as_url().as_str().len(),
            Destination::Stream(_) => STREAM_BYTES,
        };
        let backup_url = self.backup_url.as_ref().map_or(0, |url| url.as_url().as_str().len());
        size_of::<Self>() + entries + url + backup_url + self.description.len() + self.subscription.footprint()
    }
}

impl Subscriber {
    /// About how many bytes the subscriber has in memory.
    pub fn footprint(&self) -> usize {
        size_of::<Self>() + self.subscription.footprint()
    }
}

impl Subscription {
    /// Bytes outside of the struct itself.
    fn footprint(&self) -> usize {
        let types = match &self.types {
            WantedTypes::All => 0,
            WantedTypes::AllAnd(types) | WantedTypes::Only(types) => types.len(),
        };
        let domains: usize = self.domains.iter().map(|domain| domain.len() + ENTRY_BYTES).sum();
        (types + self.sources.len()) * ENTRY_BYTES + domains
    }
}
