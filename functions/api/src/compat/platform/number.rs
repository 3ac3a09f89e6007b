//! Webhooks by their numbers. A text that is no number gets 404, like a number that no webhook has.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shared::id::TenantId;
use shared::webhook::Webhook;

use crate::http::error::{ApiError, not_found};
use crate::manage::number::numbered;
use crate::noun::Noun;
use crate::room::Api;

/// The number in a path.
pub(super) struct Number(u32);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = Path::<u32>::from_request_parts(parts, state).await;
        let Path(number) = path.map_err(|_| not_found(Noun::Webhook))?;
        Ok(Self(number))
    }
}

impl Number {
    /// The tenant's webhook with this number. All webhooks, at most 500, are read: requests that manage webhooks are
    /// too rare for an index to pay off.
    pub(super) async fn find(self, api: &Api, tenant: TenantId) -> Result<Webhook, ApiError> {
        let found = numbered(api, tenant).await?.into_iter().find(|webhook| webhook.number == Some(self.0));
        Ok(found.ok_or_else(|| not_found(Noun::Webhook))?)
    }
}
