//! How many messages of the retries queue may be hidden, by [`shared::in_flight`].

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use shared::in_flight::Look;
use shared::queue::Queue;

/// What one function knows of the messages in flight of the retries queue.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    last: Mutex<Option<Look>>,
}

impl InFlight {
    /// How many of `wanted` messages may be hidden now. If the queue does not tell its number, none: a delayed message
    /// is never wrong.
    pub(crate) async fn allow(&self, wanted: usize, retries_queue: &Queue, now: Timestamp) -> usize {
        if wanted == 0 {
            return 0;
        }
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let look = match last.filter(|look| look.is_fresh(now)) {
            Some(look) => look,
            None => match retries_queue.in_flight().await {
                Ok(in_flight) => Look::new(now, in_flight),
                Err(error) => {
                    tracing::error!(queue.name = retries_queue.name(), error.code = error.code, "{error}");
                    return 0;
                }
            },
        };
        let allowed = look.room().min(wanted);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(look.after_hiding(allowed));
        allowed
    }
}
