//! `DELETE /v3/domains/{domain}/webhooks/{name}`: answers the URLs that there were

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::event_group::Topic;
use super::plan;
use super::remove::leave;
use super::view::{Changed, Urls};
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    topic: Topic,
    query: Query,
) -> Result<Json<Changed>, Refusal> {
    query.finish(())?;
    let webhooks = api.registry.all_webhooks(tenant).await?;
    let leaving = plan::deleting(&webhooks, &topic)?;
    leave(&api, tenant, &topic, &leaving).await?;
    Ok(Json(Urls::of(&webhooks, &topic).deleted()))
}
