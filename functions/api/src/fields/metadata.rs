//! The tenant's own notes on a webhook.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::body::{Faults, map, text};

/// Most keys.
const MAX_KEYS: usize = 50;
/// Most characters of a key.
const MAX_KEY: usize = 40;
/// Most characters of a value.
const MAX_VALUE: usize = 500;
/// Most bytes of all keys and values (8 KiB): a page of 100 webhooks has to fit in what Lambda may answer, and
/// `dispatch` holds all of a tenant's webhooks in memory.
const MAX_BYTES: usize = 8 * 1024;

/// Texts by key.
pub(crate) fn metadata(value: Value) -> Result<BTreeMap<String, String>, Faults> {
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
        return Err(format!("all keys and values together may have {MAX_BYTES} bytes (8 KiB), got {bytes}").into());
    }
    Ok(entries.into_iter().collect())
}
