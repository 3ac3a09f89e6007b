//! The queues of the room.

use shared::queue::Queue;

/// The queues that messages go to after their jobs were carried out.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "`deliveries` alone is the table of that name")]
pub(crate) struct Queues {
    pub(crate) deliveries_queue: Queue,
    pub(crate) retries_queue: Queue,
    pub(crate) dead_letter_queue: Queue,
}
