//! `GET /.well-known/webhooks/{tenant_id}`: the public keys that verify a tenant's `v1a` signatures, as a JSON Web Key
//! Set. Public keys are for everybody, so it wants no key; hence it opens no secret, and remembers every answer, also
//! that there is nothing.

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

use crate::http::error::Refusal;
use crate::room::Api;

/// Receivers may keep the answer for five minutes: far less than a former key signs beside a new one.
const MAX_AGE: &str = "public, max-age=300";

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/.well-known/webhooks/{tenant_id}", get(public_keys))
}

/// Nobody's id has no keys, like that of a tenant who signs otherwise: the answer does not tell who exists.
async fn public_keys(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<impl IntoResponse, Refusal> {
    let keys = match id.parse::<TenantId>() {
        Ok(tenant) => api.public_keys.of_tenant(&api.registry, tenant, api.now()).await?,
        Err(_) => Arc::default(),
    };
    // By id, so that a key of two webhooks is listed once, and the order tells nothing.
    let keys: BTreeMap<String, Value> = keys.iter().map(|key| (key.id(), jwk(key))).collect();
    let keys: Vec<Value> = keys.into_values().collect();
    Ok(([(header::CACHE_CONTROL, MAX_AGE)], Json(json!({ "keys": keys }))))
}

fn jwk(key: &PublicKey) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": key.x(), "kid": key.id(), "use": "sig", "alg": "EdDSA" })
}
