//! The stored item of a webhook's public keys. They are public, so nothing in the item is sealed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed};
use domain::webhook::PublishedKey;

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct PublicKeysItem {
    v: u8,
    keys: Vec<KeyItem>,
}

#[derive(Serialize, Deserialize)]
struct KeyItem {
    /// The key in the form of Standard Webhooks.
    key: String,
    /// Absent for the key that signs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

impl From<&[PublishedKey]> for PublicKeysItem {
    fn from(keys: &[PublishedKey]) -> Self {
        let item = |published: &PublishedKey| KeyItem {
            key: published.key.to_string(),
            until: published.until.map(Timestamp::as_millisecond),
        };
        Self { v: VERSION, keys: keys.iter().map(item).collect() }
    }
}

impl TryFrom<PublicKeysItem> for Vec<PublishedKey> {
    type Error = StoreError;

    fn try_from(item: PublicKeysItem) -> Result<Self, StoreError> {
        let published = |stored: KeyItem| {
            Ok(PublishedKey { key: parsed(&stored.key)?, until: stored.until.map(millis).transpose()? })
        };
        item.keys.into_iter().map(published).collect()
    }
}
