//! The stages from `claim` to `note` for one request: claim, send, decide and record each delivery, note what the
//! request says of the receiver.

use futures::future::join_all;
use jiff::Timestamp;
use shared::clock::random_jitter;
use shared::delivery::{Attempt, DeadReason, Outcome, Target};
use shared::event::Event;
use shared::id::EventId;
use shared::outbound::ShortageError;
use shared::retry::{Decision, decide, final_decision};
use shared::slowness::slow_after;
use shared::webhook::DisabledReason;

use super::claim::claim;
use super::pending::Prepared;
use super::record::{Recorded, Recorder};
use super::send::{AttemptResult, Sender, send};
use super::{breaker, slow};
use crate::disposition::{Disposition, Dispositions, Stop};
use crate::health::Health;
use crate::isolate::{isolated_logged, log};
use crate::places::Places;
use crate::queues::SourceQueue;
use crate::webhook_cache::WebhookState;

/// Makes the request of these deliveries, and says what becomes of their messages.
pub(crate) async fn attempt(
    members: Vec<Prepared<'_>>,
    recorder: &Recorder,
    sender: &Sender,
    health: &Health,
    places: &Places,
) -> Dispositions {
    let mut over = Dispositions::new();
    let members = claimed(members, &mut over, recorder).await;
    let Some(first) = members.first() else { return over };
    let state = &first.state;
    let state = state.clone();
    let at = recorder.clock.now();
    let message = first.pending.message;
    let slow_limit = slow_after(message.waited(at).filter(|_| message.source == SourceQueue::Slow));
    let events: Vec<&Event> = members.iter().map(|member| &member.event).collect();
    let sent = slow::watched(send(&events, &state.webhook, at, sender), slow_limit, &state, health).await;
    let now = recorder.clock.now();
    places.attempted(state.webhook.tenant, state.webhook.id, at, now);
    let (members, sent) = attempted(members, sent, &mut over);
    let finals: Vec<Option<Decision>> = sent.iter().map(|sent| final_decision(&sent.end())).collect();
    let disabled = disabled_by(&finals);
    if let Some(reason) = disabled {
        // The webhook is disabled before the rows are written. Reason: after the rows say dead, no job comes back to
        // disable the webhook. After a crash between the two the jobs find the webhook disabled, and the deliveries are
        // held.
        if let Err(error) = health.disable(&state.webhook, reason, None, now).await {
            log(&error, &format!("the webhook could not be disabled; {} jobs come back", members.len()));
            over.extend(members.iter().map(|member| (member.pending.index, Disposition::Redeliver)));
            return over;
        }
    }
    let rows = members.iter().zip(&sent).map(|(member, sent)| {
        isolated_logged(&member.pending.message.span, decide_and_record(member, sent, at, now, recorder))
    });
    let rows = join_all(rows).await;
    let mut ours = Vec::new();
    for ((member, last), row) in members.iter().zip(finals).zip(rows) {
        if matches!(row, Ok(Recorded::Ours(_))) {
            ours.push(last);
        }
        over.push((member.pending.index, row.map_or_else(|disposition| disposition, Recorded::disposition)));
    }
    // The breaker of a webhook that is disabled does not matter.
    if disabled.is_none() {
        note(&ours, &state, health).await;
    }
    if !sent.is_empty() {
        slow::count_if_quick(now.duration_since(at), &state, health).await;
    }
    over
}

/// The members that were attempted, with their results. The others come back: this function had no descriptor, memory
/// or port for their requests. That is no attempt, and says nothing about the receiver.
fn attempted<'a>(
    members: Vec<Prepared<'a>>,
    sent: Vec<Result<AttemptResult, ShortageError>>,
    over: &mut Dispositions,
) -> (Vec<Prepared<'a>>, Vec<AttemptResult>) {
    let (mut attempted, mut results) = (Vec::with_capacity(members.len()), Vec::with_capacity(members.len()));
    for (member, sent) in members.into_iter().zip(sent) {
        match sent {
            Ok(result) => {
                attempted.push(member);
                results.push(result);
            }
            Err(error) => {
                let span = &member.pending.message.span;
                span.in_scope(|| log(&error, "the delivery could not be attempted; its job comes back"));
                over.push((member.pending.index, Disposition::Redeliver));
            }
        }
    }
    (attempted, results)
}

/// The stage `claim` for each member. A member whose attempt is another copy's is left out.
async fn claimed<'a>(members: Vec<Prepared<'a>>, over: &mut Dispositions, recorder: &Recorder) -> Vec<Prepared<'a>> {
    let claims = members
        .iter()
        .map(|member| isolated_logged(&member.pending.message.span, claim(member, recorder, &recorder.clock)));
    let claims = join_all(claims).await;
    let mut claimed = Vec::with_capacity(members.len());
    for (member, claim) in members.into_iter().zip(claims) {
        match claim {
            Ok(plan) => claimed.push(Prepared { plan, ..member }),
            Err(disposition) => over.push((member.pending.index, disposition)),
        }
    }
    claimed
}

/// The stages `decide` and `record` for one delivery. The request began at `at` and ended at `now`.
async fn decide_and_record(
    member: &Prepared<'_>,
    sent: &AttemptResult,
    at: Timestamp,
    now: Timestamp,
    recorder: &Recorder,
) -> Result<Recorded, Stop> {
    let (plan, policy) = (member.plan, &member.state.webhook.retry_policy);
    let began = plan.began.unwrap_or(at);
    let decision = decide(&sent.end(), plan.number, began, policy, now, random_jitter());
    let attempt = sent.attempt(plan, at);
    if !matches!(attempt.outcome, Outcome::Delivered { .. }) {
        log_failure(member.pending.job.event, &attempt);
    }
    Ok(recorder.attempted(member, &attempt, decision, now).await?)
}

/// Why the webhook is disabled, if one of the decisions disables it.
fn disabled_by(finals: &[Option<Decision>]) -> Option<DisabledReason> {
    finals.iter().find_map(|last| match last {
        Some(Decision::Disable { disabled, .. }) => Some(*disabled),
        Some(Decision::Done | Decision::Retry { .. } | Decision::Dead { .. }) | None => None,
    })
}

/// The stage `note`. The breaker counts a request, or a call to a stream, once for all its deliveries, and not at all
/// if other copies were faster with all of them. One accepted delivery shows that the receiver can be reached.
async fn note(finals: &[Option<Decision>], state: &WebhookState, health: &Health) {
    let is_failure = |last: &Option<Decision>| match last {
        // The receiver was not asked, has accepted, or disables its webhook.
        Some(Decision::Dead { reason: DeadReason::TooLarge } | Decision::Done | Decision::Disable { .. }) => false,
        Some(Decision::Dead { .. } | Decision::Retry { .. }) | None => true,
    };
    if finals.contains(&Some(Decision::Done)) {
        breaker::note_success(state, health).await;
    } else if finals.iter().any(is_failure) {
        breaker::note_failure(state, health).await;
    }
}

/// Logs that an attempt to deliver an event failed. The current span has the delivery's ids.
pub(crate) fn log_failure(event: EventId, attempt: &Attempt) {
    tracing::info!(
        attempt.round = attempt.round,
        attempt.number = attempt.number,
        attempt.backup = matches!(attempt.target, Target::Backup { .. }),
        outcome = attempt.outcome.code(),
        http.status = attempt.outcome.status(),
        duration_ms = attempt.duration_ms,
        "attempt {} of {event} failed",
        attempt.number
    );
}
