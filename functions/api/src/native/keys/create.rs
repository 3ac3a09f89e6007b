//! `POST /api/v1/keys`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use shared::clock::random;
use shared::id::{KeyId, TenantId};
use shared::problem::{Fault, Problem};
use shared::tenant::{ApiKey, PresentedKey, Role};

use super::Shown;
use crate::http::body::{Faults, Fields, parsed, text};
use crate::http::caller::Asks;
use crate::http::error::{Refusal, forbidden};
use crate::room::Api;

/// Most characters of a name.
const MAX_NAME: usize = 200;

pub(super) async fn create(
    asks: Asks,
    State(api): State<Arc<Api>>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    asks.may_manage()?;
    let role = body.required("role", role);
    let name = body.optional("name", text(0..=MAX_NAME)).unwrap_or_default();
    let given: Option<TenantId> = body.optional("tenant_id", parsed);
    let role = body.finish(role)?;
    let tenant = owner(&asks, role, given)?;
    if let Some(tenant) = tenant
        && api.registry.get_tenant(tenant).await?.is_none()
    {
        return Err(Problem::invalid(vec![Fault::new("/tenant_id", "there is no such tenant")]).into());
    }

    let created_at = api.now();
    let id = KeyId::mint(created_at, random());
    let presented = PresentedKey::generate(id, random());
    let key = ApiKey { id, tenant, role, name, secret_hash: presented.hash(), created_at };
    api.registry.create_api_key(&key).await?;
    let shown = Shown { key: Some(presented.expose()), ..Shown::from(&key) };
    Ok((StatusCode::CREATED, Json(shown)))
}

fn role(value: Value) -> Result<Role, Faults> {
    let word = parsed::<String>(value)?;
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    Role::from_word(&word).ok_or_else(|| format!("unknown role; there are: {}", known()).into())
}

/// Whose key it will be: an admin says it, by `tenant_id` or else `X-Tenant-ID`; a tenant makes keys for itself alone.
fn owner(asks: &Asks, role: Role, given: Option<TenantId>) -> Result<Option<TenantId>, Problem> {
    let fault = |detail: &str| Problem::invalid(vec![Fault::new("/tenant_id", detail)]);
    match (asks.is_admin(), role) {
        (true, Role::Admin) if given.is_some() => Err(fault("an admin key belongs to no tenant; leave it out")),
        (true, Role::Admin) => Ok(None),
        (true, Role::Tenant | Role::Publish | Role::Read) => {
            let tenant = given.or(asks.named_tenant());
            tenant.map(Some).ok_or_else(|| fault("is required for a key of this role"))
        }
        (false, Role::Admin) => Err(forbidden("Only an admin key can make admin keys.")),
        (false, Role::Tenant | Role::Publish | Role::Read) => {
            let own = asks.own_tenant()?;
            if given.is_some_and(|given| given != own) {
                return Err(forbidden("A tenant makes keys for itself alone; leave `tenant_id` out."));
            }
            Ok(Some(own))
        }
    }
}
