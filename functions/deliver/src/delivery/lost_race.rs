//! What becomes of a message whose delivery's row has changed since it was read: another copy of the job was faster, or
//! our own write took effect, its answer was lost, and the SDK's second try met the write. Pure.

use jiff::Timestamp;
use shared::delivery::Delivery;
use shared::delivery::job_verdict::{JobVerdict, judge};
use shared::queue::job::DeliverJob;

use crate::dead_letter::dead_letter;
use crate::disposition::Disposition;

/// What the row of a delivery, as it is now, makes of the message of `job`.
///
/// The message may be the only one that the delivery has, even if it was another function that wrote the row. Reason:
/// two functions may have the same message, if its visibility ended while its batch waited for a function. So the
/// message is deleted only if the row needs no message of this round any more.
pub(super) fn decided_by(row: Option<&Delivery>, job: &DeliverJob, now: Timestamp) -> Disposition {
    match judge(job.round, job.resend, row, now) {
        JobVerdict::NotDue { at } => Disposition::RetryAt { at },
        JobVerdict::Obsolete => Disposition::Delete,
        // The function that wrote the row may have crashed before it sent the dead letter. Two dead letters are
        // harmless: they are of the same round, which is claimed once.
        JobVerdict::ResendDeadLetter { reason } => dead_letter(job, reason),
        JobVerdict::Attempt(_) => Disposition::Redeliver,
    }
}
