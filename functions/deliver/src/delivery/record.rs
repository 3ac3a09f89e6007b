//! The only file that writes rows of deliveries.

use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;
use shared::delivery::job_verdict::{AttemptPlan, RowCondition};
use shared::delivery::{Attempt, DeadReason, Delivery, DeliveryKey, DeliveryState};
use shared::event::{Event, EventType, GivenUp};
use shared::operational;
use shared::queue::job::DeliverJob;
use shared::retention::Retention;
use shared::retry::Decision;
use shared::store::deliveries::Change;
use shared::store::{Deliveries, Events, StoreError};
use shared::webhook::Webhook;

use super::lost_race::decided_by;
use super::pending::Prepared;
use crate::dead_letter::dead_letter;
use crate::disposition::{Disposition, Stop};
use crate::isolate::log;

/// Maximum number of times that a delivery is written as delivered while new rounds of it begin in between. Reason:
/// each of these rounds takes a request of somebody.
const MAX_FORCED_WRITES: u8 = 3;

/// How far ahead of its acceptance an event may be dated (24 h), as own events may be.
const MAX_DATED_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The means to read and write rows of deliveries.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) deliveries: Deliveries,
    /// A row that becomes dead is written together with its operational event.
    pub(crate) events: Events,
    pub(crate) retention: Retention,
    pub(crate) clock: Clock,
}

/// What becomes of a message, and whether the attempt is in the row as it was made.
#[derive(Debug)]
pub(crate) enum Recorded {
    /// The row has our attempt.
    Ours(Disposition),
    /// The row had moved on. It decided what becomes of the message.
    RaceLost(Disposition),
}

impl Recorded {
    pub(crate) fn disposition(self) -> Disposition {
        match self {
            Self::Ours(disposition) | Self::RaceLost(disposition) => disposition,
        }
    }
}

impl Recorder {
    /// The row of a delivery.
    pub(crate) async fn row(&self, key: DeliveryKey) -> Result<Option<Delivery>, StoreError> {
        self.deliveries.get(key.tenant, key.webhook, key.event).await
    }

    /// Claims the planned attempt for `lasting`. Returns the plan that presumes the claimed row;
    /// [`StoreError::Conflict`] if another copy of the job has claimed the attempt or made it.
    pub(crate) async fn claim(
        &self,
        member: &Prepared<'_>,
        lasting: SignedDuration,
        now: Timestamp,
    ) -> Result<AttemptPlan, StoreError> {
        let until = now.saturating_add(lasting).unwrap_or(Timestamp::MAX);
        let event_type = member.event.facts.event_type;
        let change = Change::claimed(member.pending.job.key(), event_type, member.plan, until, now);
        self.deliveries.write(&change).await?;
        Ok(member.plan.claimed(until))
    }

    /// Writes an attempt and the state that `decision` leads to.
    pub(crate) async fn attempted(
        &self,
        member: &Prepared<'_>,
        attempt: &Attempt,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let job = &member.pending.job;
        let (state, disposition) = follow(decision, job);
        let event_type = member.event.facts.event_type;
        if let Err(error) = self.keep_event(job.key(), Some(member.event.accepted_at), state, now).await {
            // The attempt was made, so it must be recorded. Without its event the delivery ends as dead, visibly.
            log(&error, "the event may expire before the delivery has ended");
        }
        let change = Change::attempted(job.key(), event_type, member.plan, attempt, state, now);
        match self.write(&change, &member.state.webhook).await {
            Ok(()) => Ok(Recorded::Ours(disposition)),
            Err(StoreError::Conflict) => self.resolve_conflict(job, &change).await.map(Recorded::RaceLost),
            Err(error) => Err(error),
        }
    }

    /// Writes the attempt that a probe made. If somebody recovered the delivery while the probe was under way, the row
    /// stays as it is, unless the receiver has accepted the delivery: an acceptance always counts.
    pub(crate) async fn probed(
        &self,
        key: DeliveryKey,
        event: &Event,
        plan: AttemptPlan,
        attempt: &Attempt,
        state: DeliveryState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Err(error) = self.keep_event(key, Some(event.accepted_at), state, now).await {
            log(&error, "the event may expire before the delivery has ended");
        }
        let change = Change::attempted(key, event.facts.event_type, plan, attempt, state, now);
        match self.deliveries.write(&change).await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict) => {
                let row = self.row(key).await?;
                self.force_delivered(&change, row).await.map(|_is_forced| ())
            }
            Err(error) => Err(error),
        }
    }

    /// Makes sure that the event is stored for as long as a delivery in `state` needs it. This comes before the write
    /// of the row: after a crash between the two the event is only kept for longer than needed.
    async fn keep_event(
        &self,
        key: DeliveryKey,
        accepted_at: Option<Timestamp>,
        state: DeliveryState,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        match self.retention.prolonged_end(accepted_at, state, now) {
            Some(until) => self.events.keep_until(key.tenant, key.event, until).await,
            None => Ok(()),
        }
    }

    /// Whether the plan is about a delivery that was held for as long as the retention.
    pub(crate) fn ends_hold(&self, plan: AttemptPlan) -> bool {
        plan.held_since.is_some_and(|since| self.retention.ends_hold(since, self.clock.now()))
    }

    /// Writes that an overdue delivery, which waits until `next_attempt_at`, goes on in its next round. Returns whether
    /// the row still was as it was listed.
    pub(crate) async fn wake(&self, overdue: &Delivery, next_attempt_at: Timestamp) -> Result<bool, StoreError> {
        let change = Change::woken(overdue, next_attempt_at, self.clock.now());
        self.keep_event(change.key(), None, change.state, change.now).await?;
        match self.deliveries.write(&change).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes that a delivery is held. Returns the plan that presumes the held row.
    pub(crate) async fn hold(&self, job: &DeliverJob, plan: AttemptPlan) -> Result<AttemptPlan, Stop> {
        let now = self.clock.now();
        self.keep_event(job.key(), Some(accepted_at(job)), DeliveryState::Held, now).await?;
        self.unattempted(job, plan, DeliveryState::Held, now).await?;
        Ok(plan.held(now))
    }

    /// Ends a delivery whose webhook was deleted.
    pub(crate) async fn discard(&self, job: &DeliverJob, plan: AttemptPlan) -> Result<Disposition, Stop> {
        self.unattempted(job, plan, DeliveryState::Discarded, self.clock.now()).await?;
        Ok(Disposition::Delete)
    }

    /// Gives up a delivery that cannot be attempted. If the row has changed since it was read, the job comes back.
    pub(crate) async fn give_up(
        &self,
        job: &DeliverJob,
        plan: AttemptPlan,
        reason: DeadReason,
        webhook: &Webhook,
    ) -> Result<Disposition, StoreError> {
        let state = DeliveryState::Dead { reason };
        let change = Change::unattempted(job.key(), event_type(job, plan), plan, state, self.clock.now());
        match self.write(&change, webhook).await {
            Ok(()) => Ok(dead_letter(job, reason)),
            Err(StoreError::Conflict) => Ok(Disposition::Redeliver),
            Err(error) => Err(error),
        }
    }

    /// Writes a state that no attempt led to and that has no operational event. If the row has changed since it was
    /// read, the row stays as it is and decides what becomes of the message.
    async fn unattempted(
        &self,
        job: &DeliverJob,
        plan: AttemptPlan,
        state: DeliveryState,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let change = Change::unattempted(job.key(), event_type(job, plan), plan, state, now);
        match self.deliveries.write(&change).await {
            Ok(()) => Ok(()),
            Err(StoreError::Conflict) => {
                let row = self.row(job.key()).await?;
                Err(decided_by(row.as_ref(), job, self.clock.now()).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a change, together with its operational event if the delivery dies.
    async fn write(&self, change: &Change<'_>, webhook: &Webhook) -> Result<(), StoreError> {
        match death(change, webhook) {
            Some(event) => self.deliveries.write_with_event(change, self.events.event_write(&event)?).await,
            None => self.deliveries.write(change).await,
        }
    }

    /// The row moved on while our attempt was under way: another copy of the job was faster, or our own write took
    /// effect, its answer was lost, and the SDK's second try met the write. A delivery that a receiver has accepted is
    /// delivered, even if the row says something else. Otherwise the row decides.
    async fn resolve_conflict(&self, job: &DeliverJob, change: &Change<'_>) -> Result<Disposition, StoreError> {
        tracing::warn!("the row of the delivery moved on during an attempt");
        let row = self.row(change.key()).await?;
        let disposition = decided_by(row.as_ref(), job, self.clock.now());
        if self.force_delivered(change, row).await? {
            return Ok(Disposition::Delete);
        }
        Ok(disposition)
    }

    /// Writes a delivery that a receiver has accepted as delivered, even if its row says something else. Returns
    /// whether a write was needed.
    async fn force_delivered(&self, change: &Change<'_>, row: Option<Delivery>) -> Result<bool, StoreError> {
        let mut row = row;
        for _ in 0..MAX_FORCED_WRITES {
            let is_known = row.as_ref().is_some_and(|row| row.state == DeliveryState::Delivered);
            if change.state != DeliveryState::Delivered || is_known {
                return Ok(false);
            }
            let round = row.map_or(change.round, |row| row.round.max(change.round));
            match self.deliveries.write(&Change { expected: RowCondition::Any, round, ..*change }).await {
                Ok(()) => return Ok(true),
                // Another round was begun after the row was read.
                Err(StoreError::Conflict) => row = self.row(change.key()).await?,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }
}

/// The state that a decision leads to, and what becomes of the message. Pure.
fn follow(decision: Decision, job: &DeliverJob) -> (DeliveryState, Disposition) {
    match decision {
        Decision::Done | Decision::Disable { dead: None, .. } => (DeliveryState::Delivered, Disposition::Delete),
        Decision::Retry { at } => (DeliveryState::Waiting { next_attempt_at: at }, Disposition::RetryAt { at }),
        Decision::Dead { reason } | Decision::Disable { dead: Some(reason), .. } => {
            (DeliveryState::Dead { reason }, dead_letter(job, reason))
        }
    }
}

/// The event's type, as far as it is known without reading the event.
fn event_type(job: &DeliverJob, plan: AttemptPlan) -> EventType {
    let inline = job.inline.as_ref().map(|event| event.facts.event_type);
    inline.or(plan.event_type).unwrap_or(EventType::Unknown)
}

/// When the event was accepted, or an earlier time. If the event does not travel with its job, the time in its id
/// tells: no provider should date an event further ahead than [`MAX_DATED_AHEAD`]. If one does, the event may expire
/// while its delivery is held, and the delivery ends as dead, visibly.
fn accepted_at(job: &DeliverJob) -> Timestamp {
    let by_id = || job.event.time().saturating_sub(MAX_DATED_AHEAD).unwrap_or(Timestamp::MIN);
    job.inline.as_ref().map_or_else(by_id, |event| event.accepted_at)
}

/// The operational event of a change by which a delivery dies.
fn death(change: &Change<'_>, webhook: &Webhook) -> Option<Event> {
    let reason = match change.state {
        DeliveryState::Dead { reason } => reason,
        DeliveryState::Waiting { .. } | DeliveryState::Delivered | DeliveryState::Held | DeliveryState::Discarded => {
            return None;
        }
    };
    let given_up =
        GivenUp { event: change.event, event_type: change.event_type, reason, attempts: change.round_attempts };
    operational::given_up(webhook, given_up, change.round, change.now)
}
