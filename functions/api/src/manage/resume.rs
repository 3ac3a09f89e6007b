//! Letting a webhook go by hand: its breaker is closed, and what is held goes out.

use shared::breaker::{Breaker, ClosedReason};
use shared::event::operational::closed;
use shared::store::StoreError;
use shared::webhook::Webhook;

use super::release::recover;
use crate::http::error::Refusal;
use crate::room::Api;

/// How often closing the breaker is tried when it keeps being opened and closed.
const TRIES: u8 = 3;

/// Whoever lets a webhook go means now, whatever its breaker has counted. Should this fail the client is told so and
/// repeats the request, which does it all again.
pub(crate) async fn let_go(api: &Api, webhook: &Webhook) -> Result<(), Refusal> {
    close_breaker(api, webhook).await?;
    recover(api, webhook.tenant, webhook.id).await
}

/// Closes the breaker, and tells of it if it was open.
async fn close_breaker(api: &Api, webhook: &Webhook) -> Result<(), Refusal> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    for _ in 0..TRIES {
        let is_forgotten = match api.registry.get_breaker(tenant, id).await? {
            Breaker::Closed { .. } => api.registry.forget_closed_breaker(tenant, id).await?,
            Breaker::Open(open) => {
                let event = closed(webhook, &open, ClosedReason::Requested, api.now());
                api.registry.forget_open_breaker(tenant, id, &open, api.events.telling(&event)?).await?
            }
        };
        if is_forgotten {
            return Ok(());
        }
    }
    Err(StoreError::Conflict.into())
}
