//! How this function's places are used, by [`shared::place_use`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::id::{TenantId, WebhookId};
use shared::place_use::PlaceUse;
use shared::queue::job::DeliverJob;

use crate::message::ReceivedMessage;
use crate::queues::SourceQueue;

/// Maximum time by which a retry is late although it waits for nobody (1 s). Reason: its visibility timeout is rounded
/// up to a second.
const ROUNDED_UP: SignedDuration = SignedDuration::from_secs(1);

/// What one function knows of the use of its places.
#[derive(Debug)]
pub(crate) struct Places {
    place_use: Mutex<PlaceUse>,
}

impl Places {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { place_use: Mutex::new(PlaceUse::new(now)) }
    }

    /// Counts how long a received job was in the deliveries queue, if it could be attempted all the time. First jobs
    /// are sent without a delay. Jobs of later rounds may be delayed, because recoveries are paced.
    pub(crate) fn received(&self, job: &DeliverJob, message: &ReceivedMessage, now: Timestamp) {
        let is_first = message.source == SourceQueue::Deliveries && job.round == 0 && job.inline.is_some();
        if let Some(waited) = message.waited(now).filter(|_| is_first) {
            self.lock().count_wait(waited, now);
        }
    }

    /// Counts how late the job of a retry is that was due at `at`. In the slow queue jobs wait for each other, and that
    /// is no sign of pressure on the other queues.
    pub(crate) fn retry_was_due(&self, at: Timestamp, source: SourceQueue, now: Timestamp) {
        if source == SourceQueue::Retries {
            self.lock().count_wait(now.duration_since(at) - ROUNDED_UP, now);
        }
    }

    /// Counts an attempt that ended at `now`.
    pub(crate) fn attempted(&self, tenant: TenantId, webhook: WebhookId, began: Timestamp, now: Timestamp) {
        let took = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        self.lock().count_attempt(tenant, webhook, took, now);
    }

    /// Whether jobs wait for places, and this webhook or its tenant uses more than its share of them.
    pub(crate) fn is_over_share(&self, tenant: TenantId, webhook: WebhookId, now: Timestamp) -> bool {
        self.lock().is_over_share(tenant, webhook, now)
    }

    fn lock(&self) -> MutexGuard<'_, PlaceUse> {
        self.place_use.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
