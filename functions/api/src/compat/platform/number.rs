//! Webhooks by their numbers. A text that is no number cannot be the number of anything: 404, as for one that nobody has.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use shared::id::TenantId;
use shared::webhook::Webhook;

use crate::http::error::{Refusal, not_found};
use crate::manage::register::numbered;
use crate::room::Api;

/// The number in a path.
pub(super) struct Number(u32);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<u32>::from_request_parts(parts, state).await;
        let Path(number) = path.map_err(|_| not_found("webhook"))?;
        Ok(Self(number))
    }
}

impl Number {
    /// The tenant's webhook of this number. There are at most 500, and all are read: nobody manages webhooks often enough
    /// for an index to pay.
    pub(super) async fn find(self, api: &Api, tenant: TenantId) -> Result<Webhook, Refusal> {
        let found = numbered(api, tenant).await?.into_iter().find(|webhook| webhook.number == Some(self.0));
        Ok(found.ok_or_else(|| not_found("webhook"))?)
    }
}
