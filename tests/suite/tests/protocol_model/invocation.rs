//! One invocation of deliver with one message in hand, effect by effect: between any two of them it may crash, and the
//! other invocation may do whatever it does. What a step computes between two effects is the rooms' own rules.

use shared::breaker::Open;
use shared::delivery::standing::Turn;

use crate::attempting::{self, Ended};
use crate::delivering;
use crate::noting;
use crate::probing::{self, Tried};
use crate::recovering;
use crate::scope::{Answer, Mutant, Scope};
use crate::state::{Job, Queue, State, Stuck};

/// What becomes of the message: `functions/deliver/src/next.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Next {
    Finish,
    ComeBack,
    Wait,
    /// It waits for a slot of its webhook's rate limit: sent to the retries queue, from whichever it came.
    WaitForSlot,
    Bury,
    Forward(Vec<Job>),
}

/// A deliver job in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Hand {
    pub event: usize,
    pub round: u32,
    pub resend: bool,
    pub from: Queue,
    /// A first job that does not look at its row.
    pub is_blind: bool,
    /// Its delivery was delivered already when it was received, at this round and attempt; no part of the real room.
    pub delivered_before: Option<(u32, u32)>,
}

/// What comes next. Each phase is one effect.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// `carry_out.rs`: a first receive of a fresh job skips it.
    ReadRow(Hand),
    /// `carry_out.rs`: from memory or the registry.
    LoadWebhook(Hand, Turn),
    /// `hold.rs`.
    Discard(Hand, Turn),
    WriteHeld(Hand, Turn),
    LookAfresh(Hand, Turn),
    /// `claim.rs`.
    Claim(Hand, Turn, Counting),
    ReadAfterLostClaim(Hand),
    /// `attempt.rs`.
    Post(Hand, Turn, Counting),
    DisableWebhook(Hand, Ended),
    Record(Hand, Ended),
    ReadOutrun(Hand, Ended),
    Insist(Hand, Ended, u32),
    /// `breaker.rs`.
    ForgetFailures(Hand, Next),
    CountFailure(Hand, Next),
    SendProbe(Hand, Next, u8, Open),
    OpenBreaker(Hand, Next, u8, Open),
    /// `probe.rs`.
    LookForProbe(u8, Queue),
    ListHeld(u8, Queue, Open),
    PostProbe(Tried),
    RecordProbe(Tried),
    ReadOutrunProbe(Tried),
    InsistOnProbe(Tried, u32),
    CloseBreaker(u8, Queue, Open, u32),
    NoteFailedProbe(u8, Queue, Open),
    DisableAfterProbe(u8, Queue),
    /// `recover.rs`.
    LookForRecover(Stuck, Queue),
    ListStuck(Stuck, Queue),
    /// `perform.rs`: what is to be sent is sent, one by one.
    Perform(Job, Queue, Next),
    /// The message is deleted.
    Acknowledge,
}

/// Whether the breaker that was read has counted failures, which a success takes away.
pub(crate) type Counting = bool;

/// How a step goes, where there is a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Choice {
    /// As it should.
    Go,
    /// The receiver answers so.
    Receiver(Answer),
    /// The webhook is taken from memory.
    FromMemory,
    /// The write takes effect, its answer is lost, and the SDK's second try meets it.
    MeetsItself,
    /// The breaker's call fails; that is logged, and nothing else.
    Fails,
    /// There is no slot for an attempt.
    NoSlot,
    /// This held delivery is the one that the probe tries.
    Pick(usize),
}

impl Phase {
    /// What a received message begins with.
    pub(crate) fn begin(scope: &Scope, state: &State, job: Job, from: Queue, is_fresh: bool) -> Self {
        match job {
            Job::Deliver { event, round, resend } => {
                let row = state.rows[event];
                let delivered = row.filter(|row| row.state == crate::state::RowState::Delivered);
                let delivered_before = delivered.map(|row| (row.round, row.attempts));
                // Two first jobs may be carried out at once, sent by dispatch twice say; that is nobody's redrive.
                let delivered_before = delivered_before.filter(|_| !is_fresh || state.events_are_old);
                let hand = Hand { event, round, resend, from, is_blind: is_fresh, delivered_before };
                if is_fresh { delivering::stand(scope, state, hand, None) } else { Self::ReadRow(hand) }
            }
            Job::Recover(stuck) => Self::LookForRecover(stuck, from),
            Job::Probe(outage) => Self::LookForProbe(outage, from),
        }
    }

    /// The invocation has claimed a round, and holds the claim until it has recorded its attempt.
    pub(crate) fn holds_claim(&self) -> bool {
        match self {
            Self::Post(_, turn, _) => turn.to_claim,
            Self::DisableWebhook(_, ended) | Self::Record(_, ended) => ended.turn.to_claim,
            _ => false,
        }
    }

    /// The invocation carries out a first job, which claims nothing while its event is young.
    pub(crate) fn has_first_job(&self) -> bool {
        match self {
            Self::ReadRow(hand)
            | Self::LoadWebhook(hand, _)
            | Self::Discard(hand, _)
            | Self::WriteHeld(hand, _)
            | Self::LookAfresh(hand, _)
            | Self::Claim(hand, ..)
            | Self::ReadAfterLostClaim(hand)
            | Self::Post(hand, ..)
            | Self::DisableWebhook(hand, _)
            | Self::Record(hand, _)
            | Self::ReadOutrun(hand, _)
            | Self::Insist(hand, ..) => hand.round == 0,
            _ => false,
        }
    }

    /// The ways in which its effect may go.
    pub(crate) fn choices(&self, scope: &Scope, state: &State, worker: usize) -> Vec<Choice> {
        let crashes = state.left.crashes > 0;
        match self {
            Self::Post(..) | Self::PostProbe(_) => scope.answers.iter().copied().map(Choice::Receiver).collect(),
            Self::LoadWebhook(..) => {
                let mut choices = Vec::new();
                // What is in memory is used until it is too old, which is an action of its own.
                let is_known = state.caches[worker].is_some();
                choices.push(if is_known { Choice::FromMemory } else { Choice::Go });
                if state.left.slots > 0 {
                    choices.push(Choice::NoSlot);
                }
                choices
            }
            Self::ListHeld(..) => match state.in_state(crate::state::RowState::Held) {
                held if held.is_empty() => vec![Choice::Go],
                held => held.into_iter().map(Choice::Pick).collect(),
            },
            Self::Discard(..) | Self::WriteHeld(..) | Self::Claim(..) | Self::Record(..) | Self::RecordProbe(_)
                if crashes =>
            {
                vec![Choice::Go, Choice::MeetsItself]
            }
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
        let next = match self {
            Self::Perform(job, from, next) => perform(scope, state, worker, (job, from, next)),
            Self::Acknowledge => {
                if let Some(index) = state.in_hand(worker) {
                    state.messages.remove(index);
                }
                None
            }
            Self::LookForRecover(..) | Self::ListStuck(..) => Some(recovering::step(&self, state)),
            Self::LookForProbe(..)
            | Self::ListHeld(..)
            | Self::PostProbe(_)
            | Self::RecordProbe(_)
            | Self::ReadOutrunProbe(_)
            | Self::InsistOnProbe(..)
            | Self::CloseBreaker(..)
            | Self::NoteFailedProbe(..)
            | Self::DisableAfterProbe(..) => Some(probing::step(self, scope, state, worker, choice)),
            Self::Post(..) | Self::DisableWebhook(..) | Self::Record(..) | Self::ReadOutrun(..) | Self::Insist(..) => {
                Some(attempting::step(self, scope, state, worker, choice))
            }
            Self::ForgetFailures(..) | Self::CountFailure(..) | Self::SendProbe(..) | Self::OpenBreaker(..) => {
                Some(noting::step(self, scope, state, worker, choice))
            }
            _ => Some(delivering::step(&self, scope, state, worker, choice)),
        };
        state.workers[worker] = next;
    }
}

/// What a job that has been carried out leads to in the queues: `perform.rs`.
fn perform(scope: &Scope, state: &mut State, worker: usize, (job, from, next): (Job, Queue, Next)) -> Option<Phase> {
    match (next, job) {
        (Next::Finish, _) => return Phase::Acknowledge.step_now(scope, state, worker),
        (Next::ComeBack, _) => return release(state, worker),
        // Sent anew, from whichever queue it came: a short wait, or a long one of an old message. Any other long one is hidden,
        // and leaves nothing in between.
        (Next::Wait, job) => {
            if scope.mutant == Some(Mutant::AcknowledgeBeforeHandingOver) && state.in_hand(worker).is_some() {
                Phase::Acknowledge.step(scope, state, worker, Choice::Go);
                return Some(Phase::Perform(job, from, Next::Wait));
            }
            state.send(Queue::Retries, job);
        }
        (Next::WaitForSlot, job) => {
            if scope.mutant != Some(Mutant::SlotForgetsTheJob) {
                state.send(Queue::Retries, job);
            }
        }
        (Next::Bury, Job::Deliver { event, round, .. }) => {
            let raised = u32::from(scope.mutant != Some(Mutant::SameRoundInDeadLetter));
            state.send(Queue::DeadLetter, Job::Deliver { event, round: round + raised, resend: false });
        }
        (Next::Bury, job) => state.send(Queue::DeadLetter, job),
        (Next::Forward(mut jobs), job) => {
            if let Some(first) = jobs.pop() {
                state.send(Queue::Deliveries, first);
            }
            if !jobs.is_empty() {
                return Some(Phase::Perform(job, from, Next::Forward(jobs)));
            }
        }
    }
    Some(Phase::Acknowledge)
}

impl Phase {
    /// Makes the effect together with the one before, where nothing can come in between.
    fn step_now(self, scope: &Scope, state: &mut State, worker: usize) -> Option<Self> {
        self.step(scope, state, worker, Choice::Go);
        None
    }
}

/// The message comes back when its visibility ends. So it does after a crash.
pub(crate) fn release(state: &mut State, worker: usize) -> Option<Phase> {
    if let Some(index) = state.in_hand(worker) {
        let message = &mut state.messages[index];
        (message.taken, message.received) = (None, true);
        state.messages.sort_unstable();
    }
    None
}
