//! The queues of the room.

use shared::queue::Queue;

/// The queue that a message was received from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceQueue {
    /// The queue of fresh, redriven and recovered jobs.
    Deliveries,
    /// The queue of jobs that wait for their next attempt.
    Retries,
    /// The queue of jobs whose receiver or tenant is slow.
    Slow,
}

/// The queues that messages go to after their jobs were carried out.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "`deliveries` alone is the table of that name")]
pub(crate) struct Queues {
    pub(crate) deliveries_queue: Queue,
    pub(crate) retries_queue: Queue,
    pub(crate) slow_queue: Queue,
    pub(crate) dead_letter_queue: Queue,
}

impl Queues {
    /// The queue that an event source ARN names.
    pub(crate) fn source(&self, arn: &str) -> SourceQueue {
        if self.retries_queue.is_source(arn) {
            SourceQueue::Retries
        } else if self.slow_queue.is_source(arn) {
            SourceQueue::Slow
        } else {
            SourceQueue::Deliveries
        }
    }
}
