//! `GET /.well-known/webhooks/{tenant_id}`: the public keys that verify a tenant's `v1a` signatures, as a JSON Web Key
//! Set. Everybody may have public keys, so this operation requires no API key. For that reason it opens no secret, and
//! remembers every answer, also that a tenant does not exist.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Value, json};
use shared::id::TenantId;
use shared::secret::PublicKey;

use crate::http::error::ApiError;
use crate::room::Api;

/// Receivers may keep the answer for five minutes. Reason: after a rotation the old key signs together with the new one
/// for far longer.
const MAX_AGE: &str = "public, max-age=300";

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/.well-known/webhooks/{tenant_id}", get(public_keys))
}

/// An id that no tenant has gets an empty set, like a tenant without `v1a`: the answer does not tell which tenants
/// exist.
async fn public_keys(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let keys = match id.parse::<TenantId>() {
        Ok(tenant) => api.public_keys.of_tenant(tenant, api.now()).await?,
        Err(_) => Arc::default(),
    };
    // By id, so that a key of two webhooks is listed once, and the order discloses nothing.
    let keys: BTreeMap<String, Value> = keys.iter().map(|key| (key.id(), jwk(key))).collect();
    let keys: Vec<Value> = keys.into_values().collect();
    Ok(([(header::CACHE_CONTROL, MAX_AGE)], Json(json!({ "keys": keys }))))
}

fn jwk(key: &PublicKey) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": key.x(), "kid": key.id(), "use": "sig", "alg": "EdDSA" })
}
