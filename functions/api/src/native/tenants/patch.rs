//! `PATCH /api/v1/tenants/{tenant_id}`: an operator renames, suspends or limits a tenant; fields that the request
//! leaves out stay as they are. Lifting a suspension releases what was held.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use shared::id::TenantId;
use shared::store::StoreError;
use shared::tenant::{MAX_LIMIT, TenantChange};

use super::NAME;
use super::view::TenantView;
use crate::http::body::{Fields, flag, object, or_null, text, whole};
use crate::http::caller::Operator;
use crate::http::error::{ApiError, not_found};
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::manage::lift::lift;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

pub(super) async fn patch(
    _: Operator,
    State(api): State<Arc<Api>>,
    Id(id): Id<TenantId>,
    body: Fields,
) -> Result<Json<TenantView>, ApiError> {
    span::note(Noun::Tenant, id);
    let change = read(body)?;
    if api.tenants.get(id).await?.is_none() {
        return Err(not_found(Noun::Tenant).into());
    }
    match api.tenants.change(id, &change).await {
        Err(StoreError::Gone) => return Err(not_found(Noun::Tenant).into()),
        changed => changed?,
    }
    // Also if the tenant was not suspended: the request may be the repetition of one that broke off.
    if change.suspended == Some(false) {
        lift(&api, id).await?;
    }
    let tenant = api.tenants.get(id).await?.ok_or_else(|| not_found(Noun::Tenant))?;
    Ok(Json(TenantView::from(&tenant)))
}

fn read(mut body: Fields) -> Result<TenantChange, FieldErrors> {
    let name = body.optional("name", text(NAME));
    let suspended = body.optional("suspended", flag);
    let limits = body.optional("limits", object(|limits| Some(read_limits(limits)))).unwrap_or_default();
    body.finish(|| Some(TenantChange { name, suspended, ..limits }))
}

fn read_limits(limits: &mut Fields) -> TenantChange {
    TenantChange {
        // A tenant that may send nothing is suspended instead.
        events_per_minute: limits.optional("events_per_minute", or_null(limit(1))),
        webhooks: limits.optional("webhooks", or_null(limit(0))),
        // A tenant that may have no webhook has the limit 0 of `webhooks`.
        webhooks_per_host: limits.optional("webhooks_per_host", or_null(limit(1))),
        sources: limits.optional("sources", or_null(limit(0))),
        keys: limits.optional("keys", or_null(limit(0))),
        ..TenantChange::default()
    }
}

fn limit(least: i64) -> impl Fn(Value) -> Result<u32, FieldErrors> {
    let read = whole(least..=i64::from(MAX_LIMIT));
    move |value| read(value).map(|number| u32::try_from(number).unwrap_or(MAX_LIMIT))
}
