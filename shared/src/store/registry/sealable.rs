//! Items with secrets: how to seal and find these.

use domain::seal::{DataKey, SealContext, Sealed};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Key, StoreError};
use crate::clock::random;

/// The first version of items with sealed secrets. Older items have them in clear, and are sealed when they are next
/// written.
const SEALED_SINCE: u8 = 2;

/// A stored item with fields that an export of the table must not reveal.
pub(super) trait Sealable: Serialize + DeserializeOwned {
    /// The item's version.
    fn version(&mut self) -> &mut u8;

    /// The item's secrets, each with the name of its field. Inside a list or a map, the name begins with that of the
    /// attribute.
    fn secrets(&mut self) -> Vec<(String, &mut String)>;
}

/// Seals the secrets of an item, which are in clear.
pub(super) fn seal(item: &mut impl Sealable, key: &Key, data_key: &DataKey) {
    for (field, text) in item.secrets() {
        *text = data_key.seal(text, &SealContext { pk: &key.pk, sk: &key.sk, field: &field }, random());
    }
    *item.version() = SEALED_SINCE;
}

/// The sealed secrets of a stored item, in the item's order; `None` when they are in clear.
pub(super) fn sealed_secrets(item: &mut impl Sealable) -> Result<Option<Vec<Sealed>>, StoreError> {
    if *item.version() < SEALED_SINCE {
        return Ok(None);
    }
    let sealed = item.secrets().into_iter().map(|(_, text)| Sealed::parse(text).map_err(StoreError::unreadable));
    sealed.collect::<Result<_, _>>().map(Some)
}

/// Whether a stored item has a secret that is not sealed with this data key.
pub(super) fn needs(item: &mut impl Sealable, data_key: &DataKey) -> Result<bool, StoreError> {
    let has_secrets = !item.secrets().is_empty();
    Ok(match sealed_secrets(item)? {
        None => has_secrets,
        Some(sealed) => sealed.iter().any(|secret| secret.key != data_key.number()),
    })
}

/// The attribute that contains a field: `credentials` for `credentials.values.0`.
pub(super) fn attribute_of(field: &str) -> &str {
    field.split('.').next().unwrap_or(field)
}
