//! Recoveries that somebody asked for: each job does one page and sends the job of the next page.
//!
//! A page is sent, then noted in the recovery's row, then the job of the next page is sent. A crash before the note
//! repeats the page, and rounds make that harmless. After a crash behind the note the job finds the page noted, and
//! sends the next job only. If the recovery was cancelled, nothing can be noted any more.
//!
//! The modules are listed bottom up: each uses only modules that are listed above it.

use jiff::Timestamp;
use shared::clock::Clock;
use shared::queue::job::{Job, RecoveryPage};
use shared::queue::{Outgoing, Queue, Unconfirmed};
use shared::recovery::{Pace, PageStanding, Recovery, RecoveryStatus};
use shared::store::StoreError;
use shared::store::registry::RunningRecoveries;

mod chunk;
mod missing;
mod eligibility;
mod page;

use super::pacing::paced;
use crate::disposition::{Disposition, Stop};
use crate::stores::Stores;
use crate::webhook_cache::WebhookCache;
use page::{Continuation, PagePlan};

/// Carries out the job of a page.
pub(crate) async fn recovery(
    job: &RecoveryPage,
    first_receive: bool,
    stores: &Stores,
    webhooks: &WebhookCache,
    deliveries_queue: &Queue,
    clock: &Clock,
) -> Result<Disposition, Stop> {
    let Some(recovery) = stores.recoveries.get(job.tenant, job.recovery).await? else {
        // The job is sent before the recovery is stored. If the recovery is still not there when the job comes back, it
        // was refused.
        return Ok(if first_receive { Disposition::Redeliver } else { Disposition::Delete });
    };
    let now = clock.now();
    match recovery.page_standing(job.page, first_receive, now) {
        PageStanding::Void => Ok(Disposition::Delete),
        PageStanding::NotDue | PageStanding::SendNext => Ok(next_page(job, &recovery, now)),
        PageStanding::Work => {
            let page = page::page(&recovery, stores, webhooks, clock).await?;
            if !send(&page.jobs, recovery.pace(), deliveries_queue).await {
                return Ok(Disposition::Redeliver);
            }
            Ok(note(job, page, &recovery, &stores.recoveries, clock).await?)
        }
    }
}

/// Notes a page that was sent in the recovery's row.
async fn note(
    job: &RecoveryPage,
    page: PagePlan,
    recovery: &Recovery,
    recoveries: &RunningRecoveries,
    clock: &Clock,
) -> Result<Disposition, StoreError> {
    let PagePlan { jobs: _, result, continuation } = page;
    let now = clock.now();
    let noted = recovery.after_page(result, now);
    match continuation {
        Continuation::Next if recoveries.note_page(&noted).await? => Ok(next_page(job, &noted, now)),
        Continuation::End(status) if recoveries.end(&Recovery { status, ..noted.clone() }).await? => {
            log_end(&noted, status);
            Ok(Disposition::Delete)
        }
        Continuation::Next | Continuation::End(_) => noted_already(job, recovery, recoveries, clock).await,
    }
}

/// Sends the jobs of a page, each second's share with its delay. Returns whether SQS took all of them.
async fn send(jobs: &[Job], pace: Pace, deliveries_queue: &Queue) -> bool {
    let results = deliveries_queue.send(&paced(jobs, pace)).await;
    let unconfirmed = deliveries_queue.unconfirmed(&results);
    unconfirmed.inspect(Unconfirmed::log).is_none()
}

/// The page was noted before, or the recovery was cancelled. If the note is our own, and its answer was lost, nobody
/// else sends the next job; if it is not our own, one more next job is void. If the row is unchanged, a transaction of
/// somebody else kept it from being changed, and the job comes back.
async fn noted_already(
    job: &RecoveryPage,
    before: &Recovery,
    recoveries: &RunningRecoveries,
    clock: &Clock,
) -> Result<Disposition, StoreError> {
    let stored = recoveries.get(before.tenant, before.id).await?;
    Ok(match stored.filter(|stored| stored.status == RecoveryStatus::Running) {
        Some(stored) if stored.page == before.page => Disposition::Redeliver,
        Some(stored) if stored.page == before.page.saturating_add(1) => next_page(job, &stored, clock.now()),
        Some(_) | None => Disposition::Delete,
    })
}

/// The job of the next page, to be received when the page is due. It keeps what a newer release wrote into `job`.
fn next_page(job: &RecoveryPage, recovery: &Recovery, now: Timestamp) -> Disposition {
    let job = Job::Recovery(RecoveryPage { page: recovery.page, ..job.clone() });
    let millis = recovery.due_at.duration_since(now).as_millis().max(0);
    let seconds = u16::try_from((millis + 999) / 1000).unwrap_or(u16::MAX);
    Disposition::Replace(vec![Outgoing::later(&job, seconds)])
}

fn log_end(recovery: &Recovery, status: RecoveryStatus) {
    tracing::info!(
        recovery.looked_at = recovery.progress.looked_at,
        recovery.recovered = recovery.progress.recovered,
        "the recovery is {}",
        status.as_str()
    );
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use shared::id::{RecoveryId, TenantId};
    use shared::recovery::{Position, Progress, Recoverable};
    use shared::unknown_fields::UnknownFields;

    use super::*;

    #[test]
    fn the_next_job_comes_when_its_page_is_due_and_not_before() {
        let now = Timestamp::UNIX_EPOCH;
        let recovery = |due_ms: i64| Recovery {
            id: RecoveryId::mint(now, [1; 10]),
            tenant: TenantId::mint(now, [2; 10]),
            webhook: None,
            states: vec![Recoverable::Held],
            since: now,
            until: now,
            rate: 1,
            status: RecoveryStatus::Running,
            page: 1,
            position: Position { webhook: None, state: Recoverable::Held, after: None },
            progress: Progress::default(),
            created_at: now,
            updated_at: now,
            due_at: now + SignedDuration::from_millis(due_ms),
        };
        for (due_ms, expected) in [(-5_000, 0), (0, 0), (1, 1), (10_000, 10), (60_001, 61)] {
            let recovery = recovery(due_ms);
            let (tenant, recovery_id, unknown) = (recovery.tenant, recovery.id, UnknownFields::default());
            let job = RecoveryPage { tenant, recovery: recovery_id, page: 0, unknown };
            let Disposition::Replace(sent) = next_page(&job, &recovery, now) else { panic!("one job") };
            assert_eq!(sent[0].delay_seconds, expected, "{due_ms} ms");
        }
    }
}
