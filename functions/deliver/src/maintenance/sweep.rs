//! The sweep: once an hour it looks for what nothing else would wake or end.
//!
//! Every function that writes a delivery as held reads the webhook afresh after the write, and everything that makes a
//! webhook take attempts again releases what the webhook holds. A crash between the two, or an index that follows its
//! table late, can leave a held delivery that nothing would wake. The sweep wakes it. The sweep also looks for
//! waiting deliveries whose message was lost, for deliveries that were held for as long as the retention, for
//! recoveries that somebody asked for and that stand still, and for new URLs whose challenge is overdue.

use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use shared::breaker::{Breaker, Open};
use shared::clock::Clock;
use shared::delivery::StateKind;
use shared::id::TenantId;
use shared::queue::Outgoing;
use shared::queue::job::{Job, OverdueJob, Probe, RecoveryPage, ReleaseHeld, Sweep, VerifyJob};
use shared::store::{Readable, StoreError};
use shared::unknown_fields::UnknownFields;
use shared::webhook::Webhook;
use tracing::Instrument as _;

use super::overdue::has_overdue;
use crate::delivery::record::Recorder;
use crate::disposition::{Disposition, Stop};
use crate::isolate::log;
use crate::span;
use crate::stores::Stores;

/// Maximum tenants that one sweep job looks at. Reason: each costs a query at least, and the next job goes on.
const MAX_TENANTS: u8 = 10;
/// Maximum webhooks that one sweep job looks at. Reason: a look is 17 queries. 1,700 queries have to fit into an
/// invocation of 30 s at 128 MB (a fourteenth of a processor). If they did not, the sweep would end at this tenant.
const MAX_LOOKS: usize = 100;
/// Maximum webhooks that are looked at at the same time. Reason: a look waits most of its time for DynamoDB.
const MAX_CONCURRENT_LOOKS: usize = 32;
/// Time without a page after which a release stands still (15 min). Reason: a page follows the one before within
/// seconds, or within the visibility timeout of its message.
const STANDSTILL: SignedDuration = SignedDuration::from_mins(15);
/// Time by which a probe is overdue when it counts as lost (1 h). Reason: this is many times its message's visibility
/// timeout.
const PROBE_OVERDUE: SignedDuration = SignedDuration::from_hours(1);
/// Time by which a challenge is overdue when its job counts as lost (1 h). Reason: as for a probe.
const CHALLENGE_OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// Looks at a page of tenants, and at [`MAX_LOOKS`] of their webhooks at most. Sends a release job for each webhook
/// that has no reason to hold anything, and does; an overdue job for each webhook of which something is overdue; and a
/// sweep job for the rest.
pub(crate) async fn sweep(job: &Sweep, stores: &Stores, recorder: &Recorder) -> Result<Disposition, Stop> {
    let tenants = stores.tenants.page(job.after.as_deref(), MAX_TENANTS).await?;
    let (mut jobs, mut after, mut looks_left) = (Vec::new(), job.after.clone(), MAX_LOOKS);
    for tenant in tenants.items {
        let Readable::Read(tenant) = tenant else { continue };
        let span = span::of_tenant(tenant.id);
        let webhooks = or_none(stores.webhooks.all(tenant.id).instrument(span.clone()).await);
        // The jobs of an unreadable webhook are parked. They need no sweep to come back.
        let mut webhooks: Vec<_> = webhooks.into_iter().filter_map(Readable::read).collect();
        let looked_at = job.looked_at.filter(|(of, _)| *of == tenant.id);
        webhooks.retain(|webhook| looked_at.is_none_or(|(_, last)| webhook.id > last));
        let is_whole = webhooks.len() <= looks_left;
        webhooks.truncate(looks_left);
        looks_left -= webhooks.len();
        let looked_at = webhooks.last().map(|last| (tenant.id, last.id)).or(looked_at);
        jobs.extend(look_at(webhooks, tenant.suspended, stores, recorder).instrument(span.clone()).await);
        if !is_whole {
            jobs.push(Job::Sweep(Sweep { after, looked_at, unknown: job.unknown.clone() }));
            return Ok(replaced_by(&jobs));
        }
        jobs.extend(or_none(lost_pages(tenant.id, stores, recorder.clock.now()).instrument(span).await));
        after = Some(tenant.id.to_string());
    }
    let unknown = job.unknown.clone();
    jobs.extend(tenants.next.map(|after| Job::Sweep(Sweep { after: Some(after), looked_at: None, unknown })));
    Ok(replaced_by(&jobs))
}

fn replaced_by(jobs: &[Job]) -> Disposition {
    Disposition::Replace(jobs.iter().map(Outgoing::now).collect())
}

/// The jobs that these webhooks of a tenant need.
async fn look_at(webhooks: Vec<Webhook>, is_suspended: bool, stores: &Stores, recorder: &Recorder) -> Vec<Job> {
    let looks = stream::iter(webhooks).map(|webhook| {
        let span = span::of_webhook(webhook.tenant, webhook.id);
        async move { or_none(look(webhook, is_suspended, stores, recorder).await) }.instrument(span)
    });
    looks.buffer_unordered(MAX_CONCURRENT_LOOKS).concat().await
}

/// What was read; what cannot be read is left out, and the next sweep looks again. Reason: if a row that nobody can
/// read stopped the sweep, nothing would wake the deliveries of the tenants behind this one.
fn or_none<T: Default>(read: Result<T, StoreError>) -> T {
    read.unwrap_or_else(|error| {
        log(&error, "the sweep cannot look at this; the next sweep looks again");
        T::default()
    })
}

/// The jobs that a webhook needs because nothing else would wake or end its deliveries. The webhooks of a suspended
/// tenant have a reason to hold theirs, but none for longer than the retention.
async fn look(
    webhook: Webhook,
    is_suspended: bool,
    stores: &Stores,
    recorder: &Recorder,
) -> Result<Vec<Job>, StoreError> {
    let (tenant, id, now) = (webhook.tenant, webhook.id, recorder.clock.now());
    let held = stores.deliveries.list_stuck_without_attempts(tenant, id, StateKind::Held, None, None, 1).await?;
    let oldest = held.items.first();
    let mut jobs = Vec::new();
    // A held row is written when the hold begins, and by each probe that tries the delivery.
    let is_held_too_long = oldest.is_some_and(|held| match held {
        Readable::Read(held) => recorder.retention.ends_hold(held.updated_at, now),
        // Those behind it may have been held for too long, and the job looks at them.
        Readable::Unreadable(_) => true,
    });
    if is_held_too_long || has_overdue(&webhook, stores, now).await? {
        jobs.push(Job::Overdue(OverdueJob { tenant, webhook: id, after: None, unknown: UnknownFields::default() }));
    }
    jobs.extend(lost_challenge(&webhook, now).filter(|_| !is_suspended));
    if oldest.is_some() && !webhook.holds_deliveries() && !is_suspended {
        jobs.extend(release_or_probe(webhook, stores, &recorder.clock).await?);
    }
    Ok(jobs)
}

/// The job that a webhook needs because it holds deliveries although it is neither disabled, paused nor pending,
/// and its tenant is not suspended.
async fn release_or_probe(webhook: Webhook, stores: &Stores, clock: &Clock) -> Result<Option<Job>, StoreError> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    if let Breaker::Open(open) = stores.receivers.get_breaker(tenant, id).await? {
        return Ok(lost_probe(&webhook, open, clock.now()));
    }
    if let Some(at) = stores.releases.last_progress(tenant, id).await?
        && clock.now().duration_since(at) < STANDSTILL
    {
        // A long release, which makes progress.
        return Ok(None);
    }
    tracing::warn!("the webhook holds deliveries without a reason; they are released");
    Ok(Some(Job::ReleaseHeld(ReleaseHeld { tenant, webhook: id, after: None, unknown: UnknownFields::default() })))
}

/// New jobs for the next pages of recoveries whose jobs were lost in the same way. If a lost job turns up again, its
/// page is still done once.
async fn lost_pages(tenant: TenantId, stores: &Stores, now: Timestamp) -> Result<Vec<Job>, StoreError> {
    let running = stores.recoveries.of_tenant(tenant).await?;
    let lost = running.into_iter().filter(|recovery| recovery.is_lost(now)).map(|recovery| {
        let (id, page) = (recovery.id, recovery.page);
        span::of_recovery(tenant, id).in_scope(|| {
            tracing::warn!("page {page} of the recovery is overdue; its job is sent again");
        });
        Job::Recovery(RecoveryPage { tenant, recovery: id, page, unknown: UnknownFields::default() })
    });
    Ok(lost.collect())
}

/// A new job for the challenges of a new URL, if the job was lost: for example not sent, because `api` was interrupted
/// after it had written the webhook. Each challenge is claimed once, even if the lost job turns up again.
fn lost_challenge(webhook: &Webhook, now: Timestamp) -> Option<Job> {
    let asked = webhook.verification.as_ref()?;
    let is_lost = now.duration_since(asked.next_challenge_at()?) > CHALLENGE_OVERDUE;
    is_lost.then(|| {
        tracing::warn!("the challenge of the webhook's new URL is overdue; its job is sent again");
        let verification = asked.id.clone();
        Job::Verify(VerifyJob {
            tenant: webhook.tenant,
            webhook: webhook.id,
            verification,
            unknown: UnknownFields::default(),
        })
    })
}

/// A new job for the probe of an open breaker, if the probe's message was lost: for example moved to the dead-letter
/// queue after many crashes. If the lost message turns up again, both are the same probe, and each change of the
/// breaker is made once.
fn lost_probe(webhook: &Webhook, open: Open, now: Timestamp) -> Option<Job> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    let is_lost = now.duration_since(open.next_probe_at) > PROBE_OVERDUE;
    is_lost.then(|| {
        tracing::warn!("the probe is overdue; it is sent again");
        Job::Probe(Probe { tenant, webhook: id, probe: open.probe, unknown: UnknownFields::default() })
    })
}
