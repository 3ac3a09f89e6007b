//! Who calls, as operations want to know it. An operation names what it needs by the type of its first argument, so
//! none can forget to ask, and nothing of a request is read before its caller is known.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use shared::access::{self, Caller, Denied, Permission};
use shared::id::TenantId;
use shared::problem::Problem;
use shared::store::Registry;
use shared::tenant::Role;

use crate::http::error::{Refusal, forbidden, not_found};
use crate::room::Api;

/// May look at what this tenant has.
pub(crate) struct Reader(pub(crate) TenantId);

/// May change what this tenant has.
pub(crate) struct Manager(pub(crate) TenantId);

/// An admin, about no tenant in particular.
pub(crate) struct Operator;

/// Somebody with a key that may at least read: for operations whose answer depends on who asks.
pub(crate) struct Asks(Caller);

impl FromRequestParts<Arc<Api>> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refusal> {
        existing(&caller(parts, api).await?, Permission::Read, &api.registry).await.map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Manager {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refusal> {
        existing(&caller(parts, api).await?, Permission::Manage, &api.registry).await.map(Self)
    }
}

impl FromRequestParts<Arc<Api>> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refusal> {
        match caller(parts, api).await?.role {
            Role::Admin => Ok(Self),
            Role::Tenant | Role::Publish | Role::Read => {
                Err(forbidden("This concerns all tenants; it takes an admin key.").into())
            }
        }
    }
}

impl FromRequestParts<Arc<Api>> for Asks {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Refusal> {
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

impl Asks {
    /// Whether it is an admin.
    pub(crate) fn is_admin(&self) -> bool {
        self.0.role == Role::Admin
    }

    /// Fails for keys that may only read.
    pub(crate) fn may_manage(&self) -> Result<(), Problem> {
        if self.is_admin() { Ok(()) } else { self.0.tenant_for(Permission::Manage).map(|_| ()) }
    }

    /// The tenant of a tenant's key.
    pub(crate) fn own_tenant(&self) -> Result<TenantId, Problem> {
        self.0.tenant_for(Permission::Read)
    }

    /// The tenant that the request names, if any; for admins it need not exist.
    pub(crate) fn named_tenant(&self) -> Option<TenantId> {
        self.0.tenant
    }

    /// The same, and 404 if it does not exist.
    pub(crate) async fn existing_tenant(&self, registry: &Registry) -> Result<Option<TenantId>, Refusal> {
        match self.0.tenant {
            None => Ok(None),
            Some(_) => existing(&self.0, Permission::Read, registry).await.map(Some),
        }
    }
}

async fn caller(parts: &Parts, api: &Api) -> Result<Caller, Refusal> {
    let now = api.now();
    let decision = access::authorise(&parts.headers, &api.registry, &api.keys, Some(&api.admin_key), now).await;
    decision.map_err(|denied| match denied {
        Denied::Problem(problem) => problem.into(),
        Denied::Store(error) => error.into(),
    })
}

/// The tenant that the request is about. Only an admin can name one that does not exist.
async fn existing(caller: &Caller, permission: Permission, registry: &Registry) -> Result<TenantId, Refusal> {
    let tenant = caller.tenant_for(permission)?;
    if caller.role == Role::Admin && registry.get_tenant(tenant).await?.is_none() {
        return Err(not_found("tenant").into());
    }
    Ok(tenant)
}
