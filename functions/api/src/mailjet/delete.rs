//! `DELETE /v3/REST/eventcallbackurl/{id}`. Mailjet's clients send a body with it, which says nothing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::entry::Key;
use super::rules::removed;
use crate::Api;
use crate::caller::Manager;
use crate::path::Id;
use crate::refusal::Refusal;
use crate::webhooks::beside::decided;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(key): Id<Key>,
) -> Result<StatusCode, Refusal> {
    decided(&api, tenant, |all| removed(all, key)).await?;
    Ok(StatusCode::NO_CONTENT)
}
