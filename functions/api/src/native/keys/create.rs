//! `POST /api/v1/keys`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use shared::clock::random;
use shared::id::{KeyId, TenantId};
use shared::stored_word::StoredWord;
use shared::tenant::{ApiKey, PresentedKey, Role};

use super::view::KeyView;
use crate::http::body::{Fields, parsed, text};
use crate::http::caller::AnyCaller;
use crate::http::error::{ApiError, forbidden};
use crate::http::field_errors::FieldErrors;
use crate::manage::limits::creation_error;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// Maximum characters of a name.
const MAX_NAME: usize = 200;

/// A valid request for a new key.
struct CreateKey {
    role: Role,
    name: String,
    /// The tenant that the body names.
    tenant: Option<TenantId>,
}

pub(super) async fn create(
    caller: AnyCaller,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<KeyView>), ApiError> {
    caller.may_manage()?;
    let request = CreateKey::read(body)?;
    let owner = request.owner(&caller)?;
    if let Some(tenant) = owner
        && api.tenants.get(tenant).await?.is_none()
    {
        return Err(FieldErrors::at("/tenant_id", "there is no such tenant").into());
    }

    let created_at = api.now();
    let id = KeyId::mint(created_at, random());
    let presented = PresentedKey::generate(id, random());
    let CreateKey { role, name, .. } = request;
    let key =
        ApiKey { id, tenant: owner, role: StoredWord::Known(role), name, secret_hash: presented.hash(), created_at };
    span::note(Noun::Key, id);
    if let Some(tenant) = owner {
        span::note(Noun::Tenant, tenant);
    }
    if let Err(error) = api.api_keys.create(&key).await {
        return Err(match owner {
            Some(tenant) => creation_error(&api, tenant, Noun::Key, error).await.into(),
            None => error.into(),
        });
    }
    Ok((StatusCode::CREATED, Json(KeyView::with_secret(&key, &presented))))
}

impl CreateKey {
    fn read(mut body: Fields) -> Result<Self, FieldErrors> {
        let role = body.required("role", role);
        let name = body.optional("name", text(0..=MAX_NAME)).unwrap_or_default();
        let tenant = body.optional("tenant_id", parsed);
        body.finish(|| Some(Self { role: role?, name, tenant }))
    }

    /// The tenant that the key will belong to. An admin names it by `tenant_id` or by `X-Tenant-ID`; a tenant creates
    /// keys for itself only.
    fn owner(&self, caller: &AnyCaller) -> Result<Option<TenantId>, ApiError> {
        let error = |detail: &str| Err(FieldErrors::at("/tenant_id", detail).into());
        match (caller.is_admin(), self.role) {
            (true, Role::Admin) if self.tenant.is_some() => error("an admin key belongs to no tenant; leave it out"),
            (true, Role::Admin) => Ok(None),
            (true, Role::Tenant | Role::Publish | Role::Read) => match self.tenant.or(caller.named_tenant()) {
                Some(tenant) => Ok(Some(tenant)),
                None => error("is required for a key of this role"),
            },
            (false, Role::Admin) => Err(forbidden("Creating an admin key requires an admin key.")),
            (false, Role::Tenant | Role::Publish | Role::Read) => {
                let own = caller.own_tenant()?;
                if self.tenant.is_some_and(|tenant| tenant != own) {
                    return Err(forbidden("A tenant can create keys for itself only; leave `tenant_id` out."));
                }
                Ok(Some(own))
            }
        }
    }
}

fn role(value: Value) -> Result<Role, FieldErrors> {
    let word = parsed::<String>(value)?;
    let known = || Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
    Role::from_word(&word).ok_or_else(|| format!("unknown role; there are: {}", known()).into())
}
