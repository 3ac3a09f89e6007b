//! The parts of the model's world: rows, messages, invocations under way. Times are not numbers here: a timer is due or
//! not yet, and an action makes it due. So every order of events is explored, and the states stay few.

use jiff::{SignedDuration, Timestamp};
use shared::breaker::{Breaker, ProbeId};
use shared::delivery::{DeadReason, Delivery, DeliveryState};
use shared::event::EventType;
use shared::id::{EventId, TenantId, WebhookId};

use crate::invocation::Phase;

/// The model's present. What is due is at or before it, what is not yet due is after it.
pub(crate) const NOW: Timestamp = Timestamp::UNIX_EPOCH;
/// Any time that is not yet due.
pub(crate) const LATER: SignedDuration = SignedDuration::from_hours(1);
/// Maximum challenges for one new URL, unless somebody asks for more.
pub(crate) const MOST_CHALLENGES: u8 = 2;
/// Maximum URLs that a webhook has one after the other.
pub(crate) const MOST_URLS: usize = 3;
/// Deliver invocations that may be under way at once.
pub(crate) const WORKERS: usize = 2;

/// The state of a delivery, as in [`DeliveryState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RowState {
    Waiting { due: bool },
    Delivered,
    Dead,
    Held,
    Discarded,
}

/// A row of the deliveries table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub state: RowState,
    pub round: u32,
    pub attempts: u32,
    /// The round of the attempt that delivered it. The real row does not have this.
    pub delivered_in: Option<u32>,
}

impl Row {
    /// The row as the real rules read it.
    pub(crate) fn as_read(self) -> Delivery {
        let state = match self.state {
            RowState::Waiting { due: true } => DeliveryState::Waiting { next_attempt_at: NOW },
            RowState::Waiting { due: false } => DeliveryState::Waiting { next_attempt_at: NOW + LATER },
            RowState::Delivered => DeliveryState::Delivered,
            RowState::Dead => DeliveryState::Dead { reason: DeadReason::AttemptsExhausted },
            RowState::Held => DeliveryState::Held,
            RowState::Discarded => DeliveryState::Discarded,
        };
        Delivery {
            tenant: TenantId::mint(NOW, [1; 10]),
            webhook: WebhookId::mint(NOW, [2; 10]),
            event: EventId::first_of(NOW),
            event_type: EventType::Delivered,
            state,
            round: self.round,
            round_attempts: self.attempts,
            attempts: Vec::new(),
            updated_at: NOW,
        }
    }
}

/// What dispatch knows of an accepted event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stream {
    /// Its insert is in the stream: the stream hands it over until its job is confirmed.
    Pending,
    /// Its job was confirmed by the deliveries queue.
    Done,
    /// There was no webhook when it was dispatched: nothing is owed.
    NotOwed,
}

/// A row of the registry: whether the webhook takes deliveries. Paused and disabled are the same for the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Webhook {
    On,
    Off,
    Deleted,
}

/// The last change of the webhook's URL. Nothing is delivered to the new URL before it has answered a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NewUrl {
    /// The number of the verification; a repeat call begins the next one.
    pub verification: u8,
    pub is_pending: bool,
    /// Challenges that were claimed.
    pub challenges: u8,
    /// Whether the next challenge may be made.
    pub due: bool,
}

/// A webhook and its breaker as an invocation has them, as in `functions/deliver/src/webhook_cache.rs`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct WebhookState {
    pub webhook: Webhook,
    pub suspended: bool,
    pub breaker: Breaker,
    pub url: u8,
    pub new_url: Option<NewUrl>,
}

impl WebhookState {
    /// Whether the webhook is off or pending, or its tenant is suspended.
    pub(crate) fn holds_deliveries(&self) -> bool {
        self.webhook != Webhook::On || self.suspended || self.is_pending()
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.new_url.is_some_and(|new| new.is_pending)
    }

    pub(crate) fn takes_attempts(&self) -> bool {
        !self.holds_deliveries() && matches!(self.breaker, Breaker::Closed { .. })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Queue {
    Deliveries,
    Retries,
    Slow,
    DeadLetter,
}

/// Which deliveries a recover job brings back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stuck {
    Held,
    Dead,
    /// The held deliveries of a webhook that is about to be deleted or enabled. The job is sent before the row is
    /// written, with a delay longer than the request lasts.
    Ahead,
    /// Old events without a row.
    Missing,
}

/// What travels in a queue. The sweep is an action of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Job {
    Deliver {
        event: usize,
        round: u32,
        resend: bool,
    },
    Recover(Stuck),
    Probe(u8),
    /// Wake the waiting deliveries whose message was lost, and end the held ones whose retention is over.
    Overdue,
    /// Asks a new URL for its consent, in the verification of this number.
    Verify(u8),
    /// Sends the first jobs of an event.
    Dispatch {
        event: usize,
    },
}

/// The name of the probe of the outage number `outage`.
pub(crate) fn probe_id(outage: u8) -> ProbeId {
    ProbeId::from_stored(outage.to_string())
}

/// A message. A hidden message may come back early, and the rooms must cope with that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    pub queue: Queue,
    pub job: Job,
    /// The message was received before, as `ApproximateReceiveCount` says. A redrive makes a new message of it.
    pub received: bool,
    /// The invocations that have the message in hand. There is more than one if the visibility of the message ended
    /// while its invocation was under way.
    pub holders: [bool; WORKERS],
    /// Whether the next receive may get the message.
    pub visible: bool,
}

impl Message {
    pub(crate) fn new(queue: Queue, job: Job) -> Self {
        Self { queue, job, received: false, holders: [false; WORKERS], visible: true }
    }

    /// Whether no invocation has the message in hand.
    pub(crate) fn is_free(&self) -> bool {
        self.holders == [false; WORKERS]
    }
}

/// What an operator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Disable,
    /// `patch.rs`: the webhook is written, its breaker forgotten, the recover job sent.
    Enable,
    /// `tenants/patch.rs`: the tenant is written as suspended.
    Suspend,
    /// `tenants/patch.rs` and `manage/lift.rs`: the tenant is written as not suspended, open breakers are closed, the
    /// recover jobs are sent.
    Lift,
    /// `delete.rs`: the recover job is sent, the webhook deleted, its breaker forgotten.
    Delete,
    /// `change.rs` and `consent.rs`: the webhook is written with another URL as pending, then the verify job is sent.
    ChangeUrl,
    /// `verify.rs`: the webhook is written with another verification, then its job is sent.
    VerifyAgain,
    Redrive,
    Recover(Stuck),
    /// `resend.rs`: the row is read, a job of the next round sent.
    Resend,
}

/// An operation that needs more than one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UnderWay {
    pub operation: Operation,
    /// Calls made.
    pub calls: u8,
    /// For a resend: the round that it will send. For a lift: 1 if the webhook takes deliveries.
    pub round: u32,
}

/// What may still happen to the world; a scope gives it at the start.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    /// Crashes of invocations, of dispatch and of the operator's requests, and calls whose answer is lost.
    pub crashes: u8,
    /// Messages handed out twice, or dead letters copied.
    pub duplicates: u8,
    /// Messages whose visibility ends while their invocation is under way.
    pub overruns: u8,
    /// Messages that SQS moves to the dead-letter queue after too many receives.
    pub poisonings: u8,
    /// Messages that an older release receives, and may not act on: it parks them.
    pub parked: u8,
    /// Messages of waiting deliveries that SQS loses.
    pub losses: u8,
    /// How often the retention of what is held ends.
    pub retention_ends: u8,
    /// Attempts that find no slot of their webhook's rate limit.
    pub slots: u8,
    /// Jobs that are sent to the slow queue, because their receiver or their tenant is slow.
    pub slow: u8,
    /// Sweeps.
    pub sweeps: u8,
    /// What the operator may do, each at most once and in this order.
    pub operations: Vec<Operation>,
}

/// An invariant that a step breaks, and that stays broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    /// A job attempted what was delivered.
    AttemptedAgain,
    /// A row that said delivered says something else, and nobody asked for that.
    DeliveredUndone,
    /// A row's round fell.
    RoundFell,
    /// A receiver accepted, its answer arrived, and the row does not say so.
    AcceptanceForgotten,
    /// A URL that has not agreed was attempted.
    AttemptedUnagreed,
}

/// The whole world.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub stream: Vec<Stream>,
    pub rows: Vec<Option<Row>>,
    /// Whether the delivery has been held for as long as the retention allows. A write of the row begins it anew.
    pub held_too_long: Vec<bool>,
    /// Whether the receiver has accepted the event. The row may say something else.
    pub accepted: Vec<bool>,
    pub webhook: Webhook,
    /// Whether the webhook's tenant is suspended.
    pub suspended: bool,
    /// The number of the webhook's URL.
    pub url: u8,
    pub new_url: Option<NewUrl>,
    /// Which URLs have agreed to be delivered to.
    pub agreed: [bool; MOST_URLS],
    pub breaker: Breaker,
    /// Probes that were named so far.
    pub outages: u8,
    /// Sorted, so that two worlds with the same messages are the same.
    pub messages: Vec<Message>,
    pub workers: [Option<Phase>; WORKERS],
    /// What warm functions remember.
    pub caches: [Option<WebhookState>; WORKERS],
    pub operator: Option<UnderWay>,
    /// The events were accepted a while ago: first jobs read their rows from now on, and an event without a row is
    /// missing.
    pub events_are_old: bool,
    pub left: Left,
    /// Something was lost that only the sweep finds: a request broke off, the message of a waiting delivery was lost,
    /// or a probe, a recover job, a verify job or an overdue job is among the dead letters.
    pub sweep_is_due: bool,
    pub broken: Option<Broken>,
}

impl State {
    pub(crate) fn webhook_state(&self) -> WebhookState {
        let breaker = self.breaker.clone();
        WebhookState { webhook: self.webhook, suspended: self.suspended, breaker, url: self.url, new_url: self.new_url }
    }

    /// An attempt to this URL is about to be made.
    pub(crate) fn note_attempt(&mut self, url: u8) {
        if !self.agreed[usize::from(url)] {
            self.broken = Some(Broken::AttemptedUnagreed);
        }
    }

    /// The verification of a new URL that has challenges left.
    pub(crate) fn verification_left(&self) -> Option<u8> {
        let new = self.new_url.filter(|new| new.is_pending && new.challenges < MOST_CHALLENGES)?;
        (self.webhook != Webhook::Deleted).then_some(new.verification)
    }

    pub(crate) fn send(&mut self, queue: Queue, job: Job) {
        self.messages.push(Message::new(queue, job));
        self.messages.sort_unstable();
    }

    /// The message that an invocation has in hand. After the mutant "acknowledge first" there is none.
    pub(crate) fn in_hand(&self, worker: usize) -> Option<usize> {
        self.messages.iter().position(|message| message.holders[worker])
    }

    /// Whether the events may have grown old. An invocation that began while they were young is over a minute later.
    pub(crate) fn may_grow_old(&self) -> bool {
        !self.workers.iter().flatten().any(Phase::has_first_job)
    }

    /// Whether a job is what a waiting delivery waits for.
    pub(crate) fn is_waited_for(&self, job: Job) -> bool {
        let Job::Deliver { event, round, .. } = job else { return false };
        self.rows[event].is_some_and(|row| row.round == round && matches!(row.state, RowState::Waiting { .. }))
    }

    pub(crate) fn in_state(&self, state: RowState) -> Vec<usize> {
        let is = |event: &usize| self.rows[*event].is_some_and(|row| row.state == state);
        (0..self.rows.len()).filter(is).collect()
    }
}
