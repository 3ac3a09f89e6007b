//! `POST /v3/domains/{domain}/webhooks`: creates one to three URLs for a name without URLs, in one transaction

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::secret::SigningSecret;
use shared::webhook::{Destination, Webhook};

use super::event_group::{Domain, EventGroup};
use super::form::Form;
use super::name::Name;
use super::plan;
use super::view::{ChangeView, Urls};
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::manage::register::draft;
use crate::manage::signing::tenants_secret;
use crate::manage::transaction::{Plan, create_planned};
use crate::room::Api;

/// A valid request for the URLs of a name.
struct CreateUrls {
    name: Name,
    urls: Vec<Destination>,
}

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    domain: Domain,
    form: Form,
) -> Result<Json<ChangeView>, ApiError> {
    let CreateUrls { name, urls } = CreateUrls::read(form, &api)?;
    let group = EventGroup { domain, name };
    let secret = tenants_secret(&api, tenant).await?;
    let plan = |webhooks: &[Webhook]| {
        plan::creating(webhooks, &group, &urls)?;
        Ok::<_, ApiError>(Plan { new: drafts(&api, tenant, &group, &urls, &secret), rest: () })
    };
    create_planned(&api, tenant, plan).await?;
    Ok(Json(Urls::created(&urls)))
}

impl CreateUrls {
    fn read(mut form: Form, api: &Api) -> Result<Self, FieldErrors> {
        let name = form.0.required("id", Name::read);
        let urls = form.urls(api, &[]);
        form.0.finish(|| Some(Self { name: name?, urls: urls? }))
    }
}

/// A webhook for each URL, for the events of the group, in Mailgun's dialect.
pub(super) fn drafts(
    api: &Api,
    tenant: TenantId,
    group: &EventGroup,
    urls: &[Destination],
    secret: &SigningSecret,
) -> Vec<Webhook> {
    let draft = |url: &Destination| {
        draft(api.now(), tenant, url.clone(), group.subscription(), Dialect::Mailgun, secret.clone())
    };
    urls.iter().map(draft).collect()
}
