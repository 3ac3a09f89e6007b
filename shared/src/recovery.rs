//! Recoveries: held, dead or missing deliveries that somebody wants to be attempted again, of one webhook or of all of a
//! tenant's, since a time. A recovery is a row, and a chain of jobs of which each does a page of it. Pure.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use crate::event::closed_words;
use crate::id::{RecoveryId, TenantId, WebhookId};

mod missing;
mod pace;

pub use missing::{is_late, may_be_missing};
pub use pace::Pace;

/// Most recoveries of one tenant that run at the same time: each has its own rate, so they bound the sum of rates too.
pub const MAX_RUNNING: u32 = 5;
/// Bounds of a recovery's rate, in deliveries a second.
pub const RATE: RangeInclusive<u32> = 1..=1_000;
/// The rate that applies when none is given, and that of recoveries that nobody asked for: after an outage, after the
/// enabling of a webhook.
pub const DEFAULT_RATE: u32 = 100;
/// The longest time that one recovery covers: a year and a day.
pub const MAX_SPAN: SignedDuration = SignedDuration::from_hours(366 * 24);
/// How long a recovery is remembered after its end (30 d).
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a page may be overdue before its job is taken for lost: many times its message's visibility timeout.
const OVERDUE: SignedDuration = SignedDuration::from_hours(1);
/// How long a recovery waits for a webhook whose breaker is open before it looks again: twice the shortest delay between
/// probes.
const WAIT: SignedDuration = SignedDuration::from_secs(60);
/// By how much a page's job may be early: SQS and we have each a clock, and delays have whole seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);
/// Events may be dated by a clock that is this much ahead of ours; they belong to "until now" all the same.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

closed_words!(
    /// What can be recovered, in the order in which it is.
    Recoverable {
        /// Deliveries held since then.
        Held = "held",
        /// Deliveries given up since then.
        Dead = "dead",
        /// Events since then that the webhook wants and has no delivery of.
        Missing = "missing",
    }
);

closed_words!(
    /// Why a recovery could not go on.
    FailureReason {
        /// Its webhook was deleted.
        WebhookDeleted = "webhook_deleted",
        /// Its webhook was disabled.
        WebhookDisabled = "webhook_disabled",
        /// Its webhook was paused.
        WebhookPaused = "webhook_paused",
    }
);

/// A recovery that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// Whose deliveries.
    pub tenant: TenantId,
    /// To which webhook; `None` for all that the tenant had when it began.
    pub webhook: Option<WebhookId>,
    /// What is recovered: at least one, none twice, in the order of [`Recoverable::ALL`].
    pub states: Vec<Recoverable>,
    /// The earliest time: of becoming held or dead; for missing deliveries, of their events.
    pub since: Timestamp,
    /// The latest one, not after `created_at`.
    pub until: Timestamp,
    /// Deliveries a second, within [`RATE`].
    pub rate: u32,
    /// Where it stands.
    pub status: RecoveryStatus,
    /// How many pages are done; the job of any other page is void.
    pub page: u32,
    /// Where the next page begins.
    pub position: Position,
    /// What the pages so far did.
    pub progress: Progress,
    /// When it began.
    pub created_at: Timestamp,
    /// When a page was last done, or it ended.
    pub updated_at: Timestamp,
    /// When the next page is due.
    pub due_at: Timestamp,
}

/// Where a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryStatus {
    /// Pages are to come.
    Running,
    /// Nothing is left.
    Done {
        /// When that was found.
        at: Timestamp,
    },
    /// Somebody did not want it any more.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// It could not go on.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: FailureReason,
    },
}

impl RecoveryStatus {
    /// The stable words, in the order of the documentation.
    pub const WORDS: [&'static str; 4] = ["running", "done", "cancelled", "failed"];

    /// Its stable word.
    pub fn as_str(self) -> &'static str {
        let [running, done, cancelled, failed] = Self::WORDS;
        match self {
            Self::Running => running,
            Self::Done { .. } => done,
            Self::Cancelled { .. } => cancelled,
            Self::Failed { .. } => failed,
        }
    }

    /// When it ended, if it did.
    pub fn finished_at(self) -> Option<Timestamp> {
        match self {
            Self::Running => None,
            Self::Done { at } | Self::Cancelled { at } | Self::Failed { at, .. } => Some(at),
        }
    }
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// With this webhook; `None` before the first of a tenant.
    pub webhook: Option<WebhookId>,
    /// With what of it.
    pub state: Recoverable,
    /// After which row of that; `None` at the start.
    pub after: Option<String>,
}

/// What a recovery did so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Held and dead deliveries, and events, that were looked at.
    pub looked_at: u64,
    /// Those of which a job was sent.
    pub recovered: u64,
    /// How often held or dead deliveries of a webhook were left as they are, because it takes no attempts.
    pub skipped_webhooks: u32,
}

/// What a page found and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageResult {
    /// What it adds to the progress.
    pub progress: Progress,
    /// Where the next one begins.
    pub position: Position,
    /// Its webhook's breaker is open, so that the next one has to wait.
    pub waits: bool,
}

/// What the job of a page has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageStanding {
    /// Nothing: the recovery is over, or the page was done.
    Void,
    /// Come again: the page is not due yet.
    NotDue,
    /// The page.
    Work,
    /// Only to send the next page's job: the page was noted, and whether that was sent is not known.
    SendNext,
}

impl Recovery {
    /// Its rate, as pages go by it.
    pub fn pace(&self) -> Pace {
        Pace::of(self.rate)
    }

    /// What the job of page `page` has to do at `now`. A job that is received for the first time and comes after its page
    /// was noted is a copy, whose twin has sent the next one.
    pub fn page_standing(&self, page: u32, first_receive: bool, now: Timestamp) -> PageStanding {
        if self.status != RecoveryStatus::Running {
            PageStanding::Void
        } else if page == self.page {
            let is_due = self.due_at.duration_since(now) <= TOLERANCE;
            if is_due { PageStanding::Work } else { PageStanding::NotDue }
        } else if page.saturating_add(1) == self.page && !first_receive {
            PageStanding::SendNext
        } else {
            PageStanding::Void
        }
    }

    /// The recovery after a page that was sent at `now`. The next is due when this one's deliveries have had their time.
    #[must_use]
    pub fn after_page(&self, worked: PageResult, now: Timestamp) -> Self {
        let PageResult { progress, position, waits } = worked;
        let pause = if waits { WAIT } else { self.pace().pause_after(progress.recovered) };
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

    /// What of the same webhook comes after `state`.
    pub fn state_after(&self, state: Recoverable) -> Option<Recoverable> {
        let mut states = self.states.iter().skip_while(|listed| **listed != state);
        states.next();
        states.next().copied()
    }

    /// The latest time of an event whose delivery may be missing.
    pub fn events_until(&self) -> Timestamp {
        let is_now = self.until >= self.created_at;
        if is_now { self.until.saturating_add(CLOCK_SKEW).unwrap_or(self.until) } else { self.until }
    }

    /// Whether the job of its next page was lost.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.status == RecoveryStatus::Running && now.duration_since(self.due_at) > OVERDUE
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
    fn a_page_is_done_once_and_its_successor_sent_by_whoever_crashed() {
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
