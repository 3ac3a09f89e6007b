//! The field `headers`: custom headers of deliveries. Each is a text, or `{"value": …, "sensitive": true}`. Answers
//! never show a sensitive value.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::webhook::{CustomName, CustomValue, MAX_CUSTOM_HEADERS};

use crate::http::body::{flag, map, object, text};
use crate::http::field_errors::FieldErrors;

/// Maximum characters that are read of a value. Reason: more than a value may have, so that the value's own limit makes
/// the error.
const MAX_READ: usize = 10_000;

/// The headers that a request gives. `None` stands for a sensitive header without a value, as answers show it: such a
/// header keeps its stored value.
#[derive(Debug, Clone, Default)]
pub(crate) struct HeaderFields(BTreeMap<CustomName, Option<CustomValue>>);

/// All headers of a webhook, each by its name.
pub(crate) fn headers(value: Value) -> Result<HeaderFields, FieldErrors> {
    let entries = map(MAX_CUSTOM_HEADERS, |name, value| {
        let name = CustomName::parse(name).map_err(|error| error.to_string())?;
        Ok((name, header(value)?))
    })(value)?;
    let mut headers = BTreeMap::new();
    for (name, value) in entries {
        if headers.contains_key(&name) {
            return Err(format!("`{}` is given twice; header names are case-insensitive", name.as_str()).into());
        }
        headers.insert(name, value);
    }
    Ok(HeaderFields(headers))
}

fn header(value: Value) -> Result<Option<CustomValue>, FieldErrors> {
    if !value.is_object() {
        return custom_value(value, false).map(Some);
    }
    object(|fields| {
        let sensitive = fields.optional("sensitive", flag).unwrap_or(false);
        if !sensitive {
            fields.require("value");
        }
        Some(fields.optional("value", |value| custom_value(value, sensitive)))
    })(value)
}

fn custom_value(value: Value, sensitive: bool) -> Result<CustomValue, FieldErrors> {
    CustomValue::parse(&text(0..=MAX_READ)(value)?, sensitive).map_err(|error| error.to_string().into())
}

impl HeaderFields {
    /// The headers of a webhook that has had `stored` so far.
    pub(crate) fn over(
        &self,
        stored: &BTreeMap<CustomName, CustomValue>,
    ) -> Result<BTreeMap<CustomName, CustomValue>, FieldErrors> {
        let (mut headers, mut errors) = (BTreeMap::new(), FieldErrors::none());
        for (name, given) in &self.0 {
            if let Some(value) = given.clone().or_else(|| stored.get(name).map(CustomValue::kept_secret)) {
                headers.insert(name.clone(), value);
            } else {
                let pointer = format!("/headers/{}/value", name.as_str().replace('~', "~0"));
                errors.add(FieldErrors::at(pointer, "is required: the webhook has no header of this name to keep"));
            }
        }
        errors.or(headers)
    }
}

/// Headers as answers show them. A client may send them back as they are.
pub(crate) fn view(headers: &BTreeMap<CustomName, CustomValue>) -> BTreeMap<String, Value> {
    let entry = |value: &CustomValue| value.shown().map_or_else(|| json!({ "sensitive": true }), |text| json!(text));
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), entry(value))).collect()
}
