//! `DELETE /api/v1/keys/{key_id}`: this API refuses the key at once, `ingest` within
//! `CACHE_SECONDS`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::KeyId;

use crate::http::caller::AnyCaller;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn revoke(
    caller: AnyCaller,
    State(api): State<Arc<Api>>,
    Id(id): Id<KeyId>,
) -> Result<StatusCode, ApiError> {
    caller.may_manage()?;
    let key = api.api_key_lookup.get(id).await?;
    let key = match (key, caller.is_admin()) {
        (Some(key), true) => key,
        (Some(key), false) if key.tenant == Some(caller.own_tenant()?) => key,
        (Some(_) | None, _) => return Err(not_found(Noun::Key).into()),
    };
    api.api_keys.delete(&key).await?;
    Ok(StatusCode::NO_CONTENT)
}
