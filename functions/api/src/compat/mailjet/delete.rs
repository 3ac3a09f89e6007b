//! `DELETE /v3/REST/eventcallbackurl/{id}`. Mailjet's clients send a body with it, which says nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::entry::Key;
use super::rules::removed;
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::http::path::Id;
use crate::manage::transaction::decided;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(key): Id<Key>,
) -> Result<StatusCode, Refusal> {
    decided(&api, tenant, |all| removed(all, key)).await?;
    Ok(StatusCode::NO_CONTENT)
}
