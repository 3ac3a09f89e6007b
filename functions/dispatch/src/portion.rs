//! The messages that are sent together. Pure.

use shared::id::{EventId, WebhookId};
use shared::queue::Outgoing;

/// Maximum messages of a portion. Reason: five rounds of the calls that `Queue::send` makes side by side.
pub(crate) const MAX_JOBS: usize = 400;
/// Maximum bytes of a portion's bodies (4 MiB). Reason: the memory of the room does not depend on how many webhooks a
/// tenant has. The SDK holds up to eight calls of 240 KiB more, each a few times.
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
    /// For each message what it is for.
    pub(crate) sent_for: Vec<For>,
    bytes: usize,
}

impl Portion {
    pub(crate) fn add(&mut self, message: Outgoing, sent_for: For) {
        self.bytes += message.body.len();
        self.messages.push(message);
        self.sent_for.push(sent_for);
    }

    /// Whether it should be sent before another message is added.
    pub(crate) fn is_full(&self) -> bool {
        self.messages.len() >= MAX_JOBS || self.bytes >= MAX_BYTES
    }

    /// The first record of which something is in it.
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
