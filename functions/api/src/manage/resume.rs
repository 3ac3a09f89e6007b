//! Resuming a webhook's deliveries at a client's request: its breaker is closed, and what it holds goes out.

use shared::breaker::{Breaker, ClosedReason, Open};
use shared::operational::closed;
use shared::store::registry::Companion;
use shared::store::{EventWrite, StoreError};
use shared::webhook::Webhook;

use super::error::ManageError;
use super::release::{release, release_later};
use crate::room::Api;

/// How often closing the breaker is tried while `deliver` keeps opening and closing it.
const TRIES: u8 = 3;

/// Resumes deliveries now, regardless of the failures that the breaker has counted. If this fails, the client gets an
/// error and repeats the request, which does both steps again.
pub(crate) async fn resume(api: &Api, webhook: &Webhook) -> Result<(), ManageError> {
    close_breaker(api, webhook).await?;
    release(api, webhook.tenant, webhook.id).await
}

/// Closes the breaker. If it was open, the operational event of its closing is written with it, and the job that
/// releases the deliveries is sent before.
pub(super) async fn close_breaker(api: &Api, webhook: &Webhook) -> Result<(), ManageError> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    for _ in 0..TRIES {
        let is_forgotten = match api.breakers.get(tenant, id).await? {
            Breaker::Closed { .. } => api.breakers.forget_closed(tenant, id).await?,
            Breaker::Open(open) => {
                release_later(api, webhook).await?;
                api.breakers.forget_open(tenant, id, &open, closing(api, webhook, &open)?).await?
            }
        };
        if is_forgotten {
            return Ok(());
        }
    }
    Err(ManageError::Conflict)
}

/// What resets the breaker in the transaction of its webhook's change: the reset, and the operational event if the
/// breaker is open.
pub(super) async fn breaker_reset(api: &Api, webhook: &Webhook) -> Result<Vec<Companion>, StoreError> {
    let breaker = api.breakers.get(webhook.tenant, webhook.id).await?;
    let mut companions = vec![Companion::Reset(api.breakers.reset_write(webhook.tenant, webhook.id, &breaker)?)];
    if let Breaker::Open(open) = &breaker {
        companions.push(Companion::Event(closing(api, webhook, open)?));
    }
    Ok(companions)
}

/// The operational event for the closing of the breaker at a client's request.
fn closing(api: &Api, webhook: &Webhook, open: &Open) -> Result<EventWrite, StoreError> {
    api.events.event_write(&closed(webhook, open, ClosedReason::Requested, api.now()))
}
