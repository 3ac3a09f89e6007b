//! `DELETE /v3/domains/{domain}/webhooks/{name}`: answers the URLs that there were

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::leave::leave;
use super::plan;
use super::shown::{Changed, Urls};
use super::topic::Topic;
use crate::Api;
use crate::http::caller::Manager;
use crate::http::query::Query;
use crate::http::refusal::Refusal;

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
