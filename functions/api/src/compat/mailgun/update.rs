//! `PUT /v3/domains/{domain}/webhooks/{name}`: the name has these URLs afterwards, and no others

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use shared::id::TenantId;
use shared::store::StoreError;
use shared::webhook::{Destination, Webhook};

use super::create::drafts;
use super::event_group::Topic;
use super::form::Form;
use super::name::Name;
use super::plan;
use super::remove::leave;
use super::view::{Changed, Urls};
use crate::http::body::Faults;
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::manage::{register, signing};
use crate::room::Api;

/// How often there may be something left to do, because others change the same name at the same time.
const TRIES: u8 = 5;

pub(super) async fn update(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    topic: Topic,
    mut form: Form,
) -> Result<Json<Changed>, Refusal> {
    // Some clients send it, though the path says it.
    form.0.optional("id", |value| same_name(value, topic.name));
    let listed = api.registry.all_webhooks(tenant).await?.into_iter().filter(|webhook| topic.is_wanted_by(webhook));
    let listed: Vec<_> = listed.map(|webhook| webhook.url).collect();
    let urls = form.urls(&api, &listed);
    let urls = form.0.finish(urls)?;
    Ok(Json(replace(&api, tenant, &topic, &urls).await?.updated()))
}

/// Until nothing is left to do: others may have changed the name meanwhile, and two such requests at the same time must
/// not leave it without any URL. New webhooks come first, so that no event is owed to nobody; a request that breaks off
/// is completed by its repetition.
async fn replace(api: &Api, tenant: TenantId, topic: &Topic, urls: &[Destination]) -> Result<Urls, Refusal> {
    let secret = signing::tenants_secret(api, tenant).await?;
    for _ in 0..TRIES {
        let planned = |webhooks: &[Webhook]| {
            let plan = plan::replacing(webhooks, topic, urls)?;
            let new = drafts(api, tenant, topic, &plan.missing, &secret);
            Ok((new, (plan.leaving, Urls::of(webhooks, topic))))
        };
        let (new, (leaving, listed)) = register::register_planned(api, tenant, planned).await?;
        if new.is_empty() && leaving.is_empty() {
            return Ok(listed);
        }
        leave(api, tenant, topic, &leaving).await?;
    }
    Err(StoreError::Conflict.into())
}

fn same_name(value: Value, name: Name) -> Result<(), Faults> {
    if Name::read(value)? == name { Ok(()) } else { Err(format!("the path says `{}`", name.as_str()).into()) }
}
