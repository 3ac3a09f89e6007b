//! `POST /api/webhooks/manage`: a webhook in the platform's dialect

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::problem::Fault;
use shared::secret::SigningSecret;
use shared::webhook::{Subscription, Webhook};

use super::events;
use super::view::Shown;
use crate::fields::destination;
use crate::fields::signature;
use crate::fields::webhook;
use crate::http::body::{Faults, Fields, flag};
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::manage::register::{draft, register};
use crate::room::Api;

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    let url = body.required("url", |value| destination::https_url(value, &api.addresses));
    let names = body.required("events", events::read);
    let types = names.and_then(|names| body.noted(events::wanted(&names, Dialect::Platform)));
    let active = body.optional("active", flag).unwrap_or(true);
    let given = body.optional("secret", shared_secret);
    let (url, types) = body.finish(url.zip(types))?;

    let own = match given {
        Some(secret) => Some(secret),
        None => api.registry.get_settings(tenant).await?.webhook_secret,
    };
    let secret = own.clone().unwrap_or_else(|| SigningSecret::generate(random()));
    let subscription = Subscription { types, sources: BTreeSet::new(), domains: BTreeSet::new() };
    let draft = draft(api.now(), tenant, url, subscription, Dialect::Platform, secret.clone());
    let webhook = register(&api, &Webhook { status: draft.status.switched(active), ..draft }).await?;
    // A secret that they have is not shown to those who have it.
    let shown = if own.is_some() { Shown::from(&webhook) } else { Shown::with_secret(&webhook, &secret) };
    Ok((StatusCode::CREATED, Json(shown)))
}

/// Receivers of this dialect verify with nothing else.
fn shared_secret(value: Value) -> Result<SigningSecret, Faults> {
    let secret = webhook::secret(value)?;
    let details = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.detail).collect::<Vec<_>>().join("; ");
    signature::check_dialect(Dialect::Platform, secret.scheme(), "").map_err(details)?;
    Ok(secret)
}
