//! Whether something can be recovered for a webhook at present. Pure.

use shared::breaker::Breaker;
use shared::recovery::{FailureReason, Recoverable};
use shared::webhook::WebhookStatus;

use crate::webhook_cache::WebhookState;

/// Whether something can be recovered for a webhook at present.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Eligibility {
    /// It can be recovered now.
    Eligible,
    /// The webhook's breaker is open, which ends by itself, or an operator has suspended the tenant, who knows of it.
    Wait,
    /// Somebody has to do something first.
    Ineligible(FailureReason),
}

/// Whether deliveries in `state` can be recovered for a webhook; `webhook` is `None` if it was deleted.
///
/// While a webhook takes no attempts, held deliveries would be held again at once, and dead deliveries would only
/// become held. Missing deliveries become held then too, and that is the right state for them.
pub(super) fn eligibility(webhook: Option<&WebhookState>, state: Recoverable) -> Eligibility {
    let Some(WebhookState { webhook, breaker, is_suspended, .. }) = webhook else {
        return Eligibility::Ineligible(FailureReason::WebhookDeleted);
    };
    match (state, webhook.status, breaker) {
        (Recoverable::Missing, _, _) => Eligibility::Eligible,
        _ if *is_suspended => Eligibility::Wait,
        (_, WebhookStatus::Disabled { .. }, _) => Eligibility::Ineligible(FailureReason::WebhookDisabled),
        (_, WebhookStatus::Enabled, _) if webhook.paused => Eligibility::Ineligible(FailureReason::WebhookPaused),
        (_, WebhookStatus::Enabled, _) if webhook.is_pending() => {
            Eligibility::Ineligible(FailureReason::WebhookPending)
        }
        (_, WebhookStatus::Enabled, Breaker::Open(_)) => Eligibility::Wait,
        (_, WebhookStatus::Enabled, Breaker::Closed { .. }) => Eligibility::Eligible,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_recovered_for_a_deleted_webhook() {
        for state in Recoverable::ALL {
            assert_eq!(eligibility(None, *state), Eligibility::Ineligible(FailureReason::WebhookDeleted));
        }
    }
}
