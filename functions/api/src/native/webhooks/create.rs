//! `POST /api/v1/webhooks`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::dialect::Dialect;
use shared::problem::Problem;
use shared::secret::SignatureScheme;
use shared::webhook::{CustomName, CustomValue, DisabledReason, Subscription, Webhook, WebhookStatus};

use super::request::Given;
use super::view::Shown;
use crate::fields::{destination, limits, signature, subscription, webhook};
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::manage::register::{draft, register};
use crate::manage::signing;
use crate::room::Api;

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    body.demand("url");
    body.demand("events");
    let default_dialect = if body.has("dialect") {
        None
    } else {
        Some(api.registry.get_settings(tenant).await?.default_dialect.unwrap_or(Dialect::Standard))
    };
    let has_credentials = body.has("credentials");
    let mut given = Given::read(&mut body, &api.addresses);
    let secret = body.optional("secret", webhook::secret);
    let scheme = body.optional("signature", signature::scheme);
    // Names are judged in a dialect that is known, not in the default beside one that is wrong.
    let names = given.events.take().zip(given.dialect.or(default_dialect));
    if let Some((batch, dialect)) = given.batch.zip(given.dialect.or(default_dialect)) {
        body.noted(limits::check_dialect(dialect, batch, "/batch"));
    }
    let types = names.and_then(|(names, dialect)| body.noted(subscription::types_named(&names, dialect)));
    let dialect = given.dialect.or(default_dialect).unwrap_or(Dialect::Standard);
    let secret = body.noted(signing::secret(secret.as_ref(), scheme, SignatureScheme::V1, dialect));
    let headers = body.noted(given.headers.take().unwrap_or_default().over(&BTreeMap::new()));
    let url = destination::of_new(&mut body, given.url.take(), given.credentials.take(), has_credentials);
    let indispensable = url.zip(types).zip(secret).zip(headers);
    let (((url, types), secret), headers) = body.finish(indispensable)?;

    let sources = given.sources.take().unwrap_or_default();
    let subscription = Subscription { types, sources, domains: given.domains.take().unwrap_or_default() };
    let draft = draft(api.now(), tenant, url, subscription, dialect, secret);
    let webhook = webhook(draft, given, headers);
    let unknown = subscription::unknown_sources(&api.registry, tenant, &webhook.subscription.sources).await?;
    if !unknown.is_empty() {
        return Err(Problem::invalid(unknown).into());
    }
    let webhook = register(&api, &webhook).await?;
    Ok((StatusCode::CREATED, Json(Shown::with_secret(&webhook))))
}

/// What was given in place of the draft's defaults.
fn webhook(draft: Webhook, given: Given, headers: BTreeMap<CustomName, CustomValue>) -> Webhook {
    Webhook {
        headers,
        retry_policy: given.retry_policy.unwrap_or_else(|| draft.dialect.default_retry_policy()),
        timeout_ms: given.timeout_ms.unwrap_or_else(|| draft.dialect.default_timeout_ms()),
        status: match given.enabled {
            None | Some(true) => WebhookStatus::Enabled,
            Some(false) => WebhookStatus::Disabled { reason: DisabledReason::Requested },
        },
        description: given.description.unwrap_or_default(),
        breaker: given.breaker.unwrap_or_default(),
        backup_url: given.backup_url.flatten(),
        paused: given.paused.unwrap_or(false),
        metadata: given.metadata.unwrap_or_default(),
        rate_limit: given.rate_limit.flatten(),
        batch: given.batch.unwrap_or(draft.batch),
        ..draft
    }
}
