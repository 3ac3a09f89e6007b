//! Own events that are nested deeper than `serde_json` reads. They are well-formed JSON, so the author is told where
//! the fault is.

use super::fields::{Faults, pointer_to};
use crate::event::METADATA_NESTING;
use crate::problem::Fault;
use crate::provider::json::{Object, entries, nesting};

/// The text of the fault of metadata that is nested too deeply.
pub(super) fn fault() -> String {
    format!("expected values of at most {METADATA_NESTING} levels of arrays and objects")
}

/// The faults of a body that the parser refused because of its nesting; `None` when the body is not JSON at all.
pub(super) fn too_deep(body: &[u8]) -> Option<Vec<Fault>> {
    let body = std::str::from_utf8(body).ok()?;
    let is_array = body.trim_ascii_start().starts_with('[');
    let mut faults = Faults::default();
    for (index, entry) in entries(body)?.into_iter().enumerate() {
        // The event and its metadata are two levels around each value.
        if nesting(entry) <= METADATA_NESTING + 2 {
            continue;
        }
        let event = if is_array { format!("/{index}") } else { String::new() };
        let object = Object::parse(entry).unwrap_or_default();
        let deep = object.members().filter(|(_, value)| nesting(value) > METADATA_NESTING + 1);
        let deep: Vec<_> = deep.map(|(name, _)| pointer_to(&event, &name)).collect();
        for pointer in if deep.is_empty() { vec![event] } else { deep } {
            faults.add(pointer, fault());
        }
    }
    let faults = faults.into_vec();
    (!faults.is_empty()).then_some(faults)
}
