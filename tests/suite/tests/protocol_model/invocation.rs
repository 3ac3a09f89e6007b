//! One invocation of deliver with one message in hand, effect by effect. Between any two effects the invocation may
//! crash, and the other invocation may make any of its effects. The rooms' own rules compute what a step computes
//! between two effects.

use shared::breaker::Open;
use shared::delivery::job_verdict::AttemptPlan;

use crate::attempting::{self, Ended};
use crate::delivering;
use crate::noting;
use crate::overdue;
use crate::probing::{self, Tried};
use crate::recovering;
use crate::scope::{Answer, Mutant, Scope};
use crate::state::{Job, Queue, Row, State, Stream, Stuck, Webhook};
use crate::verifying;

/// What becomes of the message, as in `functions/deliver/src/disposition.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Disposition {
    Delete,
    Redeliver,
    RetryAt,
    /// The job waits for a slot of its webhook's rate limit. It is sent anew: to the slow queue if it came from there,
    /// and otherwise to the retries queue.
    Requeue,
    /// The receiver or the tenant is slow: the job is sent to the slow queue, unattempted.
    ToSlowQueue,
    DeadLetter,
    Replace(Vec<Job>),
    /// The job is of a newer release than this invocation: it waits in the retries queue, as it was received.
    Park,
}

/// A deliver job in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Hand {
    pub event: usize,
    pub round: u32,
    pub resend: bool,
    pub from: Queue,
    /// A first job that does not read its row.
    pub is_blind: bool,
    /// The delivery was delivered already when the job was received, at this round and attempt. The real room does not
    /// have this.
    pub delivered_before: Option<(u32, u32)>,
    /// The row that was read has been held for longer than the retention.
    pub held_too_long: bool,
}

/// What comes next. Each phase is one effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// `inspect.rs`: a first receive of a fresh job skips it.
    ReadRow(Hand),
    /// `line_up.rs`: from the cache or the registry; then `admission.rs`.
    LoadWebhook(Hand, AttemptPlan),
    /// `hold.rs`.
    Discard(Hand, AttemptPlan),
    WriteHeld(Hand, AttemptPlan),
    LookAfresh(Hand, AttemptPlan),
    /// `hold.rs`: the delivery was held for longer than the retention.
    EndHeld(Hand, AttemptPlan),
    /// `claim.rs`.
    Claim(Hand, AttemptPlan, Counting),
    /// `lost_race.rs`.
    ReadAfterLostRow(Hand),
    /// `send.rs`, `attempt.rs` and `record.rs`.
    Post(Hand, AttemptPlan, Counting),
    DisableWebhook(Hand, Ended),
    Record(Hand, Ended),
    ReadAfterLostRace(Hand, Ended),
    ForceDelivered(Hand, Ended, u32),
    /// `breaker.rs`.
    ForgetFailures(Hand, Disposition),
    CountFailure(Hand, Disposition),
    SendProbe(Hand, Disposition, u8, Open),
    OpenBreaker(Hand, Disposition, u8, Open),
    /// `maintenance/probe.rs`.
    LookForProbe(u8, Queue),
    ListHeld(u8, Queue, Open),
    PostProbe(Tried),
    RecordProbe(Tried),
    ReadProbeAfterLostRace(Tried),
    ForceProbeDelivered(Tried, u32),
    CloseBreaker(u8, Queue, Open, u32),
    NoteFailedProbe(u8, Queue, Open),
    DisableAfterProbe(u8, Queue),
    /// `maintenance/verify.rs`.
    LookForVerification(u8, Queue),
    ClaimChallenge(u8, Queue),
    PostChallenge(u8, u8, Queue),
    WriteVerified(u8, Queue),
    CloseBreakerOfVerified(u8, Queue),
    /// `maintenance/dispatch.rs`.
    FanOut(usize, Queue),
    /// `maintenance/release.rs`.
    LookForRecover(Stuck, Queue),
    ListStuck(Stuck, Queue),
    /// `maintenance/overdue.rs`: the waiting deliveries that are still to be woken, and the jobs to be sent.
    ListOverdue(Queue),
    Wake(Vec<(usize, Row)>, Vec<Job>, Queue),
    /// `settle.rs`: what is to be sent is sent, message by message.
    Settle(Job, Queue, Disposition),
    /// The message is deleted.
    Acknowledge,
}

/// Whether the breaker that was read has counted failures, which a success resets.
pub(crate) type Counting = bool;

/// How a step goes, where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Choice {
    /// As intended.
    Go,
    /// The receiver gives this answer.
    Receiver(Answer),
    /// The webhook is taken from the cache.
    FromMemory,
    /// The write takes effect, its answer is lost, and the SDK's second try meets the write.
    MeetsItself,
    /// The call for the breaker, or the write that wakes a delivery, fails. The room logs that and goes on.
    Fails,
    /// There is no slot for an attempt.
    NoSlot,
    /// The receiver or the tenant is slow.
    Slow,
    /// The probe tries this held delivery.
    Pick(usize),
    /// The message is hidden until the job is due, and not sent anew.
    Hide,
}

impl Phase {
    /// The first phase of a received message.
    pub(crate) fn begin(scope: &Scope, state: &State, job: Job, from: Queue, is_fresh: bool) -> Self {
        match job {
            Job::Deliver { event, round, resend } => {
                let row = state.rows[event];
                let delivered = row.filter(|row| row.state == crate::state::RowState::Delivered);
                let delivered_before = delivered.map(|row| (row.round, row.attempts));
                // Two first jobs may be carried out at the same time, for example if dispatch has sent both. That is no
                // redrive.
                let delivered_before = delivered_before.filter(|_| !is_fresh || state.events_are_old);
                let hand =
                    Hand { event, round, resend, from, is_blind: is_fresh, delivered_before, held_too_long: false };
                if is_fresh { delivering::stand(scope, state, hand, None) } else { Self::ReadRow(hand) }
            }
            Job::Recover(stuck) => Self::LookForRecover(stuck, from),
            Job::Probe(outage) => Self::LookForProbe(outage, from),
            Job::Overdue => Self::ListOverdue(from),
            Job::Verify(id) => Self::LookForVerification(id, from),
            Job::Dispatch { event } => Self::FanOut(event, from),
        }
    }

    /// Whether the invocation has claimed an attempt, and holds the claim until it has recorded the attempt.
    pub(crate) fn holds_claim(&self) -> bool {
        match self {
            Self::Post(_, plan, _) => plan.needs_claim,
            Self::DisableWebhook(_, ended) | Self::Record(_, ended) => ended.plan.needs_claim,
            _ => false,
        }
    }

    /// Whether the invocation wakes waiting deliveries.
    pub(crate) fn wakes(&self) -> bool {
        matches!(self, Self::Wake(..) | Self::Settle(Job::Overdue, ..))
    }

    /// Whether the invocation carries out a first job. Such a job claims nothing while its event is young.
    pub(crate) fn has_first_job(&self) -> bool {
        match self {
            Self::ReadRow(hand)
            | Self::LoadWebhook(hand, _)
            | Self::Discard(hand, _)
            | Self::WriteHeld(hand, _)
            | Self::LookAfresh(hand, _)
            | Self::EndHeld(hand, _)
            | Self::Claim(hand, ..)
            | Self::ReadAfterLostRow(hand)
            | Self::Post(hand, ..)
            | Self::DisableWebhook(hand, _)
            | Self::Record(hand, _)
            | Self::ReadAfterLostRace(hand, _)
            | Self::ForceDelivered(hand, ..) => hand.round == 0,
            _ => false,
        }
    }

    /// The ways in which its effect may go.
    pub(crate) fn choices(&self, scope: &Scope, state: &State, worker: usize) -> Vec<Choice> {
        let crashes = state.left.crashes > 0;
        match self {
            Self::Post(..) | Self::PostProbe(_) | Self::PostChallenge(..) => {
                scope.answers.iter().copied().map(Choice::Receiver).collect()
            }
            Self::LoadWebhook(hand, _) => {
                let mut choices = Vec::new();
                // A cached webhook is used until it is too old. Its ageing is an action of its own.
                let is_known = state.caches[worker].is_some();
                let is_stuck = scope.mutant == Some(Mutant::SlowForEver) && hand.from == Queue::Slow;
                if !is_stuck {
                    choices.push(if is_known { Choice::FromMemory } else { Choice::Go });
                }
                if state.left.slots > 0 {
                    choices.push(Choice::NoSlot);
                }
                // A job of the slow queue is attempted.
                if is_stuck || (state.left.slow > 0 && hand.from != Queue::Slow) {
                    choices.push(Choice::Slow);
                }
                choices
            }
            // The probe of a slow receiver goes to the slow queue.
            Self::LookForProbe(_, from) if state.left.slow > 0 && *from != Queue::Slow => {
                vec![Choice::Go, Choice::Slow]
            }
            Self::ListHeld(..) => match state.in_state(crate::state::RowState::Held) {
                held if held.is_empty() => vec![Choice::Go],
                held => held.into_iter().map(Choice::Pick).collect(),
            },
            Self::Discard(..)
            | Self::WriteHeld(..)
            | Self::EndHeld(..)
            | Self::Claim(..)
            | Self::ClaimChallenge(..)
            | Self::Record(..)
            | Self::RecordProbe(_)
                if crashes =>
            {
                vec![Choice::Go, Choice::MeetsItself]
            }
            Self::Settle(_, Queue::Retries, Disposition::RetryAt | Disposition::Park) => vec![Choice::Go, Choice::Hide],
            Self::Wake(..) if crashes => vec![Choice::Go, Choice::MeetsItself, Choice::Fails],
            Self::ForgetFailures(..) | Self::CountFailure(..) | Self::SendProbe(..) | Self::OpenBreaker(..)
                if crashes =>
            {
                vec![Choice::Go, Choice::Fails]
            }
            _ => vec![Choice::Go],
        }
    }

    /// Makes the effect.
    pub(crate) fn step(self, scope: &Scope, state: &mut State, worker: usize, choice: Choice) {
        if matches!(choice, Choice::MeetsItself | Choice::Fails) {
            state.left.crashes -= 1;
        }
        let disposition = match self {
            Self::Settle(job, from, disposition) => settle(scope, state, worker, choice, (job, from, disposition)),
            Self::Acknowledge => {
                if let Some(index) = state.in_hand(worker) {
                    state.messages.remove(index);
                }
                None
            }
            Self::FanOut(event, from) => Some(fan_out(scope, state, worker, event, from)),
            Self::LookForRecover(..) | Self::ListStuck(..) => Some(recovering::step(&self, state)),
            Self::ListOverdue(_) | Self::Wake(..) => Some(overdue::step(self, scope, state, choice)),
            Self::LookForVerification(..)
            | Self::ClaimChallenge(..)
            | Self::PostChallenge(..)
            | Self::WriteVerified(..)
            | Self::CloseBreakerOfVerified(..) => Some(verifying::step(&self, scope, state, worker, choice)),
            Self::LookForProbe(..)
            | Self::ListHeld(..)
            | Self::PostProbe(_)
            | Self::RecordProbe(_)
            | Self::ReadProbeAfterLostRace(_)
            | Self::ForceProbeDelivered(..)
            | Self::CloseBreaker(..)
            | Self::NoteFailedProbe(..)
            | Self::DisableAfterProbe(..) => Some(probing::step(self, scope, state, worker, choice)),
            Self::Post(..)
            | Self::DisableWebhook(..)
            | Self::Record(..)
            | Self::ReadAfterLostRace(..)
            | Self::ForceDelivered(..) => Some(attempting::step(self, scope, state, worker, choice)),
            Self::ForgetFailures(..) | Self::CountFailure(..) | Self::SendProbe(..) | Self::OpenBreaker(..) => {
                Some(noting::step(self, scope, state, worker, choice))
            }
            _ => Some(delivering::step(&self, scope, state, worker, choice)),
        };
        state.workers[worker] = disposition;
    }
}

/// Sends the first jobs of an event. There is one webhook in the model, so there is one page. A crash after some of the
/// jobs were sent has the effects of a repeated page.
fn fan_out(scope: &Scope, state: &mut State, worker: usize, event: usize, from: Queue) -> Phase {
    let job = Job::Dispatch { event };
    if state.webhook == Webhook::Deleted {
        if state.rows[event].is_none() {
            state.stream[event] = Stream::NotOwed;
        }
        return Phase::Settle(job, from, Disposition::Delete);
    }
    if scope.mutant == Some(Mutant::FanOutAcknowledgedFirst) && state.in_hand(worker).is_some() {
        Phase::Acknowledge.step(scope, state, worker, Choice::Go);
    }
    Phase::Settle(job, from, Disposition::Replace(vec![Job::Deliver { event, round: 0, resend: false }]))
}

/// What the disposition of a message leads to in the queues, as in `settle.rs`.
fn settle(
    scope: &Scope,
    state: &mut State,
    worker: usize,
    choice: Choice,
    (job, from, disposition): (Job, Queue, Disposition),
) -> Option<Phase> {
    match (disposition, job) {
        (Disposition::Delete, _) => return Phase::Acknowledge.step_now(scope, state, worker),
        (Disposition::Redeliver, _) => return release(state, worker),
        // A message of the retries queue is hidden, which is one call. If there is no room for that in the queue, or
        // the message is old, the job is sent anew, as it is from any other queue.
        (Disposition::Park, job) if scope.mutant == Some(Mutant::BuriedAsUnreadable) => {
            state.send(Queue::DeadLetter, job);
        }
        (Disposition::Park, _) if scope.mutant == Some(Mutant::ParkedIsDeleted) => {}
        (Disposition::RetryAt | Disposition::Park, _) if choice == Choice::Hide => return release(state, worker),
        (Disposition::Park, job) => state.send(Queue::Retries, job),
        (Disposition::RetryAt, job) => {
            if scope.mutant == Some(Mutant::AcknowledgeBeforeHandingOver) && state.in_hand(worker).is_some() {
                Phase::Acknowledge.step(scope, state, worker, Choice::Go);
                return Some(Phase::Settle(job, from, Disposition::RetryAt));
            }
            state.send(Queue::Retries, job);
        }
        (Disposition::Requeue, job) => {
            if scope.mutant != Some(Mutant::SlotForgetsTheJob) {
                state.send(if from == Queue::Slow { Queue::Slow } else { Queue::Retries }, job);
            }
        }
        (Disposition::ToSlowQueue, job) => {
            if scope.mutant == Some(Mutant::AcknowledgeBeforeTheSlowQueue) && state.in_hand(worker).is_some() {
                Phase::Acknowledge.step(scope, state, worker, Choice::Go);
                return Some(Phase::Settle(job, from, Disposition::ToSlowQueue));
            }
            state.send(Queue::Slow, job);
        }
        (Disposition::DeadLetter, Job::Deliver { event, round, .. }) => {
            let raised = u32::from(scope.mutant != Some(Mutant::SameRoundInDeadLetter));
            state.send(Queue::DeadLetter, Job::Deliver { event, round: round + raised, resend: false });
        }
        (Disposition::DeadLetter, job) => state.send(Queue::DeadLetter, job),
        (Disposition::Replace(mut jobs), job) => {
            if let Some(first) = jobs.pop() {
                state.send(Queue::Deliveries, first);
            }
            if !jobs.is_empty() {
                return Some(Phase::Settle(job, from, Disposition::Replace(jobs)));
            }
        }
    }
    Some(Phase::Acknowledge)
}

impl Phase {
    /// Makes the effect together with the effect before; no other effect can happen between the two.
    fn step_now(self, scope: &Scope, state: &mut State, worker: usize) -> Option<Self> {
        self.step(scope, state, worker, Choice::Go);
        None
    }
}

/// The message comes back when its visibility ends. It also does after a crash.
pub(crate) fn release(state: &mut State, worker: usize) -> Option<Phase> {
    if let Some(index) = state.in_hand(worker) {
        let message = &mut state.messages[index];
        message.holders[worker] = false;
        (message.visible, message.received) = (true, true);
        state.messages.sort_unstable();
    }
    None
}
