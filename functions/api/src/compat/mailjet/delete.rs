//! `DELETE /v3/REST/eventcallbackurl/{id}`. Mailjet's clients send a body with the request; it means nothing and is not
//! read.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::entry::EntryKey;
use super::rules::delete_entry;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::path::Id;
use crate::manage::transaction::transact;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(key): Id<EntryKey>,
) -> Result<StatusCode, ApiError> {
    Box::pin(transact(&api, tenant, |all| delete_entry(all, key).map_err(ApiError::from))).await?;
    Ok(StatusCode::NO_CONTENT)
}
