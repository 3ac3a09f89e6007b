//! From the names and ids of a request to a subscription that makes sense.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use shared::dialect::Dialect;
use shared::id::{SourceId, TenantId};
use shared::problem::Fault;
use shared::store::{Registry, StoreError};
use shared::webhook::WantedTypes;

/// Every type that the dialect has a word for, except operational ones.
const ALL: &str = "*";

/// The types that `names` stand for in `dialect`; every name without a meaning is a fault.
pub(crate) fn types_named(names: &[String], dialect: Dialect) -> Result<WantedTypes, Vec<Fault>> {
    let (mut types, mut faults) = (BTreeSet::new(), Vec::new());
    let mut all = false;
    for (index, name) in names.iter().enumerate() {
        let meant = dialect.types_named(name);
        if name == ALL {
            all = true;
        } else if meant.is_empty() {
            let known = dialect.known_names().join(", ");
            let detail = format!("the dialect `{}` has no such event type; it has: {known}, or `*`", dialect.as_str());
            faults.push(Fault::new(format!("/events/{index}"), detail));
        }
        types.extend(meant);
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if !all {
        return Ok(WantedTypes::Only(types));
    }
    types.retain(|event_type| event_type.is_operational());
    Ok(if types.is_empty() { WantedTypes::All } else { WantedTypes::AllAnd(types) })
}

/// A fault if `dialect` has no word for a type that is wanted already.
pub(crate) fn check_dialect(dialect: Dialect, wanted: &WantedTypes) -> Result<(), Vec<Fault>> {
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
    Err(vec![Fault::new("/dialect", detail)])
}

/// A fault for every id that is no source of this tenant.
pub(crate) async fn unknown_sources(
    registry: &Registry,
    tenant: TenantId,
    sources: &BTreeSet<SourceId>,
) -> Result<Vec<Fault>, StoreError> {
    let found = try_join_all(sources.iter().map(|source| registry.get_source(tenant, *source))).await?;
    let unknown = sources.iter().zip(found).filter(|(_, found)| found.is_none());
    Ok(unknown.map(|(source, _)| Fault::new("/sources", format!("{source} is no source of this tenant"))).collect())
}
