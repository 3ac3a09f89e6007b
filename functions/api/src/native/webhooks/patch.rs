//! `PATCH /api/v1/webhooks/{webhook_id}`: what is absent stays as it is

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::WebhookId;
use shared::problem::Problem;
use shared::webhook::Webhook;

use super::request::Given;
use super::view::Shown;
use crate::fields::{destination, limits, signature, subscription};
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::http::path::Id;
use crate::manage::change::change_and_let_go;
use crate::room::Api;

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    mut body: Fields,
) -> Result<Json<Shown>, Refusal> {
    let given = Given::read(&mut body, &api.addresses);
    let given = body.finish(Some(given))?;
    if let Some(sources) = &given.sources {
        let unknown = subscription::unknown_sources(&api.registry, tenant, sources).await?;
        if !unknown.is_empty() {
            return Err(Problem::invalid(unknown).into());
        }
    }
    let lets_go = given.enabled == Some(true) || given.paused == Some(false);
    let webhook = change_and_let_go(&api, tenant, id, lets_go, |stored| patched(stored, &given)).await?;
    Ok(Json(Shown::from(&webhook)))
}

fn patched(stored: Webhook, given: &Given) -> Result<Webhook, Problem> {
    let mut webhook = stored;
    if let Some(dialect) = given.dialect {
        webhook.dialect = dialect;
        let scheme = webhook.secrets.current.scheme();
        signature::check_dialect(dialect, scheme, "/dialect").map_err(Problem::invalid)?;
    }
    match &given.events {
        Some(names) => {
            let types = subscription::types_named(names, webhook.dialect).map_err(Problem::invalid)?;
            webhook.subscription.types = types;
        }
        None if given.dialect.is_some() => {
            subscription::check_dialect(webhook.dialect, &webhook.subscription.types).map_err(Problem::invalid)?;
        }
        None => {}
    }
    webhook.url =
        destination::changed(&webhook.url, given.url.as_ref(), given.credentials.as_ref()).map_err(Problem::invalid)?;
    set(&mut webhook.retry_policy, given.retry_policy.as_ref());
    set(&mut webhook.timeout_ms, given.timeout_ms.as_ref());
    set(&mut webhook.subscription.sources, given.sources.as_ref());
    set(&mut webhook.subscription.domains, given.domains.as_ref());
    set(&mut webhook.description, given.description.as_ref());
    set(&mut webhook.breaker, given.breaker.as_ref());
    set(&mut webhook.backup_url, given.backup_url.as_ref());
    // What has a backup, or is a stream, is no backup without a main URL, whatever it was made as.
    webhook.is_backup &= webhook.backup_url.is_none() && webhook.url.stream().is_none();
    if let Some(headers) = &given.headers {
        webhook.headers = headers.over(&webhook.headers).map_err(Problem::invalid)?;
    }
    set(&mut webhook.paused, given.paused.as_ref());
    set(&mut webhook.metadata, given.metadata.as_ref());
    set(&mut webhook.rate_limit, given.rate_limit.as_ref());
    set(&mut webhook.batch, given.batch.as_ref());
    // What was given is to blame, not what was stored.
    let pointer = if given.batch.is_some() { "/batch" } else { "/dialect" };
    limits::check_dialect(webhook.dialect, webhook.batch, pointer).map_err(Problem::invalid)?;
    if let Some(enabled) = given.enabled {
        webhook.status = webhook.status.switched(enabled);
    }
    Ok(webhook)
}

fn set<T: Clone>(field: &mut T, given: Option<&T>) {
    if let Some(value) = given {
        field.clone_from(value);
    }
}
