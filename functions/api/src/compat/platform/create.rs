//! `POST /api/webhooks/manage`: a webhook in the platform's dialect

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use shared::address_policy::AddressPolicy;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::secret::SigningSecret;
use shared::webhook::{Subscription, WantedTypes, Webhook, WebhookUrl};

use super::events;
use super::view::PlatformWebhookView;
use crate::fields::{destination, signature, webhook};
use crate::http::body::{Fields, flag};
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::manage::register::{draft, register};
use crate::room::Api;

/// A valid request for a new webhook.
struct CreateWebhook {
    url: WebhookUrl,
    types: WantedTypes,
    active: bool,
    /// A secret that the receiver has already.
    secret: Option<SigningSecret>,
}

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<PlatformWebhookView>), ApiError> {
    let CreateWebhook { url, types, active, secret } = CreateWebhook::read(body, &api.addresses)?;
    let own = match secret {
        Some(secret) => Some(secret),
        None => api.settings.get(tenant).await?.webhook_secret,
    };
    let secret = own.clone().unwrap_or_else(|| SigningSecret::generate(random()));
    let subscription = Subscription { types, sources: BTreeSet::new(), domains: BTreeSet::new() };
    let draft = draft(api.now(), tenant, url, subscription, Dialect::Platform, secret.clone());
    let webhook = register(&api, Webhook { status: draft.status.switched(active), ..draft }).await?;
    // A secret that the tenant chose is not shown: the tenant has it.
    let view = if own.is_some() {
        PlatformWebhookView::from(&webhook)
    } else {
        PlatformWebhookView::with_secret(&webhook, &secret)
    };
    Ok((StatusCode::CREATED, Json(view)))
}

impl CreateWebhook {
    fn read(mut body: Fields, addresses: &AddressPolicy) -> Result<Self, FieldErrors> {
        let url = body.required("url", |value| destination::https_url(value, addresses));
        let names = body.required("events", events::read);
        let types = names.and_then(|names| body.check(events::wanted(&names, Dialect::Platform)));
        let active = body.optional("active", flag).unwrap_or(true);
        let secret = body.optional("secret", shared_secret);
        body.finish(|| Some(Self { url: url?, types: types?, active, secret }))
    }
}

/// A shared secret. Reason: receivers of this dialect can verify no other kind.
fn shared_secret(value: Value) -> Result<SigningSecret, FieldErrors> {
    let secret = webhook::secret(value)?;
    signature::check_dialect(Dialect::Platform, secret.scheme())?;
    Ok(secret)
}
