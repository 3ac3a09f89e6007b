//! Whether a delivery is attempted now, given the state of its webhook. Pure.

use jiff::Timestamp;

use crate::queues::SourceQueue;
use crate::webhook_cache::WebhookState;

/// What happens to a delivery whose attempt is due.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is attempted, to this webhook.
    Attempt(Box<WebhookState>),
    /// Its job goes to the slow queue, unattempted: the receiver is not known to be quick, or the webhook or its tenant
    /// uses more than its share of the places. The invocations of the other queues are for the rest.
    BySlowQueue,
    /// It is held: this webhook is disabled, paused or pending, its tenant is suspended, or the breaker is open.
    Hold(Box<WebhookState>),
    /// It is discarded: its webhook was deleted.
    Discard,
}

/// What happens to a delivery whose job came from `source`. `state` is `None` if the webhook does not exist. A job of
/// the slow queue has had its wait: it is attempted, so no job goes in a circle.
pub(crate) fn admit(
    state: Option<WebhookState>,
    source: SourceQueue,
    is_over_share: bool,
    now: Timestamp,
) -> Admission {
    match state {
        None => Admission::Discard,
        Some(state) if !state.takes_attempts() => Admission::Hold(Box::new(state)),
        Some(state) if source == SourceQueue::Slow => Admission::Attempt(Box::new(state)),
        Some(state) if is_over_share || state.slowness.needs_slow_queue(now) => Admission::BySlowQueue,
        Some(state) => Admission::Attempt(Box::new(state)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::breaker::{Breaker, Open, ProbeId};
    use shared::dialect::Dialect;
    use shared::id::{TenantId, WebhookId};
    use shared::secret::SigningSecret;
    use shared::slowness::{QUICK_ATTEMPTS_NEEDED, Slowness};
    use shared::webhook::{DisabledReason, Subscription, WantedTypes, Webhook, WebhookStatus, WebhookUrl};

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn enabled() -> WebhookState {
        let subscription =
            Subscription { types: WantedTypes::All, sources: BTreeSet::default(), domains: BTreeSet::default() };
        let url = WebhookUrl::from_stored("https://receiver.example/").unwrap().into();
        let (id, tenant) = (WebhookId::mint(NOW, [1; 10]), TenantId::mint(NOW, [2; 10]));
        let secret = SigningSecret::generate([3; 32]);
        WebhookState {
            webhook: Webhook::new(id, tenant, url, subscription, Dialect::Standard, secret, NOW),
            is_suspended: false,
            breaker: Breaker::Closed { failures: 0, since: None, closed_by: None },
            slowness: Slowness { quick_attempts: QUICK_ATTEMPTS_NEEDED, ..Slowness::default() },
        }
    }

    fn slow() -> WebhookState {
        let until = NOW.saturating_add(jiff::SignedDuration::from_secs(1)).unwrap();
        WebhookState { slowness: Slowness { until: Some(until), ..Slowness::default() }, ..enabled() }
    }

    fn word(state: Option<WebhookState>, source: SourceQueue, is_over_share: bool) -> &'static str {
        match admit(state, source, is_over_share, NOW) {
            Admission::Attempt(_) => "attempt",
            Admission::BySlowQueue => "by slow queue",
            Admission::Hold(_) => "hold",
            Admission::Discard => "discard",
        }
    }

    #[test]
    fn a_webhook_that_takes_no_attempts_holds_from_every_queue_even_if_it_is_slow() {
        let changed = |change: fn(&mut Webhook)| {
            let mut state = slow();
            change(&mut state.webhook);
            state
        };
        let open = Open::begin(ProbeId::generate([4; 10]), NOW, NOW);
        for source in [SourceQueue::Deliveries, SourceQueue::Retries, SourceQueue::Slow] {
            let word = |state| word(state, source, true);
            let disabled = WebhookStatus::Disabled { reason: DisabledReason::Failing };
            let disabled = WebhookState { webhook: Webhook { status: disabled, ..enabled().webhook }, ..slow() };
            assert_eq!(word(Some(disabled)), "hold");
            assert_eq!(word(Some(changed(|webhook| webhook.paused = true))), "hold");
            assert_eq!(word(Some(WebhookState { is_suspended: true, ..slow() })), "hold");
            assert_eq!(word(Some(WebhookState { breaker: Breaker::Open(open.clone()), ..slow() })), "hold");
            assert_eq!(word(None), "discard");
        }
    }

    #[test]
    fn what_is_slow_or_over_its_share_is_attempted_from_the_slow_queue_only() {
        for source in [SourceQueue::Deliveries, SourceQueue::Retries] {
            assert_eq!(word(Some(enabled()), source, false), "attempt");
            assert_eq!(word(Some(enabled()), source, true), "by slow queue");
            assert_eq!(word(Some(slow()), source, false), "by slow queue");
        }
        assert_eq!(word(Some(enabled()), SourceQueue::Slow, true), "attempt");
        assert_eq!(word(Some(slow()), SourceQueue::Slow, true), "attempt");
    }
}
