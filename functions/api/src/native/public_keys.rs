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
use futures::lock::Mutex;
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::cache::Cache;
use shared::id::TenantId;
use shared::secret::PublicKey;
use shared::store::{Registry, StoreError};

use crate::Api;
use crate::http::refusal::Refusal;

/// How long a tenant's keys are trusted from memory, in seconds: whoever asks often costs little.
const CACHE_SECONDS: u32 = 30;
/// Most tenants whose keys are remembered. A tenant has at most 500 webhooks with two keys each of 32 bytes: 16 MB at worst.
const MAX_TENANTS: usize = 500;
/// Most ids that are remembered to be nobody's, in half a MB: more than this route's throttle lets in within `CACHE_SECONDS`
/// (`template.yaml`: 50 a second). They are kept apart, because a flood of them must not drive out tenants.
const MAX_NOBODIES: usize = 10_000;
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

/// The public keys that were read lately.
#[derive(Debug)]
pub(crate) struct PublicKeys {
    of_tenants: Cache<TenantId, Arc<[PublicKey]>>,
    nobodies: Cache<TenantId, ()>,
    /// Held while the registry is read, so that calls at the same moment read it once. A function on Lambda has one call at a
    /// time, so nobody waits there.
    reading: Mutex<()>,
}

impl PublicKeys {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self {
            of_tenants: Cache::holding(MAX_TENANTS, CACHE_SECONDS),
            nobodies: Cache::holding(MAX_NOBODIES, CACHE_SECONDS),
            reading: Mutex::new(()),
        }
    }

    /// Forgets a tenant's, which have just been changed here. Other functions learn of it when theirs are too old.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.of_tenants.forget(&tenant);
    }

    async fn of_tenant(
        &self,
        registry: &Registry,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Arc<[PublicKey]>, StoreError> {
        if let Some(known) = self.known(tenant, now) {
            return Ok(known);
        }
        let _reading = self.reading.lock().await;
        // Another call may have read them while this one waited.
        if let Some(known) = self.known(tenant, now) {
            return Ok(known);
        }
        let Some(published) = registry.public_keys(tenant).await? else {
            self.nobodies.put(tenant, (), now);
            return Ok(Arc::default());
        };
        let signing = published.iter().filter(|published| published.signs_at(now));
        let keys: Arc<[PublicKey]> = signing.map(|published| published.key).collect();
        self.of_tenants.put(tenant, Arc::clone(&keys), now);
        Ok(keys)
    }

    /// What is remembered of an id, be it nobody's.
    fn known(&self, tenant: TenantId, now: Timestamp) -> Option<Arc<[PublicKey]>> {
        self.of_tenants.get(&tenant, now).or_else(|| self.nobodies.get(&tenant, now).map(|()| Arc::default()))
    }
}
