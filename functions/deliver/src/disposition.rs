//! What becomes of a received message.

use jiff::Timestamp;
use shared::queue::Outgoing;
use shared::queue::job::DeliverJob;
use shared::store::StoreError;

/// What becomes of a received message after its job was carried out as far as possible.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Disposition {
    /// The message is deleted: nothing is left to do.
    Delete,
    /// The message comes back when its visibility ends: something failed on our side.
    Redeliver,
    /// The job waits in the retries queue.
    RetryAt {
        /// The job is not due before this time.
        at: Timestamp,
    },
    /// The job waits for its slot, as a new message, and the received message is deleted. The new message is in the
    /// retries queue, or in the slow queue if the received one was: a job of the slow queue stays there until it is
    /// attempted. A delayed message is not in flight, a hidden one is: however long the line for slots is, it takes
    /// nothing of the 120,000 messages in flight that SQS allows.
    Requeue {
        /// The job with its slot.
        job: Box<DeliverJob>,
        /// When the slot begins.
        at: Timestamp,
    },
    /// The message waits in the retries queue as it is, for a newer release: this release must not act on its job, or
    /// cannot read its event or a row that the job needs.
    Park,
    /// The job goes to the slow queue, unattempted, then the received message is deleted.
    ToSlowQueue,
    /// This message goes to the dead-letter queue, then the received message is deleted.
    DeadLetter(Outgoing),
    /// These messages go to the deliveries queue, then the received message is deleted.
    Replace(Vec<Outgoing>),
}

/// Dispositions of messages, each with the message's position in the batch.
pub(crate) type Dispositions = Vec<(usize, Disposition)>;

/// Why a job goes no further in this invocation.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is known what becomes of its message.
    Settled(Disposition),
    /// A call failed on our side. The message comes back.
    Failed(StoreError),
}

impl From<Disposition> for Stop {
    fn from(disposition: Disposition) -> Self {
        Self::Settled(disposition)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
