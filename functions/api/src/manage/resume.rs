//! Resuming a webhook's deliveries at a client's request: its breaker is closed, and what it holds goes out.

use shared::breaker::{Breaker, ClosedReason};
use shared::operational::closed;
use shared::webhook::Webhook;

use super::error::ManageError;
use super::release::release;
use crate::room::Api;

/// How often closing the breaker is tried while `deliver` keeps opening and closing it.
const TRIES: u8 = 3;

/// Resumes deliveries now, regardless of the failures that the breaker has counted. If this fails, the client gets an
/// error and repeats the request, which does both steps again.
pub(crate) async fn resume(api: &Api, webhook: &Webhook) -> Result<(), ManageError> {
    close_breaker(api, webhook).await?;
    release(api, webhook.tenant, webhook.id).await
}

/// Closes the breaker. If it was open, the operational event of its closing is written with it.
pub(super) async fn close_breaker(api: &Api, webhook: &Webhook) -> Result<(), ManageError> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    for _ in 0..TRIES {
        let is_forgotten = match api.breakers.get(tenant, id).await? {
            Breaker::Closed { .. } => api.breakers.forget_closed(tenant, id).await?,
            Breaker::Open(open) => {
                let event = closed(webhook, &open, ClosedReason::Requested, api.now());
                api.breakers.forget_open(tenant, id, &open, api.events.event_write(&event)?).await?
            }
        };
        if is_forgotten {
            return Ok(());
        }
    }
    Err(ManageError::Conflict)
}
