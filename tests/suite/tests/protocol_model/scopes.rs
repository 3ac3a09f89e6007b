//! The scopes: each asks one question about the protocol, and is small enough to be explored completely.

use crate::scope::{Answer, OPENS_AT_ONCE, Scope};
use crate::state::{Left, Operation, Stuck};

const ALL_ANSWERS: &[Answer] = &[Answer::Accept, Answer::Refuse, Answer::Gone, Answer::AcceptUnheard];
const UP_OR_DOWN: &[Answer] = &[Answer::Accept, Answer::Refuse];

/// All scopes that a test run explores.
pub(crate) fn all() -> Vec<Scope> {
    vec![
        answers(),
        fanning_out(),
        poisoned_fan_out(),
        two_releases(),
        fan_out_of_two_releases(),
        slow(),
        slow_copies(),
        slow_outage(),
        copies(),
        redrives(),
        holding(),
        overrun(),
        overrun_letter(),
        overrun_outage(),
        deletion(),
        outage(),
        broken_outage(),
        lost_probe(),
        resending(),
        poison(),
        recovering(),
        recovered_copies(),
        missing(),
        memories(),
        lost_wait(),
        held_too_long(),
        forgotten(),
        suspension(),
        two_reasons(),
        suspended_outage(),
        disabled_outage(),
        resumed_outage(),
        new_url(),
        remembered_url(),
        copied_challenge(),
        newer_url(),
        asked_again(),
        lost_challenge(),
        pending_outage(),
        pending_and_suspended(),
        pending_for_good(),
    ]
}

/// Scopes in which more goes wrong at the same time. Each takes minutes.
#[cfg(feature = "deep-model")]
pub(crate) fn deep() -> Vec<Scope> {
    let more = |name, scope: Scope, crashes, duplicates| {
        let left = Left { crashes, duplicates, ..scope.left.clone() };
        Scope { name, left, ..scope }
    };
    let deep_outage = Scope { outages: 2, ..more("deep outage", outage(), 1, 0) };
    let deep_missing = more("deep missing", missing(), 1, 1);
    let deep_resending = more("deep resending", resending(), 1, 1);
    let deep_fan_out = more("deep fan-out", fanning_out(), 2, 1);
    let deep_copies = Scope { answers: ALL_ANSWERS, ..more("deep copies", copies(), 2, 1) };
    let deep_overrun = more("deep overrun", overrun(), 1, 1);
    let deep_url = Scope { workers: 2, ..new_url() };
    let deep_url = more("deep new URL", deep_url, 1, 1);
    vec![deep_missing, deep_resending, deep_outage, deep_fan_out, deep_copies, deep_overrun, deep_url]
}

/// Every answer, crashes anywhere.
pub(crate) fn answers() -> Scope {
    let calm = Scope::calm("answers");
    let left = Left { crashes: 2, duplicates: 1, slots: 1, ..calm.left };
    Scope { answers: ALL_ANSWERS, delays: &[1], left, ..calm }
}

/// A receiver that is slow: its job goes to the slow queue, from either queue, also after it has waited. Crashes come
/// between the send and the delete.
pub(crate) fn slow() -> Scope {
    let calm = Scope::calm("slow");
    let left = Left { crashes: 2, duplicates: 1, slots: 1, slow: 2, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], left, ..calm }
}

/// Copies of a job, one in the slow queue and one that another function attempts, and a redrive.
pub(crate) fn slow_copies() -> Scope {
    let calm = Scope::calm("slow copies").with(&[Operation::Redrive]);
    let left = Left { crashes: 1, duplicates: 1, slow: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, workers: 2, left, ..calm }
}

/// A receiver that hangs: its job and the probe of its breaker go to the slow queue.
pub(crate) fn slow_outage() -> Scope {
    let calm = Scope::calm("slow outage");
    let left = Left { crashes: 1, slow: 2, ..calm.left };
    Scope { answers: UP_OR_DOWN, breaker: OPENS_AT_ONCE, outages: 1, workers: 2, left, ..calm }
}

/// An event that so many webhooks want that a job sends its first jobs. That job can be copied.
pub(crate) fn fanning_out() -> Scope {
    let calm = Scope::calm("fanning out").with(&[Operation::Delete]);
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, fans_out: true, workers: 2, left, ..calm }
}

/// The job that sends first jobs ends as a dead letter, and somebody redrives it.
pub(crate) fn poisoned_fan_out() -> Scope {
    let calm = Scope::calm("poisoned fan-out").with(&[Operation::Redrive]);
    let left = Left { crashes: 2, poisonings: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, fans_out: true, left, ..calm }
}

/// Jobs of a newer release, which an older one receives first: from each queue, with crashes between the effects.
pub(crate) fn two_releases() -> Scope {
    let calm = Scope::calm("two releases").with(&[Operation::Redrive]);
    let left = Left { crashes: 1, parked: 2, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], workers: 2, left, ..calm }
}

/// The job that sends the first jobs of an event is of a newer release, or only that release can read the event.
pub(crate) fn fan_out_of_two_releases() -> Scope {
    let calm = Scope::calm("fan-out of two releases");
    let left = Left { crashes: 1, parked: 2, ..calm.left };
    Scope { answers: UP_OR_DOWN, fans_out: true, left, ..calm }
}

/// Two copies of one delivery's job at the same time.
pub(crate) fn copies() -> Scope {
    let calm = Scope::calm("copies");
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], workers: 2, left, ..calm }
}

/// A dead letter, copied and redriven twice.
pub(crate) fn redrives() -> Scope {
    let calm = Scope::calm("redrives").with(&[Operation::Redrive, Operation::Redrive]);
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, workers: 2, left, ..calm }
}

/// The webhook is disabled and enabled at any step.
pub(crate) fn holding() -> Scope {
    let calm = Scope::calm("holding").with(&[Operation::Disable, Operation::Enable]);
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { workers: 2, left, ..calm }
}

/// The visibility of a message ends while its invocation is under way, so that two invocations have the same message.
/// The webhook is disabled and enabled at any step.
pub(crate) fn overrun() -> Scope {
    let calm = Scope::calm("overrun").with(&[Operation::Disable, Operation::Enable, Operation::Disable]);
    let left = Left { overruns: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], workers: 2, left, ..calm }
}

/// Two invocations have the message of a delivery that dies, and of a redriven one.
pub(crate) fn overrun_letter() -> Scope {
    let calm = Scope::calm("overrun letter").with(&[Operation::Redrive]);
    let left = Left { crashes: 1, overruns: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], workers: 2, left, ..calm }
}

/// Two invocations have the same message, and the breaker opens and closes.
pub(crate) fn overrun_outage() -> Scope {
    let calm = Scope::calm("overrun outage");
    let left = Left { overruns: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], breaker: OPENS_AT_ONCE, outages: 1, workers: 2, left, ..calm }
}

/// The tenant is suspended at any step, and the suspension is lifted at any later one.
pub(crate) fn suspension() -> Scope {
    let calm = Scope::calm("suspension").with(&[Operation::Suspend, Operation::Lift]);
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { workers: 2, caches: true, left, ..calm }
}

/// The webhook is disabled and the tenant is suspended. Each reason to hold ends without the other.
pub(crate) fn two_reasons() -> Scope {
    let operations = [Operation::Suspend, Operation::Disable, Operation::Lift, Operation::Enable];
    let calm = Scope::calm("two reasons").with(&operations);
    let left = Left { crashes: 1, ..calm.left };
    Scope { workers: 2, left, ..calm }
}

/// The tenant is suspended while its receiver is down, so that the probe ends during the suspension.
pub(crate) fn suspended_outage() -> Scope {
    let calm = Scope::calm("suspended outage").with(&[Operation::Suspend, Operation::Lift]);
    Scope { answers: UP_OR_DOWN, breaker: OPENS_AT_ONCE, outages: 1, workers: 2, ..calm }
}

/// The webhook is disabled while its receiver is down, so that the probe ends before the webhook is enabled. Enabling
/// may break off.
pub(crate) fn disabled_outage() -> Scope {
    let calm = Scope::calm("disabled outage").with(&[Operation::Disable, Operation::Enable]);
    let left = Left { crashes: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, breaker: OPENS_AT_ONCE, outages: 1, workers: 2, left, ..calm }
}

/// Somebody resumes deliveries while the receiver is down. The request may break off.
pub(crate) fn resumed_outage() -> Scope {
    let calm = Scope::calm("resumed outage").with(&[Operation::Enable]);
    let left = Left { crashes: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], breaker: OPENS_AT_ONCE, outages: 1, left, ..calm }
}

/// The webhook is deleted while it holds a delivery.
pub(crate) fn deletion() -> Scope {
    let calm = Scope::calm("deletion").with(&[Operation::Disable, Operation::Delete]);
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { workers: 2, left, ..calm }
}

/// A receiver that is down and comes back, with two deliveries owed to it.
pub(crate) fn outage() -> Scope {
    let calm = Scope::calm("outage");
    Scope { events: 2, answers: UP_OR_DOWN, breaker: OPENS_AT_ONCE, outages: 1, workers: 2, ..calm }
}

/// Like `outage`, with crashes at any step.
pub(crate) fn broken_outage() -> Scope {
    let calm = Scope::calm("broken outage");
    let left = Left { crashes: 1, ..calm.left };
    Scope { events: 2, answers: UP_OR_DOWN, delays: &[1], breaker: OPENS_AT_ONCE, outages: 1, left, ..calm }
}

/// A probe that SQS moves to the dead-letter queue.
pub(crate) fn lost_probe() -> Scope {
    let calm = Scope::calm("lost probe");
    let left = Left { crashes: 1, poisonings: 1, sweeps: 1, ..calm.left };
    Scope { events: 2, answers: UP_OR_DOWN, breaker: OPENS_AT_ONCE, outages: 1, left, ..calm }
}

/// A resend while other jobs are under way, and a redrive.
pub(crate) fn resending() -> Scope {
    let calm = Scope::calm("resending").with(&[Operation::Resend, Operation::Redrive]);
    let left = Left { crashes: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, workers: 2, left, ..calm }
}

/// Messages that SQS itself moves to the dead-letter queue, and somebody redrives.
pub(crate) fn poison() -> Scope {
    let calm = Scope::calm("poison").with(&[Operation::Redrive]);
    let left = Left { crashes: 2, duplicates: 1, poisonings: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, left, ..calm }
}

/// Dead deliveries recovered while their letters are redriven.
pub(crate) fn recovering() -> Scope {
    let operations = [Operation::Recover(Stuck::Dead), Operation::Redrive];
    let calm = Scope::calm("recovering").with(&operations);
    let left = Left { crashes: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, workers: 2, left, ..calm }
}

/// A page of held deliveries that is recovered twice, and held again in between.
pub(crate) fn recovered_copies() -> Scope {
    let operations = [Operation::Disable, Operation::Enable, Operation::Disable, Operation::Enable];
    let calm = Scope::calm("recovered copies").with(&operations);
    let left = Left { duplicates: 1, ..calm.left };
    Scope { workers: 2, left, ..calm }
}

/// Events taken for missing while their first jobs are still somewhere.
pub(crate) fn missing() -> Scope {
    let calm = Scope::calm("missing").with(&[Operation::Recover(Stuck::Missing)]);
    let left = Left { crashes: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, workers: 2, events_grow_old: true, left, ..calm }
}

/// Functions that have cached an old state of the webhook.
pub(crate) fn memories() -> Scope {
    let calm = Scope::calm("memories").with(&[Operation::Disable, Operation::Enable]);
    let left = Left { crashes: 1, duplicates: 1, ..calm.left };
    Scope { workers: 2, caches: true, left, ..calm }
}

/// The message of a waiting delivery that SQS loses, or keeps while the sweep takes it for lost.
pub(crate) fn lost_wait() -> Scope {
    let calm = Scope::calm("lost wait");
    let left = Left { crashes: 1, losses: 1, sweeps: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, delays: &[1], workers: 2, left, ..calm }
}

/// A delivery that is held until its retention ends, while its webhook is enabled after all.
pub(crate) fn held_too_long() -> Scope {
    let calm = Scope::calm("held too long").with(&[Operation::Disable, Operation::Enable]);
    let left = Left { retention_ends: 1, sweeps: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, workers: 2, left, ..calm }
}

/// A delivery that is held by a webhook that nobody enables, with crashes and copies.
pub(crate) fn forgotten() -> Scope {
    let calm = Scope::calm("forgotten").with(&[Operation::Disable]);
    let left = Left { crashes: 1, duplicates: 1, retention_ends: 1, sweeps: 1, ..calm.left };
    Scope { left, ..calm }
}

/// The URL changes at any step, and the new one answers or not.
pub(crate) fn new_url() -> Scope {
    let calm = Scope::calm("new URL").with(&[Operation::ChangeUrl]);
    let left = Left { crashes: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, left, ..calm }
}

/// Like `new_url`, with two invocations, which have cached an old state of the webhook.
pub(crate) fn remembered_url() -> Scope {
    let calm = Scope::calm("remembered URL").with(&[Operation::ChangeUrl]);
    Scope { workers: 2, caches: true, ..calm }
}

/// The verify job comes twice.
pub(crate) fn copied_challenge() -> Scope {
    let calm = Scope::calm("copied challenge").with(&[Operation::ChangeUrl]);
    let left = Left { duplicates: 1, ..calm.left };
    Scope { workers: 2, left, ..calm }
}

/// The URL changes again while the one before is challenged.
pub(crate) fn newer_url() -> Scope {
    let calm = Scope::calm("newer URL").with(&[Operation::ChangeUrl, Operation::ChangeUrl]);
    Scope { workers: 2, ..calm }
}

/// The tenant asks for challenges again, also while some are under way.
pub(crate) fn asked_again() -> Scope {
    let operations = [Operation::ChangeUrl, Operation::VerifyAgain];
    let calm = Scope::calm("asked again").with(&operations);
    Scope { answers: UP_OR_DOWN, workers: 2, ..calm }
}

/// A verify job that SQS moves to the dead-letter queue, or that is never sent because the request breaks off.
pub(crate) fn lost_challenge() -> Scope {
    let calm = Scope::calm("lost challenge").with(&[Operation::ChangeUrl]);
    let left = Left { crashes: 1, poisonings: 1, sweeps: 1, ..calm.left };
    Scope { left, ..calm }
}

/// The URL changes because its receiver is down, so that the probe ends while the webhook is pending.
pub(crate) fn pending_outage() -> Scope {
    let calm = Scope::calm("pending outage").with(&[Operation::ChangeUrl]);
    Scope { answers: UP_OR_DOWN, breaker: OPENS_AT_ONCE, outages: 1, workers: 2, ..calm }
}

/// The tenant is suspended while its webhook is pending.
pub(crate) fn pending_and_suspended() -> Scope {
    let operations = [Operation::ChangeUrl, Operation::Suspend, Operation::Lift];
    let calm = Scope::calm("pending and suspended").with(&operations);
    Scope { workers: 2, ..calm }
}

/// A new URL that may never answer, until the retention of what is held for it ends.
pub(crate) fn pending_for_good() -> Scope {
    let calm = Scope::calm("pending for good").with(&[Operation::ChangeUrl]);
    let left = Left { retention_ends: 1, sweeps: 1, ..calm.left };
    Scope { answers: UP_OR_DOWN, left, ..calm }
}
