//! `GET /api/v1/keys`, oldest first: a tenant's keys, or for an admin without `X-Tenant-ID` the admin keys

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::KeyId;

use super::Shown;
use crate::http::caller::Asks;
use crate::http::error::Refusal;
use crate::http::page::{self, Listed};
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    asks: Asks,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<Listed<Shown>>, Refusal> {
    let limit = page::limit(&mut query);
    let after: Option<KeyId> = page::cursor(&mut query);
    let after = query.finish(after)?.map(|id| id.to_string());
    let owner = if asks.is_admin() { asks.existing_tenant(&api.registry).await? } else { Some(asks.own_tenant()?) };
    let page = api.registry.list_api_keys(owner, after.as_deref(), limit).await?;
    Ok(Json(Listed::new(page.items.iter().map(Shown::from).collect(), page.next)))
}
