//! `GET /api/v1/keys`, oldest first: the tenant's keys, or for an admin without `X-Tenant-ID` the admin keys

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::KeyId;

use super::view::KeyView;
use crate::http::caller::AnyCaller;
use crate::http::error::ApiError;
use crate::http::page::{self, ListEntry, ListView};
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    caller: AnyCaller,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<ListView<ListEntry<KeyView>>>, ApiError> {
    let limit = page::limit(&mut query);
    let after: Option<KeyId> = page::cursor(&mut query);
    query.finish()?;
    let after = after.map(|id| id.to_string());
    let owner =
        if caller.is_admin() { caller.existing_tenant(&api.tenants).await? } else { Some(caller.own_tenant()?) };
    let page = api.api_keys.list(owner, after.as_deref(), limit).await?;
    Ok(Json(ListView::of_rows(page, |row| KeyView::from(row))))
}
