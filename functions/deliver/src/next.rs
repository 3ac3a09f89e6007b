//! What becomes of a received message.

use jiff::Timestamp;
use shared::queue::Outgoing;

/// What becomes of a received message once its job was carried out as far as it could be.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// It goes to the dead-letter queue.
    Bury(Outgoing),
    /// These go to the deliveries queue, then it is deleted.
    Forward(Vec<Outgoing>),
}
