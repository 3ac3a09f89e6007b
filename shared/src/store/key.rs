//! The keys of rows.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::text;

/// The primary key of a row. Only the file `keys` of each table makes keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The partition key.
    pub(super) pk: String,
    /// The sort key.
    pub(super) sk: String,
}

impl Key {
    pub(super) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    /// The key's attributes, for calls and for items.
    pub(super) fn attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([("pk".to_owned(), text(self.pk)), ("sk".to_owned(), text(self.sk))])
    }
}
