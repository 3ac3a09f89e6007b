//! Custom headers in requests and answers: a text, or `{"value": …, "sensitive": true}`, whose value is never shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::problem::Fault;
use shared::webhook::{CustomName, CustomValue, MAX_CUSTOM_HEADERS};

use crate::http::body::{Faults, flag, map, object, text};

/// More characters than a value may have, so that the value's own limit gives the answer.
const MAX_READ: usize = 10_000;

/// The headers that a request gives. `None` stands for one that is sensitive and shown: it keeps its value.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenHeaders(BTreeMap<CustomName, Option<CustomValue>>);

/// All headers of a webhook, each by its name.
pub(crate) fn headers(value: Value) -> Result<GivenHeaders, Faults> {
    let entries = map(MAX_CUSTOM_HEADERS, |name, value| {
        let name = CustomName::parse(name).map_err(|error| error.to_string())?;
        Ok((name, header(value)?))
    })(value)?;
    let mut headers = BTreeMap::new();
    for (name, value) in entries {
        if headers.contains_key(&name) {
            return Err(format!("`{}` is given twice: names differ by more than their case", name.as_str()).into());
        }
        headers.insert(name, value);
    }
    Ok(GivenHeaders(headers))
}

fn header(value: Value) -> Result<Option<CustomValue>, Faults> {
    if !value.is_object() {
        return custom_value(value, false).map(Some);
    }
    object(|fields| {
        let sensitive = fields.optional("sensitive", flag).unwrap_or(false);
        if !sensitive {
            fields.demand("value");
        }
        Some(fields.optional("value", |value| custom_value(value, sensitive)))
    })(value)
}

fn custom_value(value: Value, sensitive: bool) -> Result<CustomValue, Faults> {
    CustomValue::parse(&text(0..=MAX_READ)(value)?, sensitive).map_err(|error| error.to_string().into())
}

impl GivenHeaders {
    /// The headers from now on, when those were `stored` so far.
    pub(crate) fn over(
        &self,
        stored: &BTreeMap<CustomName, CustomValue>,
    ) -> Result<BTreeMap<CustomName, CustomValue>, Vec<Fault>> {
        let (mut headers, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, given) in &self.0 {
            if let Some(value) = given.clone().or_else(|| stored.get(name).map(CustomValue::kept_secret)) {
                headers.insert(name.clone(), value);
            } else {
                let pointer = format!("/headers/{}/value", name.as_str().replace('~', "~0"));
                faults.push(Fault::new(pointer, "is required: there is no header of this name to keep"));
            }
        }
        if faults.is_empty() { Ok(headers) } else { Err(faults) }
    }
}

/// Headers as they are shown; what is shown can be sent back.
pub(crate) fn shown(headers: &BTreeMap<CustomName, CustomValue>) -> BTreeMap<String, Value> {
    let entry = |value: &CustomValue| value.shown().map_or_else(|| json!({ "sensitive": true }), |text| json!(text));
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), entry(value))).collect()
}
