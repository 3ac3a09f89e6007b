//! The jobs that SQS has confirmed of records that must be replayed. The replay nearly always comes to the same warm
//! function. Then receivers do not get these jobs a second time.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use shared::id::{EventId, WebhookId};

/// Maximum jobs that are remembered. Reason: ten portions and the webhooks of a tenant fit, in a few hundred KB.
const MAX_REMEMBERED: usize = 5_000;

/// Confirmed jobs by event and webhook. None of them is ever sent for another reason, so none becomes stale.
#[derive(Debug, Default)]
pub(crate) struct Sent(Mutex<HashSet<(EventId, WebhookId)>>);

impl Sent {
    /// Remembers confirmed jobs.
    pub(crate) fn remember(&self, jobs: impl Iterator<Item = (EventId, WebhookId)>) {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for job in jobs {
            if sent.len() >= MAX_REMEMBERED {
                sent.clear();
            }
            sent.insert(job);
        }
    }

    /// Whether a job was confirmed before. Forgets the job.
    pub(crate) fn take(&self, event: EventId, webhook: WebhookId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(event, webhook))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn remembers_once_and_no_more_than_it_may() {
        let sent = Sent::default();
        let event = EventId::first_of(Timestamp::UNIX_EPOCH);
        let webhook = |number: u16| {
            let [high, low] = number.to_be_bytes();
            WebhookId::mint(Timestamp::UNIX_EPOCH, [0, 0, 0, 0, 0, 0, 0, 0, high, low])
        };
        sent.remember((0..3).map(|number| (event, webhook(number))));
        assert!(sent.take(event, webhook(1)) && !sent.take(event, webhook(1)));
        sent.remember((0..6_000).map(|number| (event, webhook(number))));
        assert!(sent.0.lock().unwrap().len() <= MAX_REMEMBERED);
        assert!(sent.take(event, webhook(5_999)));
    }
}
