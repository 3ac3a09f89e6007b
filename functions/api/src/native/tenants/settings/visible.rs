//! Which callers may see a tenant's settings.

use shared::id::TenantId;

use crate::http::caller::AnyCaller;
use crate::http::error::{ApiError, not_found};
use crate::noun::Noun;
use crate::room::Api;

/// 404 unless the tenant exists, and the caller is an admin or belongs to the tenant.
pub(super) async fn check_visible(caller: &AnyCaller, api: &Api, tenant: TenantId) -> Result<(), ApiError> {
    let visible = caller.is_admin() || caller.own_tenant()? == tenant;
    if visible && api.tenants.get(tenant).await?.is_some() { Ok(()) } else { Err(not_found(Noun::Tenant).into()) }
}
