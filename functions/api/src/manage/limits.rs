//! The limits on the numbers of a tenant's webhooks, sources and keys.

use shared::id::TenantId;
use shared::store::StoreError;

use super::error::ManageError;
use crate::noun::Noun;
use crate::room::Api;

/// Why nothing was created. If the limit is reached, the error says how many there may be.
pub(crate) async fn creation_error(api: &Api, tenant: TenantId, noun: Noun, error: StoreError) -> ManageError {
    let StoreError::LimitReached = error else { return error.into() };
    let limits = match api.tenants.get(tenant).await {
        Ok(found) => found.map(|tenant| tenant.limits).unwrap_or_default(),
        Err(error) => return error.into(),
    };
    let maximum = match noun {
        Noun::Webhook => Some(limits.max_webhooks()),
        Noun::Source => limits.sources,
        Noun::Key => limits.keys,
        Noun::Tenant | Noun::Event | Noun::Recovery | Noun::Redrive | Noun::EventCallbackUrl => None,
    };
    // Without a number an operator has just removed the limit, and the client may try again.
    maximum.map_or(ManageError::Conflict, |maximum| ManageError::Limit { noun, maximum })
}
