//! Recoveries that somebody asked for: each job does one page and sends the job of the next.
//!
//! A page is sent, then noted in the recovery's row, then the next page's job is sent. A crash before the note repeats the
//! page, and rounds make that harmless; one after it finds the page noted, and sends the next job only. A cancelled
//! recovery finds that nothing can be noted any more.

use jiff::Timestamp;
use shared::queue::Outgoing;
use shared::queue::job::{Job, RecoveryPage};
use shared::recovery::{Pace, PageStanding, Recovery, RecoveryStatus};
use shared::store::StoreError;

use crate::{Deliver, Next};

mod missing;
mod page;

pub(crate) use page::next_round;
use page::{Page, Then};

/// Carries out the job of a page.
pub(crate) async fn recovery(job: &RecoveryPage, first_receive: bool, room: &Deliver) -> Result<Next, StoreError> {
    let Some(recovery) = room.registry.get_recovery(job.tenant, job.recovery).await? else {
        // Its job is sent before it is stored. What is still not there when the job comes back was refused.
        return Ok(if first_receive { Next::ComeBack } else { Next::Finish });
    };
    let now = room.clock.now();
    match recovery.page_standing(job.page, first_receive, now) {
        PageStanding::Void => Ok(Next::Finish),
        PageStanding::NotDue | PageStanding::SendNext => Ok(next_page(&recovery, now)),
        PageStanding::Work => work(&recovery, room).await,
    }
}

async fn work(recovery: &Recovery, room: &Deliver) -> Result<Next, StoreError> {
    let Page { jobs, worked, then } = page::page(recovery, room).await?;
    if !send(&jobs, recovery.pace(), room).await {
        return Ok(Next::ComeBack);
    }
    let now = room.clock.now();
    let noted = recovery.after_page(worked, now);
    match then {
        Then::GoOn if room.registry.note_recovery_page(&noted).await? => Ok(next_page(&noted, now)),
        Then::End(status) if room.registry.end_recovery(&Recovery { status, ..noted.clone() }).await? => {
            log_end(&noted, status);
            Ok(Next::Finish)
        }
        Then::GoOn | Then::End(_) => noted_already(recovery, room).await,
    }
}

/// Sends the jobs of a page, each second's share with its delay; answers whether all of them were taken.
async fn send(jobs: &[Job], pace: Pace, room: &Deliver) -> bool {
    let mut all_taken = true;
    for result in room.deliveries_queue.send(&paced(jobs, pace)).await {
        if let Err(failure) = result {
            tracing::error!(error.code = failure.code, "{failure}");
            all_taken = false;
        }
    }
    all_taken
}

/// Jobs as messages, each second's share with its delay.
pub(crate) fn paced(jobs: &[Job], pace: Pace) -> Vec<Outgoing> {
    jobs.iter().enumerate().map(|(index, job)| Outgoing::later(job, pace.delay_of(index))).collect()
}

/// The page was noted before, or the recovery was cancelled. The note may be our own, of which the answer was lost; then
/// nobody else sends the next job, and otherwise one more is void. An unchanged row was not free to be changed.
async fn noted_already(before: &Recovery, room: &Deliver) -> Result<Next, StoreError> {
    let stored = room.registry.get_recovery(before.tenant, before.id).await?;
    Ok(match stored.filter(|stored| stored.status == RecoveryStatus::Running) {
        Some(stored) if stored.page == before.page => Next::ComeBack,
        Some(stored) if stored.page == before.page.saturating_add(1) => next_page(&stored, room.clock.now()),
        Some(_) | None => Next::Finish,
    })
}

/// The job of the next page, at the time when it is due.
fn next_page(recovery: &Recovery, now: Timestamp) -> Next {
    let job = Job::Recovery(RecoveryPage { tenant: recovery.tenant, recovery: recovery.id, page: recovery.page });
    let millis = recovery.due_at.duration_since(now).as_millis().max(0);
    let seconds = u16::try_from((millis + 999) / 1000).unwrap_or(u16::MAX);
    Next::Forward(vec![Outgoing::later(&job, seconds)])
}

fn log_end(recovery: &Recovery, status: RecoveryStatus) {
    tracing::info!(
        tenant.id = %recovery.tenant,
        recovery.id = %recovery.id,
        recovery.looked_at = recovery.progress.looked_at,
        recovery.recovered = recovery.progress.recovered,
        "{} is {}",
        recovery.id,
        status.as_str()
    );
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use shared::id::{RecoveryId, TenantId};
    use shared::recovery::{Position, Progress, Recoverable};

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
            let Next::Forward(sent) = next_page(&recovery(due_ms), now) else { panic!("one job") };
            assert_eq!(sent[0].delay_seconds, expected, "{due_ms} ms");
        }
    }
}
