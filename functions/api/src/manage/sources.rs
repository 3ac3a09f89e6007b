//! The sources that a webhook's subscription names.

use std::collections::BTreeSet;

use futures::future::try_join_all;
use shared::id::{SourceId, TenantId};

use super::error::ManageError;
use crate::http::field_errors::FieldErrors;
use crate::room::Api;

/// Refuses every id that is not a source of this tenant.
pub(crate) async fn check_sources(
    api: &Api,
    tenant: TenantId,
    sources: &BTreeSet<SourceId>,
) -> Result<(), ManageError> {
    let found = try_join_all(sources.iter().map(|source| api.sources.exists(tenant, *source))).await?;
    let mut errors = FieldErrors::none();
    for (source, found) in sources.iter().zip(found) {
        if !found {
            errors.add(FieldErrors::at("/sources", format!("{source} is not a source of this tenant")));
        }
    }
    Ok(errors.or(())?)
}
