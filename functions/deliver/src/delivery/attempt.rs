//! One attempt of the deliveries that share a POST, or a call to a stream: render, sign, post; then decide and record for
//! each its own.

use futures::future::join_all;
use jiff::Timestamp;
use shared::clock::random_jitter;
use shared::delivery::{Attempt, DeadReason, Delivery, DeliveryState, Outcome, Via};
use shared::event::Event;
use shared::id::TenantId;
use shared::queue::job::Deliver as DeliverJob;
use shared::retry::{Decision, decide, settled};
use shared::store::StoreError;
use shared::store::deliveries::Change;

use crate::budget::time_needed;
use crate::dead_letter::bury;
use crate::delivery::load::Ready;
use crate::delivery::send::{Posted, post};
use crate::delivery::{breaker, claim, slow};
use crate::disposition::Nexts;
use crate::isolate::{attempted, log};
use crate::webhook_cache::Known;
use crate::{Deliver, Next, operational as tell};
use shared::delivery::standing::{Expected, Standing, Turn, standing};

/// How often a delivery is written as accepted while rounds of it are begun in between, each by somebody's request.
const INSISTENCE: u8 = 3;

/// Makes the attempt that it is the turn of, and says what becomes of the messages.
pub(crate) async fn attempt(members: Vec<Ready<'_>>, room: &Deliver) -> Nexts {
    let mut nexts = Nexts::new();
    let members = claimed(members, &mut nexts, room).await;
    let Some(first) = members.first() else { return nexts };
    let (tenant, known) = (first.owed.job.tenant, &first.known);
    let events: Vec<&Event> = members.iter().map(|member| &member.event).collect();
    let at = room.clock.now();
    let posted = slow::attended(post(&events, &known.webhook, at, room), tenant, known, room).await;
    let now = room.clock.now();
    let settled: Vec<Option<Decision>> = posted.iter().map(|posted| settled(&posted.ending())).collect();
    let disabled = settled.iter().find_map(|settled| match settled {
        Some(Decision::Disable { disabled, .. }) => Some(*disabled),
        _ => None,
    });
    if let Some(disabled) = disabled {
        // Before the rows: once these say dead nothing comes back to do it. After a crash in between the jobs find the
        // webhook disabled, and the deliveries are held.
        if let Err(error) = tell::disable(&known.webhook, disabled, None, now, room).await {
            for member in &members {
                log(&member.owed.message.id, &error);
            }
            return nexts;
        }
    }
    let recorded = join_all(
        members
            .iter()
            .zip(&posted)
            .map(|(member, posted)| attempted(&member.owed.message.id, record(member, posted, at, now, room))),
    );
    let mut ours = Vec::new();
    for ((member, settled), recorded) in members.iter().zip(settled).zip(recorded.await) {
        let Some(recorded) = recorded else { continue };
        if matches!(recorded, Recorded::Ours(_)) {
            ours.push(settled);
        }
        nexts.push((member.owed.index, recorded.next()));
    }
    // Disabled already, its breaker does not matter.
    if disabled.is_none() {
        note(&ours, tenant, known, room).await;
    }
    nexts
}

/// Lets the breaker know once what the POST, or the call to a stream, says of the receiver, however many deliveries it
/// held, unless others were faster with all of them. One that was accepted shows that the receiver can be reached.
async fn note(settled: &[Option<Decision>], tenant: TenantId, known: &Known, room: &Deliver) {
    let is_failure = |settled: &Option<Decision>| match settled {
        // Nobody was asked.
        Some(Decision::Dead { reason: DeadReason::TooLarge } | Decision::Done | Decision::Disable { .. }) => false,
        Some(Decision::Dead { .. } | Decision::Retry { .. }) | None => true,
    };
    if settled.contains(&Some(Decision::Done)) {
        breaker::note_success(tenant, known, room).await;
    } else if settled.iter().any(is_failure) {
        breaker::note_failure(tenant, known, room).await;
    }
}

/// Claims the attempts of which there may be several at once; a member whose attempt is another copy's is left out.
async fn claimed<'a>(members: Vec<Ready<'a>>, nexts: &mut Nexts, room: &Deliver) -> Vec<Ready<'a>> {
    let claims = members.iter().map(|member| attempted(&member.owed.message.id, claim_of(member, room)));
    let claims = join_all(claims).await;
    let mut claimed = Vec::with_capacity(members.len());
    for (member, claim) in members.into_iter().zip(claims) {
        match claim {
            Some(Ok(turn)) => claimed.push(Ready { turn, ..member }),
            Some(Err(next)) => nexts.push((member.owed.index, next)),
            None => {}
        }
    }
    claimed
}

async fn claim_of(member: &Ready<'_>, room: &Deliver) -> Result<Result<Turn, Next>, StoreError> {
    if !member.turn.to_claim {
        return Ok(Ok(member.turn));
    }
    let lasting = time_needed(&member.known.webhook);
    claim::claim(&member.owed.job, &member.event, member.turn, lasting, room).await
}

/// What became of a message, and whether the attempt is in the row as it was made.
enum Recorded {
    Ours(Next),
    Outrun(Next),
}

impl Recorded {
    fn next(self) -> Next {
        match self {
            Self::Ours(next) | Self::Outrun(next) => next,
        }
    }
}

/// Decides what follows for one delivery and records it.
async fn record(
    member: &Ready<'_>,
    posted: &Posted,
    at: Timestamp,
    now: Timestamp,
    room: &Deliver,
) -> Result<Recorded, StoreError> {
    let (job, turn) = (&member.owed.job, member.turn);
    let policy = &member.known.webhook.retry_policy;
    let began = turn.began.unwrap_or(at);
    let decision = decide(&posted.ending(), turn.number, began, policy, now, random_jitter());
    let attempt = posted.attempt(turn, at);
    if !matches!(attempt.outcome, Outcome::Delivered { .. }) {
        log_failure(job, &attempt);
    }
    let (state, next) = match decision {
        Decision::Done | Decision::Disable { dead: None, .. } => (DeliveryState::Delivered, Next::Finish),
        Decision::Retry { at } => (DeliveryState::Waiting { next_attempt_at: at }, Next::Wait { until: at }),
        Decision::Dead { reason } | Decision::Disable { dead: Some(reason), .. } => {
            (DeliveryState::Dead { reason }, bury(job, reason))
        }
    };
    let change = Change {
        tenant: job.tenant,
        webhook: job.webhook,
        event: job.event,
        event_type: member.event.facts.event_type,
        expected: turn.expected,
        round: turn.round,
        round_attempts: turn.number,
        attempt: Some(&attempt),
        forget_attempts: turn.forget_attempts,
        state,
        now,
    };
    match tell::write(&change, &member.known.webhook, room).await {
        Ok(()) => Ok(Recorded::Ours(next)),
        Err(StoreError::Conflict) => outrun(job, &change, room).await.map(Recorded::Outrun),
        Err(error) => Err(error),
    }
}

/// The row moved on while our attempt was under way: another copy of the job was faster, or our own write took effect,
/// its answer was lost, and the SDK's second try met it. What a receiver has accepted is delivered whatever the row
/// says; otherwise the row decides.
async fn outrun(job: &DeliverJob, change: &Change<'_>, room: &Deliver) -> Result<Next, StoreError> {
    tracing::warn!(
        tenant.id = %change.tenant,
        webhook.id = %change.webhook,
        event.id = %change.event,
        "the row of {} moved on during an attempt",
        change.event
    );
    let row = room.deliveries.get(change.tenant, change.webhook, change.event).await?;
    if insist(change, row.as_ref(), room).await? {
        return Ok(Next::Finish);
    }
    Ok(match standing(change.round, false, row.as_ref(), room.clock.now()) {
        Standing::NotDue { at } => Next::Wait { until: at },
        Standing::Void => Next::Finish,
        // The row may be of our own writing, and then nobody else sends the letter. Twice is harmless: rounds see to it.
        Standing::BuryAgain { reason } => bury(job, reason),
        Standing::Attempt(_) => Next::ComeBack,
    })
}

/// Writes a delivery that a receiver has accepted as delivered, whatever its row says; answers whether that was needed.
pub(crate) async fn insist(change: &Change<'_>, row: Option<&Delivery>, room: &Deliver) -> Result<bool, StoreError> {
    let mut row = row.cloned();
    for _ in 0..INSISTENCE {
        let is_known = row.as_ref().is_some_and(|row| row.state == DeliveryState::Delivered);
        if change.state != DeliveryState::Delivered || is_known {
            return Ok(false);
        }
        let round = row.map_or(change.round, |row| row.round.max(change.round));
        match room.deliveries.write(&Change { expected: Expected::Any, round, ..*change }).await {
            Ok(()) => return Ok(true),
            // Another round was begun since the row was read.
            Err(StoreError::Conflict) => {
                row = room.deliveries.get(change.tenant, change.webhook, change.event).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

pub(crate) fn log_failure(job: &DeliverJob, attempt: &Attempt) {
    tracing::info!(
        tenant.id = %job.tenant,
        webhook.id = %job.webhook,
        event.id = %job.event,
        attempt.round = attempt.round,
        attempt.number = attempt.number,
        attempt.backup = matches!(attempt.via, Via::Backup { .. }),
        outcome = attempt.outcome.code(),
        http.status = attempt.outcome.status(),
        duration_ms = attempt.duration_ms,
        "attempt {} of {} failed",
        attempt.number,
        job.event
    );
}
