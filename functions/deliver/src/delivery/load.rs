//! A delivery's job up to its attempt: what its row says, whether its webhook takes attempts, and the event.
//!
//! Each step answers what to go on with, or what becomes of the message.

use jiff::Timestamp;
use shared::delivery::standing::{Standing, Turn, standing};
use shared::event::Event;
use shared::queue::job::Deliver as DeliverJob;
use shared::rate_limit::SlotStanding;
use shared::recovery::is_late;
use shared::store::StoreError;

use crate::dead_letter::{bury, give_up};
use crate::delivery::{hold, slow};
use crate::message::From;
use crate::stored_event::{self as stored, Stored};
use crate::webhook_cache::Known;
use crate::{Deliver, Next, Received};

/// A received job to deliver.
#[derive(Debug)]
pub(crate) struct Owed<'a> {
    /// Its message's position in the batch.
    pub(crate) index: usize,
    pub(crate) message: &'a Received,
    pub(crate) job: DeliverJob,
}

/// A delivery that can be attempted.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) owed: Owed<'a>,
    pub(crate) event: Event,
    pub(crate) turn: Turn,
    pub(crate) known: Known,
}

/// Which attempt it is the turn of.
pub(crate) async fn turn_of(owed: &Owed<'_>, room: &Deliver) -> Result<Result<Turn, Next>, StoreError> {
    let job = &owed.job;
    if let Some(next) = still_in_line(job, room).await? {
        return Ok(Err(next));
    }
    let now = room.clock.now();
    let late = comes_late(job, now);
    let fresh = owed.message.from == From::Deliveries && owed.message.first_receive && job.round == 0 && !late;
    let row = if fresh { None } else { room.deliveries.get(job.tenant, job.webhook, job.event).await? };
    Ok(match standing(job.round, job.resend, row.as_ref(), now) {
        Standing::Void => Err(Next::Finish),
        Standing::BuryAgain { reason } => Err(bury(job, reason)),
        Standing::NotDue { at } => Err(Next::Wait { until: at }),
        // A recovery may have taken it for missing.
        Standing::Attempt(turn) => Ok(Turn { to_claim: turn.to_claim || (late && row.is_none()), ..turn }),
    })
}

/// Whether a recovery may have sent a job for the same delivery before its first attempt, or this is an old one that came
/// back from the dead-letter queue: a redrive makes a new message of it, received for the first time. Of an event that
/// does not travel with the job it is not known, so that it counts as late; only large ones do not.
fn comes_late(job: &DeliverJob, now: Timestamp) -> bool {
    job.inline.as_ref().is_none_or(|event| is_late(event.accepted_at, job.webhook, now))
}

/// A job whose slot is still to come waits on, without a look at its row. A line may be longer than SQS's longest delay
/// by far.
async fn still_in_line(job: &DeliverJob, room: &Deliver) -> Result<Option<Next>, StoreError> {
    let Some(slot) = job.slot else { return Ok(None) };
    let now = room.clock.now();
    let known = room.webhooks.get(&room.registry, job.tenant, job.webhook, now).await?;
    let limit = known.filter(Known::takes_attempts).and_then(|known| known.webhook.rate_limit);
    let early = limit.is_some_and(|limit| slot.standing(limit, now) == SlotStanding::Early);
    Ok(early.then(|| Next::WaitInLine { job: Box::new(job.clone()), until: slot.begins_at }))
}

/// The delivery with all that its attempt needs, unless it is held, discarded, or has lost its event.
pub(crate) async fn ready<'a>(
    owed: Owed<'a>,
    turn: Turn,
    known: Option<Known>,
    room: &Deliver,
) -> Result<Result<Ready<'a>, Next>, StoreError> {
    let job = &owed.job;
    let Some(known) = known else { return hold::discard(job, turn, room).await.map(Err) };
    let Some((known, turn)) = attemptable(known, job, turn, room).await? else { return Ok(Err(Next::Finish)) };
    if slow::goes_by_retries(&known, owed.message.from, room.clock.now()) {
        return Ok(Err(Next::Wait { until: room.clock.now() }));
    }
    let event = match event_of(job, room).await? {
        Stored::Event(event) => *event,
        Stored::Nothing(reason) => return give_up(job, turn, reason, &known.webhook, room).await.map(Err),
    };
    Ok(Ok(Ready { owed, event, turn, known }))
}

/// The webhook to attempt with; `None` when the delivery is held or discarded.
async fn attemptable(
    known: Known,
    job: &DeliverJob,
    turn: Turn,
    room: &Deliver,
) -> Result<Option<(Known, Turn)>, StoreError> {
    if known.takes_attempts() { Ok(Some((known, turn))) } else { hold::hold(job, turn, room).await }
}

async fn event_of(job: &DeliverJob, room: &Deliver) -> Result<Stored, StoreError> {
    match &job.inline {
        Some(event) => Ok(Stored::Event(event.clone())),
        None => stored::event(job.tenant, job.event, room).await,
    }
}
