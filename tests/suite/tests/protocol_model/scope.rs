//! How much of the world one exploration covers, and the errors that the model can make.

use shared::breaker::BreakerSettings;

use crate::state::{Left, Operation, Webhook};

/// How a receiver answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Answer {
    /// 200.
    Accept,
    /// 500.
    Refuse,
    /// 410.
    Gone,
    /// It accepts, but its answer does not arrive in time. For us this is like a receiver that hangs.
    AcceptUnheard,
}

/// One exploration.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub name: &'static str,
    pub events: usize,
    pub webhook: Webhook,
    pub answers: &'static [Answer],
    /// Delays of the retry policy; the model takes their number, not their length.
    pub delays: &'static [i64],
    pub breaker: BreakerSettings,
    /// Invocations that may be under way at once.
    pub workers: usize,
    /// Whether functions cache webhooks, and so may use old states of them.
    pub caches: bool,
    /// Whether the events may grow old while they are not delivered.
    pub events_grow_old: bool,
    /// Whether dispatch hands events over to jobs: so many webhooks want them.
    pub fans_out: bool,
    pub left: Left,
    /// Maximum outages, and maximum failed probes of one outage.
    pub outages: u8,
    pub mutant: Option<Mutant>,
}

/// A breaker that never opens.
pub(crate) const NEVER_OPENS: BreakerSettings =
    BreakerSettings { failures: 1_000, window_seconds: 0, disable_after_hours: 720 };
/// A breaker that the first failure opens, and that gives up once its outage is old.
pub(crate) const OPENS_AT_ONCE: BreakerSettings =
    BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 1 };

impl Scope {
    /// One event, one worker, a receiver that accepts, and no failures.
    pub(crate) fn calm(name: &'static str) -> Self {
        Self {
            name,
            events: 1,
            webhook: Webhook::On,
            answers: &[Answer::Accept],
            delays: &[],
            breaker: NEVER_OPENS,
            workers: 1,
            caches: false,
            events_grow_old: false,
            fans_out: false,
            left: Left {
                crashes: 0,
                duplicates: 0,
                overruns: 0,
                poisonings: 0,
                parked: 0,
                losses: 0,
                retention_ends: 0,
                slots: 0,
                slow: 0,
                sweeps: 0,
                operations: Vec::new(),
            },
            outages: 2,
            mutant: None,
        }
    }

    /// This scope with these operations of an operator.
    pub(crate) fn with(mut self, operations: &[Operation]) -> Self {
        self.left.operations = operations.to_vec();
        self
    }
}

/// An error that a change of the rooms could make, made in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A received message is deleted before its job is carried out.
    AcknowledgeFirst,
    /// A message that is to wait is deleted before its copy is in the retries queue.
    AcknowledgeBeforeHandingOver,
    /// The stream's record is confirmed before the job is sent.
    ConfirmBeforeDispatch,
    /// The job that an event is handed over to is deleted before it has sent the first jobs.
    FanOutAcknowledgedFirst,
    /// A dead letter has the round of its row.
    SameRoundInDeadLetter,
    /// A job of a dead row is deleted: its dead letter is taken for sent.
    NoSecondLetter,
    /// A round after the first begins without a claim.
    ClaimSkipped,
    /// A row is written without its condition.
    UnconditionalWrite,
    /// After a lost race the row counts, even if the receiver has accepted.
    NothingForced,
    /// A forced write ignores a later round. The room did this until this model found the error.
    ForcedWriteLowersRounds,
    /// A write of held that meets another write counts as done. The room did this until the fault suite lost
    /// deliveries.
    LostHoldIsHeld,
    /// A delivery that is held is attempted in the same round. The room did this until this model found the error.
    HeldRoundGoesOn,
    /// An attempt is recorded even if its delivery was held since. The room did this until this model found the error.
    HoldIsOverwritten,
    /// A job that loses the claim to one that has written dead sends no dead letter. The room did this until this model
    /// found the error.
    LostClaimDropsLetter,
    /// A job of an earlier round is not obsolete.
    OldRoundGoesOn,
    /// A redrive of what was delivered begins a round.
    RedriveOfDelivered,
    /// A redriven first job is taken for a fresh one, and reads no row. The room did this until this model found the
    /// error.
    RedrivenIsFresh,
    /// A job that writes held does not read the webhook afresh.
    HoldWithoutLookingAfresh,
    /// The breaker is opened before its probe is sent.
    ProbeSentAfterOpening,
    /// A probe that closes the breaker releases nothing.
    CloseWithoutRecover,
    /// A probe that has closed the breaker is void when it comes back.
    ClosedProbeIsVoid,
    /// No recover job is sent before a webhook is enabled.
    EnableWithoutJobAhead,
    /// The recover job that is sent before a webhook is enabled may run before that.
    EnablingOutlastsItsDelay,
    /// Enabling a webhook leaves its breaker open, and closes it with a later call.
    EnableKeepsBreaker,
    /// A request that resumes deliveries closes the breaker before it sends the job for what is held.
    ResumeWithoutJobAhead,
    /// After a suspension is lifted, nothing releases what was held.
    LiftWithoutRecover,
    /// After a suspension is lifted, breakers stay open whose probes ended during the suspension.
    LiftKeepsBreakers,
    /// The recover job of a deletion may run before the deletion. The room did this until this model found the error.
    DeletionOutlastsItsDelay,
    /// Nothing sweeps.
    NoSweep,
    /// The sweep does not look for waiting deliveries that are overdue.
    NothingIsOverdue,
    /// A delivery is woken even if its row has changed since it was listed.
    WokenWithoutCondition,
    /// The sweep leaves what is held for longer than the retention.
    NothingHeldEnds,
    /// The sweep itself writes a held delivery as dead, and sends the dead letter after that.
    EndedByTheSweep,
    /// A URL's answer counts for the URL that the webhook has by then.
    AnswerOfAnotherUrl,
    /// Deliveries to a pending webhook are attempted.
    PendingTakesAttempts,
    /// After a URL has answered its challenge, nothing releases what was held.
    VerifiedWithoutRecover,
    /// After a URL has answered its challenge, a breaker stays open whose probe ended while the webhook was pending.
    VerifiedKeepsBreaker,
    /// The verify job is sent before the row is written.
    ChallengeBeforeRow,
    /// No verify job is sent.
    NoChallengeSent,
    /// After a suspension is lifted, no verify job is sent.
    LiftWithoutChallenge,
    /// The sweep does not look for challenges whose job was lost.
    NoChallengeIsLost,
    /// An older release buries the job that it may not act on. The room did this to every job of a newer release.
    BuriedAsUnreadable,
    /// An older release deletes the job that it may not act on.
    ParkedIsDeleted,
    /// A job that waits for a slot is deleted and not sent anew.
    SlotForgetsTheJob,
    /// A job that goes to the slow queue is deleted before its copy is there.
    AcknowledgeBeforeTheSlowQueue,
    /// A job of the slow queue is sent to the slow queue again, and never attempted.
    SlowForEver,
}
