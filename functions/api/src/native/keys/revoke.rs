//! `DELETE /api/v1/keys/{key_id}`: the key ends here at once, and in `ingest` within `CACHE_SECONDS`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::KeyId;

use crate::http::caller::Asks;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

pub(super) async fn revoke(asks: Asks, State(api): State<Arc<Api>>, Id(id): Id<KeyId>) -> Result<StatusCode, Refusal> {
    asks.may_manage()?;
    let key = api.registry.get_api_key(id).await?;
    let key = match (key, asks.is_admin()) {
        (Some(key), true) => key,
        (Some(key), false) if key.tenant == Some(asks.own_tenant()?) => key,
        (Some(_) | None, _) => return Err(not_found("key").into()),
    };
    api.registry.delete_api_key(&key).await?;
    Ok(StatusCode::NO_CONTENT)
}
