//! Who calls. An operation says by the type of its first argument what the caller must be allowed to do. So no
//! operation can forget to check it, and a request is read only after its caller is known.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::access::{self, AccessError, Caller, Permission};
use shared::id::TenantId;
use shared::store::registry::Tenants;
use shared::tenant::Role;

use super::error::{ApiError, forbidden, not_found};
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// A caller who may read what this tenant has.
pub(crate) struct Reader(pub(crate) TenantId);

/// A caller who may change what this tenant has.
pub(crate) struct Manager(pub(crate) TenantId);

/// An admin, for operations that affect all tenants.
pub(crate) struct Operator;

/// A caller with any key that may at least read, for operations whose answer depends on the caller.
pub(crate) struct AnyCaller(Caller);

impl FromRequestParts<Arc<Api>> for Reader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        existing(&caller(parts, api).await?, Permission::Read, &api.tenants).await.map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Manager {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        existing(&caller(parts, api).await?, Permission::Manage, &api.tenants).await.map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        match caller(parts, api).await?.role {
            Role::Admin => Ok(Self),
            Role::Tenant | Role::Publish | Role::Read => {
                Err(forbidden("This operation affects all tenants and requires an admin key."))
            }
        }
    }
}

impl FromRequestParts<Arc<Api>> for AnyCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let caller = caller(parts, api).await?;
        match caller.role {
            Role::Admin => {}
            Role::Tenant | Role::Publish | Role::Read => {
                caller.tenant_for(Permission::Read)?;
            }
        }
        Ok(Self(caller))
    }
}

impl AnyCaller {
    /// Whether the key is an admin key.
    pub(crate) fn is_admin(&self) -> bool {
        self.0.role == Role::Admin
    }

    /// Fails for a key that may only read.
    pub(crate) fn may_manage(&self) -> Result<(), AccessError> {
        if self.is_admin() { Ok(()) } else { self.0.tenant_for(Permission::Manage).map(|_| ()) }
    }

    /// The tenant of a tenant's key.
    pub(crate) fn own_tenant(&self) -> Result<TenantId, AccessError> {
        self.0.tenant_for(Permission::Read)
    }

    /// The tenant that the request names, if it names one. An admin may name one that does not exist.
    pub(crate) fn named_tenant(&self) -> Option<TenantId> {
        self.0.tenant
    }

    /// The tenant that the request names, if it names one; 404 if that tenant does not exist.
    pub(crate) async fn existing_tenant(&self, tenants: &Tenants) -> Result<Option<TenantId>, ApiError> {
        match self.0.tenant {
            None => Ok(None),
            Some(_) => existing(&self.0, Permission::Read, tenants).await.map(Some),
        }
    }
}

/// The caller with a valid key. The keys of a suspended tenant are refused; an admin may still act for it.
async fn caller(parts: &Parts, api: &Api) -> Result<Caller, ApiError> {
    let now = api.now();
    let caller = access::authorise(&parts.headers, &api.api_key_lookup, &api.keys, Some(&api.admin_key), now).await?;
    if let Some(tenant) = caller.tenant {
        span::note(Noun::Tenant, tenant);
        let is_suspended = caller.role != Role::Admin
            && api.tenants.get(tenant).await.map_err(AccessError::Store)?.is_some_and(|tenant| tenant.suspended);
        if is_suspended {
            return Err(AccessError::TenantSuspended.into());
        }
    }
    Ok(caller)
}

/// The tenant that the request is about. Only an admin can name one that does not exist.
async fn existing(caller: &Caller, permission: Permission, tenants: &Tenants) -> Result<TenantId, ApiError> {
    let tenant = caller.tenant_for(permission)?;
    if caller.role == Role::Admin && tenants.get(tenant).await?.is_none() {
        return Err(not_found(Noun::Tenant).into());
    }
    Ok(tenant)
}
