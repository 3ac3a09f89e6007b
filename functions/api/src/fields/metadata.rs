//! The field `metadata`: the tenant's own notes on a webhook.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::body::{map, text};
use crate::http::field_errors::FieldErrors;

/// Maximum number of keys.
const MAX_KEYS: usize = 50;
/// Maximum characters of a key.
const MAX_KEY: usize = 40;
/// Maximum characters of a value.
const MAX_VALUE: usize = 500;
/// Maximum bytes of all keys and values (8 KiB). Reason: a page of 100 webhooks has to fit into the largest answer of
/// Lambda, and `dispatch` holds all webhooks of a tenant in memory.
const MAX_BYTES: usize = 8 * 1024;

/// Texts by key.
pub(crate) fn metadata(value: Value) -> Result<BTreeMap<String, String>, FieldErrors> {
    let entries = map(MAX_KEYS, |key, value| {
        if !(1..=MAX_KEY).contains(&key.chars().count()) {
            return Err(format!("a key has 1 to {MAX_KEY} characters").into());
        }
        let value = text(0..=MAX_VALUE)(value)?;
        if key.contains(char::is_control) || value.contains(char::is_control) {
            return Err("no control characters".into());
        }
        Ok((key.to_owned(), value))
    })(value)?;
    let bytes: usize = entries.iter().map(|(key, value)| key.len() + value.len()).sum();
    if bytes > MAX_BYTES {
        return Err(
            format!("all keys and values together may have at most {MAX_BYTES} bytes (8 KiB), got {bytes}").into()
        );
    }
    Ok(entries.into_iter().collect())
}
