//! The field `events`: which event types the names of a request stand for.

use std::collections::BTreeSet;

use shared::dialect::Dialect;
use shared::webhook::WantedTypes;

use crate::http::field_errors::FieldErrors;

/// Stands for every type that the dialect has a word for, except operational ones.
const ALL: &str = "*";

/// The types that `names` stand for in `dialect`. A name without a meaning there is an error.
pub(crate) fn types_named(names: &[String], dialect: Dialect) -> Result<WantedTypes, FieldErrors> {
    let (mut types, mut errors) = (BTreeSet::new(), FieldErrors::none());
    let mut all = false;
    for (index, name) in names.iter().enumerate() {
        let meant = dialect.types_named(name);
        if name == ALL {
            all = true;
        } else if meant.is_empty() {
            let known = dialect.known_names().join(", ");
            let detail = format!("the dialect `{}` has no such event type; it has: {known}, or `*`", dialect.as_str());
            errors.add(FieldErrors::at(format!("/events/{index}"), detail));
        }
        types.extend(meant);
    }
    if !all {
        return errors.or(WantedTypes::Only(types));
    }
    types.retain(|event_type| event_type.is_operational());
    errors.or(if types.is_empty() { WantedTypes::All } else { WantedTypes::AllAnd(types) })
}

/// Refuses `dialect` if it has no word for one of the types that are wanted already.
pub(crate) fn check_dialect(dialect: Dialect, wanted: &WantedTypes) -> Result<(), FieldErrors> {
    let types = match wanted {
        WantedTypes::All => return Ok(()),
        WantedTypes::AllAnd(types) | WantedTypes::Only(types) => types,
    };
    let wordless: Vec<_> =
        types.iter().filter(|name| dialect.name(**name).is_none()).map(|name| name.as_str()).collect();
    if wordless.is_empty() {
        return Ok(());
    }
    let detail = format!("this dialect has no word for {}; change `events` with it", wordless.join(", "));
    Err(FieldErrors::at("/dialect", detail))
}
