//! `POST /v3/domains/{domain}/webhooks`: up to three URLs for a name that has none, all or none of them

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::secret::SigningSecret;
use shared::webhook::{Destination, Webhook};

use super::event_group::{Domain, Topic};
use super::form::Form;
use super::name::Name;
use super::plan;
use super::view::{Changed, Urls};
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::manage::{register, signing};
use crate::room::Api;

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    domain: Domain,
    mut form: Form,
) -> Result<Json<Changed>, Refusal> {
    let name = form.0.required("id", Name::read);
    let urls = form.urls(&api, &[]);
    let (name, urls) = form.0.finish(name.zip(urls))?;

    let topic = Topic { domain, name };
    let secret = signing::tenants_secret(&api, tenant).await?;
    let planned = |webhooks: &[Webhook]| {
        plan::creating(webhooks, &topic, &urls)?;
        Ok((drafts(&api, tenant, &topic, &urls, &secret), ()))
    };
    register::register_planned(&api, tenant, planned).await?;
    Ok(Json(Urls::created(&urls)))
}

/// A webhook for each URL: for the topic's events, in Mailgun's language.
pub(super) fn drafts(
    api: &Api,
    tenant: TenantId,
    topic: &Topic,
    urls: &[Destination],
    secret: &SigningSecret,
) -> Vec<Webhook> {
    let draft = |url: &Destination| {
        register::draft(api.now(), tenant, url.clone(), topic.subscription(), Dialect::Mailgun, secret.clone())
    };
    urls.iter().map(draft).collect()
}
