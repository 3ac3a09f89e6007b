//! The registry's stored items, and how they become domain types. Every item has a version `v`.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Key, StoreError};

mod api_key;
mod breaker;
mod certificate;
mod data_key;
mod public_keys;
mod recovery;
mod settings;
mod source;
mod stream;
mod tenant;
mod verification;
mod webhook;

pub(super) use api_key::ApiKeyItem;
pub(super) use breaker::BreakerItem;
pub(super) use certificate::CertificateItem;
pub(super) use data_key::DataKeyItem;
pub(super) use public_keys::PublicKeysItem;
pub(super) use recovery::RecoveryItem;
pub(super) use settings::SettingsItem;
pub(super) use source::{IngestKeyItem, SourceItem};
pub(super) use tenant::TenantItem;
pub(super) use webhook::WebhookItem;

/// The version of items that this code makes. Items with secrets get another version when their secrets are sealed.
const VERSION: u8 = 1;

/// The highest version of items that this code may act on. An item with a higher one is unreadable. Reason: a newer
/// release raises an item's version when an older release would act wrongly on the item, for example because it does
/// not know a new restriction.
const HIGHEST_VERSION: u64 = 2;

/// The stored struct in a row.
pub(super) fn stored<T: DeserializeOwned>(row: HashMap<String, AttributeValue>) -> Result<T, StoreError> {
    let version = row.get("v").and_then(|version| version.as_n().ok()?.parse::<u64>().ok());
    if version.is_some_and(|version| version > HIGHEST_VERSION) {
        return Err(StoreError::unreadable("a newer release has written the row"));
    }
    serde_dynamo::from_item(row).map_err(StoreError::unreadable)
}

/// What a row is about.
pub(super) fn read<Item, T>(row: HashMap<String, AttributeValue>) -> Result<T, StoreError>
where
    Item: DeserializeOwned,
    T: TryFrom<Item, Error = StoreError>,
{
    T::try_from(stored::<Item>(row)?)
}

/// Turns a stored struct into an item with its key.
pub(super) fn with_key(key: Key, item: impl Serialize) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(item).map_err(StoreError::unreadable)?;
    item.extend(key.attributes());
    Ok(item)
}

fn parsed<T: FromStr>(text: &str) -> Result<T, StoreError>
where
    T::Err: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    text.parse().map_err(StoreError::unreadable)
}

pub(super) fn millis(stored: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(stored).map_err(StoreError::unreadable)
}

fn word<T>(found: Option<T>) -> Result<T, StoreError> {
    found.ok_or_else(|| StoreError::unreadable("a word that this version does not know"))
}
