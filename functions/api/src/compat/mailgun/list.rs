//! `GET /v3/domains/{domain}/webhooks`: the names that have URLs, and their URLs

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::event_group::{Domain, EventGroup};
use super::name::Name;
use super::view::Urls;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::manage::number::readable;
use crate::room::Api;

#[derive(Debug, Serialize)]
pub(super) struct WebhooksView {
    webhooks: BTreeMap<&'static str, Urls>,
}

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    domain: Domain,
    mut query: Query,
) -> Result<Json<WebhooksView>, ApiError> {
    // `mailgun.js` may send these. There are only eight names, so the list needs no pages.
    let _ignored: [Option<u32>; 2] = [query.parsed("limit"), query.parsed("skip")];
    query.finish()?;
    let all = readable(&api, tenant).await?;
    let urls = Name::ALL.map(|name| (name.as_str(), Urls::of(&all, &EventGroup { domain: domain.clone(), name })));
    Ok(Json(WebhooksView { webhooks: urls.into_iter().filter(|(_, urls)| !urls.is_empty()).collect() }))
}
