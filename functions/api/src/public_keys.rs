//! `GET /.well-known/webhooks/{tenant_id}`: the public keys that verify a tenant's `v1a` signatures, as a JSON Web Key
//! Set. Public keys are for everybody, so it wants no key.

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
use shared::secret::{PublicKey, SigningSecret};
use shared::store::StoreError;

use crate::Api;
use crate::refusal::Refusal;

/// How long a tenant's keys are trusted from memory, in seconds: whoever asks often costs little.
pub(crate) const CACHE_SECONDS: u32 = 30;
/// Receivers may keep the answer for five minutes: far less than a former key signs beside a new one.
const MAX_AGE: &str = "public, max-age=300";

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/.well-known/webhooks/{tenant_id}", get(public_keys))
}

/// Nobody's id has no keys, like that of a tenant who signs otherwise: the answer does not tell who exists.
async fn public_keys(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<impl IntoResponse, Refusal> {
    let keys = match id.parse::<TenantId>() {
        Ok(tenant) => of_tenant(&api, tenant).await?,
        Err(_) => Vec::new(),
    };
    Ok(([(header::CACHE_CONTROL, MAX_AGE)], Json(json!({ "keys": keys }))))
}

async fn of_tenant(api: &Api, tenant: TenantId) -> Result<Vec<Value>, StoreError> {
    let now = api.now();
    if let Some(known) = api.public_keys.get(&tenant, now) {
        return Ok(known);
    }
    // By id, so that a key of two webhooks is listed once, and the order tells nothing.
    let mut keys = BTreeMap::new();
    for webhook in api.registry.all_webhooks(tenant).await? {
        let signing = webhook.secrets.at(now).into_iter();
        keys.extend(signing.filter_map(SigningSecret::public_key).map(|key| (key.id(), jwk(&key))));
    }
    let keys: Vec<Value> = keys.into_values().collect();
    if !keys.is_empty() {
        api.public_keys.put(tenant, keys.clone(), now);
    }
    Ok(keys)
}

fn jwk(key: &PublicKey) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": key.x(), "kid": key.id(), "use": "sig", "alg": "EdDSA" })
}
