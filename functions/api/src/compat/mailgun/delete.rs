//! `DELETE /v3/domains/{domain}/webhooks/{name}`: the answer has the URLs that were deleted

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::event_group::EventGroup;
use super::plan;
use super::remove::remove;
use super::view::{ChangeView, Urls};
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::manage::number::readable;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    group: EventGroup,
    query: Query,
) -> Result<Json<ChangeView>, ApiError> {
    query.finish()?;
    let webhooks = readable(&api, tenant).await?;
    let removals = plan::deleting(&webhooks, &group)?;
    remove(&api, tenant, &group, &removals).await?;
    Ok(Json(Urls::of(&webhooks, &group).deleted()))
}
