//! `PUT /v3/domains/{domain}/webhooks/{name}`: afterwards the name has exactly these URLs

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use shared::id::TenantId;
use shared::webhook::{Destination, Webhook};

use super::create::drafts;
use super::event_group::EventGroup;
use super::form::Form;
use super::name::Name;
use super::plan::{self, Removal};
use super::remove::remove;
use super::view::{ChangeView, Urls};
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::manage::error::ManageError;
use crate::manage::number::readable;
use crate::manage::signing::tenants_secret;
use crate::manage::transaction::{Plan, create_planned};
use crate::room::Api;

/// How often the plan is made again because other requests change the same name at the same time.
const TRIES: u8 = 5;

/// What a replacement leaves to do after its new webhooks are created.
struct Remaining {
    removals: Vec<Removal>,
    /// The URLs that the name had when the plan was made.
    listed: Urls,
}

pub(super) async fn update(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    group: EventGroup,
    mut form: Form,
) -> Result<Json<ChangeView>, ApiError> {
    // Some clients send the name in the form too.
    form.0.optional("id", |value| same_name(value, group.name));
    let listed = readable(&api, tenant).await?.into_iter().filter(|webhook| group.is_wanted_by(webhook));
    let listed: Vec<_> = listed.map(|webhook| webhook.url).collect();
    let urls = form.urls(&api, &listed);
    let urls = form.0.finish(|| urls)?;
    Ok(Json(replace(&api, tenant, &group, &urls).await?.updated()))
}

/// Repeats until nothing is left to do: another request may have changed the name in between, and two replacements at
/// the same time must not leave it without any URL. New webhooks are created first, so that at every moment some
/// webhook gets the events. A request that breaks off is completed when the client repeats it.
async fn replace(api: &Api, tenant: TenantId, group: &EventGroup, urls: &[Destination]) -> Result<Urls, ApiError> {
    let secret = tenants_secret(api, tenant).await?;
    for _ in 0..TRIES {
        let plan = |webhooks: &[Webhook]| {
            let replacement = plan::replacing(webhooks, group, urls)?;
            let new = drafts(api, tenant, group, &replacement.missing, &secret);
            let listed = Urls::of(webhooks, group);
            Ok::<_, ApiError>(Plan { new, rest: Remaining { removals: replacement.removals, listed } })
        };
        let Plan { new, rest: Remaining { removals, listed } } = create_planned(api, tenant, plan).await?;
        if new.is_empty() && removals.is_empty() {
            return Ok(listed);
        }
        remove(api, tenant, group, &removals).await?;
    }
    Err(ManageError::Conflict.into())
}

fn same_name(value: Value, name: Name) -> Result<(), FieldErrors> {
    if Name::read(value)? == name { Ok(()) } else { Err(format!("the path says `{}`", name.as_str()).into()) }
}
