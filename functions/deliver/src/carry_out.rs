//! One received message, from its body to what becomes of it.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use shared::delivery::{DeadReason, DeliveryState};
use shared::event::{Event, EventType};
use shared::queue::Outgoing;
use shared::queue::job::{Deliver as DeliverJob, Job, NotAJob};
use shared::recovery::is_late;
use shared::store::StoreError;
use shared::store::deliveries::Change;
use shared::webhook::Webhook;

use crate::received::From;
use crate::webhooks::Known;
use crate::{Deliver, Next, Received, attempt, claim, hold, probe, recover, recovery, sweep};
use shared::delivery::standing::{Standing, Turn, standing};

/// What must be left of the invocation's time beside the attempt's own limit: recording it, and the queue calls.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);
/// Group of messages that are no jobs.
const NO_GROUP: &str = "unreadable";

/// Carries out a message's job; failures on our side end as [`Next::ComeBack`], logged here, once.
pub(crate) async fn carry_out(message: &Received, room: &Deliver, deadline: Timestamp) -> Next {
    let result = match Job::from_json(&message.body) {
        Ok(Job::Deliver(job)) => deliver(&job, message, room, deadline).await,
        Ok(Job::Recover(job)) => recover::recover(&job, room).await,
        Ok(Job::Probe(job)) => probe::probe(&job, room, deadline).await,
        Ok(Job::Sweep(job)) => sweep::sweep(&job, room).await,
        Ok(Job::Recovery(job)) => recovery::recovery(&job, message.first_receive, room).await,
        // Never to be carried out, so it would only spin: it goes where people look.
        Err(error) => Ok(bury_unreadable(message, &error)),
    };
    result.unwrap_or_else(|error| {
        tracing::error!(
            sqs.message_id = message.id,
            error = &error as &dyn Error,
            "the job of message {} could not be carried out",
            message.id
        );
        Next::ComeBack
    })
}

async fn deliver(
    job: &DeliverJob,
    message: &Received,
    room: &Deliver,
    deadline: Timestamp,
) -> Result<Next, StoreError> {
    let now = room.clock.now();
    let late = comes_late(job, now);
    let fresh = message.from == From::Deliveries && message.first_receive && job.round == 0 && !late;
    let row = if fresh { None } else { room.deliveries.get(job.tenant, job.webhook, job.event).await? };
    let turn = match standing(job.round, job.resend, row.as_ref(), now) {
        Standing::Void => return Ok(Next::Finish),
        Standing::BuryAgain { reason } => return Ok(bury(job, reason)),
        Standing::NotDue { at } => return Ok(Next::Wait { until: at }),
        // A recovery may have taken it for missing.
        Standing::Attempt(turn) => Turn { to_claim: turn.to_claim || (late && row.is_none()), ..turn },
    };
    let Some(known) = room.webhooks.get(&room.registry, job.tenant, job.webhook, now).await? else {
        return hold::discard(job, turn, room).await;
    };
    let Some((known, turn)) = attemptable(known, job, turn, room).await? else { return Ok(Next::Finish) };
    let Some(event) = event_of(job, room).await? else {
        let reason = DeadReason::EventExpired;
        let recorded = record_without_attempt(job, turn, DeliveryState::Dead { reason }, room).await?;
        return Ok(if recorded { bury(job, reason) } else { Next::ComeBack });
    };
    if !fits(&known.webhook, room.clock.now(), deadline) {
        // Cut off in mid-attempt it would be attempted twice; unattempted it just comes back.
        return Ok(Next::ComeBack);
    }
    if !turn.to_claim {
        return attempt::attempt(job, &event, &known, turn, room).await;
    }
    match claim::claim(job, &event, turn, time_needed(&known.webhook), room).await? {
        Ok(turn) => attempt::attempt(job, &event, &known, turn, room).await,
        Err(next) => Ok(next),
    }
}

/// Whether a recovery may have sent a job for the same delivery before its first attempt, or this is an old one that came
/// back from the dead-letter queue: a redrive makes a new message of it, received for the first time. Of an event that
/// does not travel with the job it is not known, so that it counts as late; only large ones do not.
fn comes_late(job: &DeliverJob, now: Timestamp) -> bool {
    job.inline.as_ref().is_none_or(|event| is_late(event.accepted_at, job.webhook, now))
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

/// The longest that an attempt can take, recording it included.
fn time_needed(webhook: &Webhook) -> SignedDuration {
    SignedDuration::from_millis(i64::from(webhook.timeout_ms)) + MARGIN
}

/// Whether an attempt that begins now is over before the invocation is.
pub(crate) fn fits(webhook: &Webhook, now: Timestamp, deadline: Timestamp) -> bool {
    now.saturating_add(time_needed(webhook)).is_ok_and(|end| end <= deadline)
}

async fn event_of(job: &DeliverJob, room: &Deliver) -> Result<Option<Event>, StoreError> {
    match &job.inline {
        Some(event) => Ok(Some(Event::clone(event))),
        None => room.events.get(job.tenant, job.event).await,
    }
}

/// Writes a state that no attempt led to; answers whether it did. A row that has moved on meanwhile is left as it is.
pub(crate) async fn record_without_attempt(
    job: &DeliverJob,
    turn: Turn,
    state: DeliveryState,
    room: &Deliver,
) -> Result<bool, StoreError> {
    let change = Change {
        tenant: job.tenant,
        webhook: job.webhook,
        event: job.event,
        event_type: event_type(job, turn),
        expected: turn.expected,
        round: turn.round,
        round_attempts: turn.number - 1,
        attempt: None,
        forget_attempts: false,
        state,
        now: room.clock.now(),
    };
    match room.deliveries.write(&change).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The event's type as far as it is known without reading the event.
fn event_type(job: &DeliverJob, turn: Turn) -> EventType {
    let inline = job.inline.as_ref().map(|event| event.facts.event_type);
    inline.or(turn.event_type).unwrap_or(EventType::Unknown)
}

/// The dead letter of a job: the same job in the next round, so that a redrive gives it the full schedule again.
pub(crate) fn bury(job: &DeliverJob, reason: DeadReason) -> Next {
    // A redrive of it sends again what was not delivered, and nothing else.
    let next_round = DeliverJob { round: job.round.saturating_add(1), resend: false, ..job.clone() };
    let mut letter = Outgoing::now(&Job::Deliver(next_round));
    letter.attributes = vec![
        ("reason", reason.as_str().to_owned()),
        ("tenant", job.tenant.to_string()),
        ("webhook", job.webhook.to_string()),
        ("event", job.event.to_string()),
    ];
    Next::Bury(letter)
}

fn bury_unreadable(message: &Received, error: &NotAJob) -> Next {
    tracing::error!(sqs.message_id = message.id, "message {} is {error}; it goes to the dead-letter queue", message.id);
    Next::Bury(Outgoing {
        body: message.body.clone(),
        group: NO_GROUP.to_owned(),
        delay_seconds: 0,
        attributes: vec![("reason", "unreadable".to_owned())],
    })
}
