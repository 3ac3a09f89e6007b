//! The messages that are sent together. Pure.

use shared::id::{EventId, WebhookId};
use shared::queue::Outgoing;

/// Maximum messages of a portion. Reason: these are five times the calls that `Queue::send` makes at the same time.
pub(crate) const MAX_JOBS: usize = 400;
/// Maximum bytes of a portion's bodies (4 MiB). Reason: the memory of the room must not depend on the number of a
/// tenant's webhooks. The SDK also holds up to eight calls of 240 KiB, each a few times.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What a message is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct For {
    /// The record's position in the batch.
    pub(crate) record: usize,
    /// The delivery; `None` for messages that are about a whole event.
    pub(crate) delivery: Option<(EventId, WebhookId)>,
}

/// Messages for one queue.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    pub(crate) messages: Vec<Outgoing>,
    /// What each message is sent for, in the order of the messages.
    pub(crate) sent_for: Vec<For>,
    bytes: usize,
}

impl Portion {
    pub(crate) fn add(&mut self, message: Outgoing, sent_for: For) {
        self.bytes += message.body.len();
        self.messages.push(message);
        self.sent_for.push(sent_for);
    }

    /// Whether the portion must be sent before another message is added.
    pub(crate) fn is_full(&self) -> bool {
        self.messages.len() >= MAX_JOBS || self.bytes >= MAX_BYTES
    }

    /// The first record that has a message in the portion.
    pub(crate) fn first_record(&self) -> Option<usize> {
        self.sent_for.first().map(|sent_for| sent_for.record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize) -> Outgoing {
        Outgoing { body: "x".repeat(bytes), group: String::new(), delay_seconds: 0, attributes: Vec::new() }
    }

    fn fills_with(bytes: usize) -> usize {
        let mut portion = Portion::default();
        while !portion.is_full() {
            portion.add(message(bytes), For { record: portion.messages.len(), delivery: None });
        }
        assert_eq!(portion.first_record(), Some(0));
        portion.messages.len()
    }

    #[test]
    fn is_bounded_by_count_and_by_bytes() {
        assert_eq!(fills_with(1), MAX_JOBS);
        assert_eq!(fills_with(64 * 1024), MAX_BYTES / (64 * 1024));
    }
}
