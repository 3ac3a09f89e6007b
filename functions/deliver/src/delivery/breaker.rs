//! What attempts mean for a webhook's breaker: failures are counted, a success takes them away, and enough of them open
//! it. The delivery's own row is written before; what fails here is logged, and the next attempt makes it good.

use std::error::Error;

use jiff::Timestamp;
use shared::breaker::{Open, ProbeId};
use shared::clock::random;
use shared::id::TenantId;
use shared::queue::Outgoing;
use shared::queue::job::{Job, Probe};
use shared::store::StoreError;

use crate::Deliver;
use crate::operational as tell;
use crate::webhook_cache::Known;

/// A receiver has accepted a delivery: failures before it no longer count.
pub(crate) async fn note_success(tenant: TenantId, known: &Known, room: &Deliver) {
    if known.breaker.is_counting() {
        let webhook = known.webhook.id;
        room.webhooks.forget(tenant, webhook);
        log(room.registry.forget_failures(tenant, webhook).await, known);
    }
}

/// A receiver has refused a delivery, or could not be reached.
pub(crate) async fn note_failure(tenant: TenantId, known: &Known, room: &Deliver) {
    log(count(tenant, known, room).await, known);
}

async fn count(tenant: TenantId, known: &Known, room: &Deliver) -> Result<(), StoreError> {
    let webhook = known.webhook.id;
    let now = room.clock.now();
    if !known.breaker.counts(known.webhook.breaker, now) {
        return Ok(());
    }
    let counted = room.registry.count_failure(tenant, webhook, now).await;
    match &counted {
        Ok(breaker) => room.webhooks.correct(tenant, webhook, breaker),
        // It may have taken effect all the same.
        Err(_) => room.webhooks.forget(tenant, webhook),
    }
    let breaker = counted?;
    let since = breaker.failing_since(now);
    if breaker.trips(known.webhook.breaker, now) { open(tenant, known, since, room).await } else { Ok(()) }
}

/// Opens the breaker. Its probe is sent first: after a crash in between it finds the breaker closed, or another's, and
/// is void; the other way round, an open breaker could be without a probe, and nothing would ever close it.
async fn open(tenant: TenantId, known: &Known, since: Timestamp, room: &Deliver) -> Result<(), StoreError> {
    let webhook = known.webhook.id;
    let now = room.clock.now();
    let open = Open::begin(ProbeId::generate(random()), since, now);
    let probe = Job::Probe(Probe { tenant, webhook, probe: open.probe.clone() });
    let seconds = open.next_probe_at.duration_since(now).as_secs();
    let delay_seconds = u16::try_from(seconds).unwrap_or(shared::queue::MAX_DELAY_SECONDS);
    let probe = Outgoing { delay_seconds, ..Outgoing::now(&probe) };
    for result in room.deliveries_queue.send(&[probe]).await {
        if let Err(failure) = result {
            // Closed it stays, and the next failure tries again.
            tracing::error!(error.code = failure.code, "{failure}");
            return Ok(());
        }
    }
    let opened = tell::open_breaker(&known.webhook, &open, now, room).await;
    // Whoever has opened it, what is in memory takes it for closed.
    room.webhooks.forget(tenant, webhook);
    opened
}

fn log(result: Result<(), StoreError>, known: &Known) {
    if let Err(error) = result {
        let webhook = known.webhook.id;
        let error: &dyn Error = &error;
        tracing::error!(webhook.id = %webhook, error, "the breaker of {webhook} could not be written");
    }
}
