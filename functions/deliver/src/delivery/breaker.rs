//! What attempts mean for a webhook's breaker: failures are counted, a success resets the count, and enough failures
//! open the breaker. The delivery's own row is written before; an error here is logged only, and the next attempt
//! counts again.

use std::error::Error;

use jiff::Timestamp;
use shared::breaker::{Open, ProbeId};
use shared::clock::random;
use shared::queue::job::{Job, Probe};
use shared::queue::{MAX_DELAY_SECONDS, Outgoing};
use shared::store::StoreError;
use shared::unknown_fields::UnknownFields;

use crate::health::Health;
use crate::webhook_cache::WebhookState;

/// A receiver has accepted a delivery: the failures before it no longer count.
pub(crate) async fn note_success(state: &WebhookState, health: &Health) {
    if state.breaker.is_counting() {
        let (tenant, webhook) = (state.webhook.tenant, state.webhook.id);
        health.webhooks.forget(tenant, webhook);
        log(health.receivers.forget_failures(tenant, webhook).await);
    }
}

/// A receiver has refused a delivery, or could not be reached.
pub(crate) async fn note_failure(state: &WebhookState, health: &Health) {
    log(count(state, health).await);
}

async fn count(state: &WebhookState, health: &Health) -> Result<(), StoreError> {
    let (tenant, webhook, settings) = (state.webhook.tenant, state.webhook.id, state.webhook.breaker);
    let now = health.clock.now();
    if !state.breaker.counts(settings, now) {
        return Ok(());
    }
    let counted = health.receivers.count_failure(tenant, webhook, now).await;
    match &counted {
        Ok(breaker) => health.webhooks.correct(tenant, webhook, breaker),
        // The call failed, but may have taken effect.
        Err(_) => health.webhooks.forget(tenant, webhook),
    }
    let breaker = counted?;
    let since = breaker.failing_since(now);
    if breaker.trips(settings, now) { open(state, since, health).await } else { Ok(()) }
}

/// Opens the breaker. The probe is sent first. After a crash between the two the probe finds the breaker closed, or
/// open for another outage, and is void. In the other order an open breaker could be without a probe, and nothing would
/// ever close it.
async fn open(state: &WebhookState, since: Timestamp, health: &Health) -> Result<(), StoreError> {
    let (tenant, webhook) = (state.webhook.tenant, state.webhook.id);
    let now = health.clock.now();
    let open = Open::begin(ProbeId::generate(random()), since, now);
    let probe = Job::Probe(Probe { tenant, webhook, probe: open.probe.clone(), unknown: UnknownFields::default() });
    let seconds = open.next_probe_at.duration_since(now).as_secs();
    let delay_seconds = u16::try_from(seconds).unwrap_or(MAX_DELAY_SECONDS);
    let probe = Outgoing { delay_seconds, ..Outgoing::now(&probe) };
    if let Some(unconfirmed) = health.deliveries_queue.unconfirmed(&health.deliveries_queue.send(&[probe]).await) {
        // The breaker stays closed, and the next failure tries again.
        unconfirmed.log();
        return Ok(());
    }
    let opened = health.open_breaker(&state.webhook, &open, now).await;
    // The cached state has the breaker closed, although this function or another one has opened it.
    health.webhooks.forget(tenant, webhook);
    opened
}

fn log(result: Result<(), StoreError>) {
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn Error, "the breaker could not be written");
    }
}
