//! What becomes of a received message.

use jiff::Timestamp;
use shared::queue::Outgoing;
use shared::queue::job::Deliver as DeliverJob;

/// What becomes of a received message once its job was carried out as far as it could be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    /// It is deleted: nothing is left to do.
    Finish,
    /// It comes back when its visibility ends: something failed on our side.
    ComeBack,
    /// It waits in the retries queue.
    Wait {
        /// Not before this time.
        until: Timestamp,
    },
    /// This job waits for its slot in the retries queue, as a new message, and the received one is deleted. A delayed
    /// message, other than a hidden one, is not in flight: however long the line is, it takes nothing of the 120,000
    /// that SQS allows.
    WaitInLine {
        /// With its slot.
        job: Box<DeliverJob>,
        /// When that begins.
        until: Timestamp,
    },
    /// It goes to the dead-letter queue.
    Bury(Outgoing),
    /// These go to the deliveries queue, then it is deleted.
    Forward(Vec<Outgoing>),
}

/// What becomes of messages, each by its position in the batch.
pub(crate) type Nexts = Vec<(usize, Next)>;
