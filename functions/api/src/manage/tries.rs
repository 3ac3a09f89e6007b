//! Tries of a write while other requests change the webhooks of the same tenant.

use shared::id::TenantId;
use shared::store::StoreError;

use super::error::ManageError;
use crate::room::Api;

/// How often a write is tried while other requests keep changing the tenant's webhooks. Reason: clients register a
/// webhook for each of Mailgun's eight names at once. Each of these requests may have to wait for all others, and for
/// as many changes by other clients.
pub(crate) const TRIES: u8 = 16;
/// Number of lost tries after which a rule over all webhooks takes the turn. Reason: a few lost tries are ordinary, and
/// a turn delays other requests.
const TRIES_WITHOUT_TURN: u8 = 3;

/// Repeats `write` while other changes of the tenant's webhooks come first.
pub(super) async fn retry_on_conflict<T, F>(api: &Api, write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for number in 1..TRIES {
        match write().await {
            Err(StoreError::Conflict) => api.pauses.after_try(number - 1).await,
            other => return other,
        }
    }
    write().await
}

/// Waits after a try of a rule over all webhooks of a tenant that came too late. The first try has the number 0. After
/// some such tries the rule takes the turn, so that no number of other requests keeps it from being written.
pub(super) async fn after_lost_try(api: &Api, tenant: TenantId, number: u8) -> Result<(), ManageError> {
    api.pauses.after_try(number).await;
    if number >= TRIES_WITHOUT_TURN {
        match api.webhook_writer.take_turn(tenant, api.now()).await {
            // Others have the tenant's row, or have had a turn. The rule tries without.
            Ok(_) | Err(StoreError::Busy) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
