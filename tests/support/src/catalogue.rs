//! Checks whether a body matches the schema of its event type.

use anyhow::Context as _;
use serde_json::Value;
use shared::dialect::catalogue;
use shared::event::EventType;

/// Checks that `body`, the whole body of a delivery in the standard dialect, is valid under the schema of `event_type`,
/// formats included. The error lists every fault with its place.
pub fn validates(event_type: &str, body: &Value) -> Result<(), String> {
    let known = EventType::deliverable().find(|known| known.as_str() == event_type);
    let event_type = known.ok_or_else(|| format!("{event_type} is not in the catalogue"))?;
    let validator = validator(&catalogue::schema(event_type)).map_err(|error| format!("{error:#}"))?;
    let faults: Vec<_> =
        validator.iter_errors(body).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// Fails if the schema itself is not valid under the draft that it names.
fn validator(schema: &Value) -> anyhow::Result<jsonschema::Validator> {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .map_err(|fault| anyhow::anyhow!("{}: {fault}", fault.instance_path()))
        .context("the schema is not valid")
}
