//! `PATCH /api/v1/tenants/{tenant_id}/settings`: fields that the request leaves out stay as they are.
//! Settings apply to webhooks that are registered afterwards.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use shared::id::TenantId;
use shared::secret::{SignatureScheme, SigningSecret};
use shared::stored_word::StoredWord;
use shared::tenant::TenantSettings;

use super::view::SettingsView;
use super::visible::check_visible;
use crate::fields::webhook;
use crate::http::body::{Fields, or_null};
use crate::http::caller::AnyCaller;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::room::Api;

pub(super) async fn patch(
    caller: AnyCaller,
    State(api): State<Arc<Api>>,
    Id(tenant): Id<TenantId>,
    mut body: Fields,
) -> Result<Json<SettingsView>, ApiError> {
    caller.may_manage()?;
    check_visible(&caller, &api, tenant).await?;
    let default_dialect = body.optional("default_dialect", or_null(webhook::dialect));
    let webhook_secret = body.optional("webhook_secret", or_null(shared_secret));
    body.finish(|| Some(()))?;

    let stored = api.settings.get(tenant).await?;
    let settings = TenantSettings {
        default_dialect: match default_dialect {
            Some(given) => given.map(StoredWord::Known),
            None => stored.default_dialect,
        },
        webhook_secret: webhook_secret.unwrap_or(stored.webhook_secret),
        revision: stored.revision,
    };
    api.settings.replace(tenant, &settings).await?;
    Ok(Json(SettingsView::from(&settings)))
}

/// A shared secret. Reason: the receivers of other systems' webhooks, which this setting is for, can verify no other
/// kind.
fn shared_secret(value: Value) -> Result<SigningSecret, FieldErrors> {
    let secret = webhook::secret(value)?;
    match secret.scheme() {
        SignatureScheme::V1 => Ok(secret),
        SignatureScheme::V1a => Err("an ed25519 key signs for one webhook; give a shared secret".into()),
    }
}
