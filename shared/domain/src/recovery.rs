//! Recoveries: somebody asks for new attempts of the held, dead or missing deliveries of one webhook, or of all
//! webhooks of a tenant, since a given time. A recovery is a row and a chain of jobs; each job does one page of the
//! recovery.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use crate::id::{RecoveryId, TenantId, WebhookId};
use crate::words::string_enum;

mod status;
mod pace;
mod missing;

pub use self::missing::{is_late, may_be_missing};
pub use self::pace::Pace;
pub use self::status::{FailureReason, RecoveryStatus};

/// Maximum number of recoveries of one tenant that run at the same time. Reason: each recovery has its own rate, so
/// this also limits the sum of the rates.
pub const MAX_RUNNING: u32 = 5;
/// Bounds of a recovery's rate, in deliveries per second.
pub const RATE_PER_SECOND: RangeInclusive<u32> = 1..=1_000;
/// The rate when none is given. Deliveries that are released after an outage, or after a webhook is enabled, go out at
/// this rate too.
pub const DEFAULT_RATE_PER_SECOND: u32 = 100;
/// Maximum time span of one recovery: a year and a day.
pub const MAX_SPAN: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How long a recovery is kept after its end (30 d).
pub const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a page may be overdue before its job counts as lost. Reason: this is many times the visibility timeout of
/// the job's message.
const PAGE_OVERDUE: SignedDuration = SignedDuration::from_hours(1);
/// How long a recovery waits before it looks again at a webhook whose breaker is open: twice the shortest delay between
/// probes.
const OPEN_BREAKER_WAIT: SignedDuration = SignedDuration::from_secs(60);
/// How early a page's job may be. Reason: our clock and that of SQS differ, and delays are whole seconds.
const MAX_EARLY: SignedDuration = SignedDuration::from_secs(1);
/// How far the clock that dated an event may be ahead of ours. Such an event still belongs to a recovery until now.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

string_enum!(
    /// What can be recovered. A recovery does these in this order.
    Recoverable {
        /// Deliveries that became held in the recovery's time span.
        Held = "held",
        /// Deliveries that were given up in the recovery's time span.
        Dead = "dead",
        /// Events of the recovery's time span that the webhook wants and has no delivery of.
        Missing = "missing",
    }
);

/// A recovery that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The recovery's id.
    pub id: RecoveryId,
    /// The tenant whose deliveries are recovered.
    pub tenant: TenantId,
    /// The webhook whose deliveries are recovered; `None` for all webhooks that the tenant had when the recovery began.
    pub webhook: Option<WebhookId>,
    /// What is recovered: at least one state, none twice, in the order of [`Recoverable::ALL`].
    pub states: Vec<Recoverable>,
    /// The beginning of the time span in which deliveries became held or dead; for missing deliveries, of the events'
    /// times.
    pub since: Timestamp,
    /// The end of this time span, not after `created_at`.
    pub until: Timestamp,
    /// Deliveries per second, within [`RATE_PER_SECOND`].
    pub rate: u32,
    /// The recovery's status.
    pub status: RecoveryStatus,
    /// How many pages are done. The job of any other page is void.
    pub page: u32,
    /// Where the next page begins.
    pub position: Position,
    /// What the pages did so far.
    pub progress: Progress,
    /// When the recovery began.
    pub created_at: Timestamp,
    /// When the last page was done, or when the recovery ended.
    pub updated_at: Timestamp,
    /// When the next page is due.
    pub due_at: Timestamp,
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The webhook; `None` before the tenant's first one.
    pub webhook: Option<WebhookId>,
    /// What is recovered of the webhook.
    pub state: Recoverable,
    /// The row after which the page begins; `None` at the start.
    pub after: Option<String>,
}

/// What a recovery did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of held deliveries, dead deliveries and events that were looked at.
    pub looked_at: u64,
    /// Number of jobs that were sent for them.
    pub recovered: u64,
    /// How often the held or dead deliveries of a webhook were skipped, because the webhook takes no attempts.
    pub skipped_webhooks: u32,
}

/// What a page found and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageResult {
    /// What the page adds to the progress.
    pub progress: Progress,
    /// Where the next page begins.
    pub position: Position,
    /// The breaker of the page's webhook is open, so the next page must wait.
    pub waits: bool,
}

/// What the job of a page has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStanding {
    /// Nothing: the recovery is over, or the page was done before.
    Void,
    /// Wait: the page is not due yet.
    NotDue,
    /// Do the page.
    Work,
    /// Only send the next page's job: the page is recorded, but it is not known whether the next job was sent.
    SendNext,
}

impl Recovery {
    /// The rate as the pages follow it.
    pub fn pace(&self) -> Pace {
        Pace::of(self.rate)
    }

    /// What the job of page `page` has to do at `now`. A job that is received for the first time after its page was
    /// recorded is a copy; the other copy has sent the next page's job.
    pub fn page_standing(&self, page: u32, first_receive: bool, now: Timestamp) -> PageStanding {
        if self.status != RecoveryStatus::Running {
            PageStanding::Void
        } else if page == self.page {
            let is_due = self.due_at.duration_since(now) <= MAX_EARLY;
            if is_due { PageStanding::Work } else { PageStanding::NotDue }
        } else if page.saturating_add(1) == self.page && !first_receive {
            PageStanding::SendNext
        } else {
            PageStanding::Void
        }
    }

    /// The recovery after a page that was sent at `now`. The next page is due when the deliveries of this page have
    /// gone out at the recovery's rate.
    #[must_use]
    pub fn after_page(&self, worked: PageResult, now: Timestamp) -> Self {
        let PageResult { progress, position, waits } = worked;
        let pause = if waits { OPEN_BREAKER_WAIT } else { self.pace().pause_after(progress.recovered) };
        Self {
            page: self.page.saturating_add(1),
            position,
            progress: Progress {
                looked_at: self.progress.looked_at.saturating_add(progress.looked_at),
                recovered: self.progress.recovered.saturating_add(progress.recovered),
                skipped_webhooks: self.progress.skipped_webhooks.saturating_add(progress.skipped_webhooks),
            },
            updated_at: now,
            due_at: now.saturating_add(pause).unwrap_or(now),
            ..self.clone()
        }
    }

    /// What the recovery does after `state` for the same webhook.
    pub fn state_after(&self, state: Recoverable) -> Option<Recoverable> {
        let mut states = self.states.iter().skip_while(|listed| **listed != state);
        states.next();
        states.next().copied()
    }

    /// The latest time of an event whose delivery may be missing.
    pub fn events_until(&self) -> Timestamp {
        let is_now = self.until >= self.created_at;
        if is_now { self.until.saturating_add(MAX_CLOCK_SKEW).unwrap_or(self.until) } else { self.until }
    }

    /// Whether the job of the next page was lost.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.status == RecoveryStatus::Running && now.duration_since(self.due_at) > PAGE_OVERDUE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn recovery() -> Recovery {
        let state = Recoverable::Held;
        Recovery {
            id: RecoveryId::mint(at(100), [1; 10]),
            tenant: TenantId::mint(at(0), [2; 10]),
            webhook: None,
            states: vec![Recoverable::Held, Recoverable::Missing],
            since: at(0),
            until: at(100),
            rate: 100,
            status: RecoveryStatus::Running,
            page: 3,
            position: Position { webhook: None, state, after: None },
            progress: Progress::default(),
            created_at: at(100),
            updated_at: at(100),
            due_at: at(105),
        }
    }

    #[test]
    fn a_page_is_done_once_and_its_successor_is_sent_after_a_crash() {
        let running = recovery();
        for (page, first_receive, now, expected) in [
            (3, true, 105, PageStanding::Work),
            (3, false, 200, PageStanding::Work),
            (3, true, 104, PageStanding::Work), // within the tolerance
            (3, true, 103, PageStanding::NotDue),
            (2, false, 105, PageStanding::SendNext),
            (2, true, 105, PageStanding::Void),
            (1, false, 105, PageStanding::Void),
            (4, true, 105, PageStanding::Void),
        ] {
            assert_eq!(running.page_standing(page, first_receive, at(now)), expected, "{page} at {now}");
        }
        let over = Recovery { status: RecoveryStatus::Cancelled { at: at(104) }, ..running };
        assert_eq!(over.page_standing(3, false, at(105)), PageStanding::Void);
        assert_eq!(over.page_standing(2, false, at(105)), PageStanding::Void);
    }

    #[test]
    fn a_page_adds_up_and_the_next_waits_until_its_deliveries_had_their_time() {
        let position = Position { webhook: None, state: Recoverable::Missing, after: Some("x".to_owned()) };
        let progress = Progress { looked_at: 500, recovered: 301, skipped_webhooks: 1 };
        let next = recovery().after_page(PageResult { progress, position: position.clone(), waits: false }, at(110));
        assert_eq!((next.page, next.progress, &next.position), (4, progress, &position));
        assert_eq!((next.updated_at, next.due_at), (at(110), at(114)));
        let again = next.after_page(PageResult { progress, position, waits: true }, at(114));
        assert_eq!((again.progress.recovered, again.due_at), (602, at(174)));
    }

    #[test]
    fn states_come_one_after_the_other() {
        assert_eq!(recovery().state_after(Recoverable::Held), Some(Recoverable::Missing));
        assert_eq!(recovery().state_after(Recoverable::Missing), None);
    }

    #[test]
    fn is_lost_when_it_is_overdue_by_far() {
        assert!(!recovery().is_lost(at(105 + 3_600)));
        assert!(recovery().is_lost(at(105 + 3_601)));
        let over = Recovery { status: RecoveryStatus::Done { at: at(104) }, ..recovery() };
        assert!(!over.is_lost(at(100_000)));
    }

    #[test]
    fn until_now_takes_in_clocks_that_are_ahead() {
        assert_eq!(recovery().events_until(), at(400));
        assert_eq!(Recovery { until: at(99), ..recovery() }.events_until(), at(99));
    }
}
