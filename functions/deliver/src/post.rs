//! The requests of one attempt: to the webhook's URL, and when that fails to its backup URL.

use std::time::Duration;

use jiff::Timestamp;
use shared::delivery::{Attempt, Via};
use shared::dialect::Dialect;
use shared::event::Event;
use shared::outbound::{Answered, Post};
use shared::retry::{Ending, settled};
use shared::webhook::{Webhook, WebhookUrl};

use crate::Deliver;
use shared::delivery::standing::Turn;

/// How an attempt ended, and at which URL.
#[derive(Debug)]
pub(crate) struct Posted {
    answered: Answered,
    via: Via,
    /// Over both URLs.
    duration_ms: u32,
    final_statuses: &'static [u16],
}

/// Posts `events`, signed as of `at`. Where there is a backup URL the main one has half of the time limit, so that one
/// that hangs leaves time for the other, which has the rest. What the main URL's receiver settles by its answer is
/// settled: the backup is for receivers that cannot be reached, not for a second opinion.
pub(crate) async fn post(events: &[&Event], webhook: &Webhook, at: Timestamp, room: &Deliver) -> Posted {
    let request = Request::of(events, webhook, at);
    let limit = Duration::from_millis(u64::from(webhook.timeout_ms));
    let final_statuses = webhook.dialect.final_statuses();
    let Some(backup_url) = &webhook.backup_url else {
        let answered = request.send(&webhook.url, limit, at, room).await;
        return Posted { duration_ms: answered.duration_ms, answered, via: Via::Main, final_statuses };
    };
    let answered = request.send(&webhook.url, limit / 2, at, room).await;
    let first = Posted { duration_ms: answered.duration_ms, answered, via: Via::Main, final_statuses };
    if settled(&first.ending()).is_some() {
        return first;
    }
    let left = limit.saturating_sub(Duration::from_millis(u64::from(first.duration_ms)));
    let answered = request.send(backup_url, left, room.clock.now(), room).await;
    let duration_ms = first.duration_ms.saturating_add(answered.duration_ms);
    Posted { answered, via: Via::Backup { main: first.answered.outcome }, duration_ms, final_statuses }
}

impl Posted {
    /// What decides what follows.
    pub(crate) fn ending(&self) -> Ending<'static> {
        Ending {
            outcome: self.answered.outcome,
            asked: self.answered.asked,
            via: self.via,
            final_statuses: self.final_statuses,
        }
    }

    /// The attempt for the record.
    pub(crate) fn attempt(&self, turn: Turn, at: Timestamp) -> Attempt {
        Attempt {
            number: turn.number,
            round: turn.round,
            at,
            outcome: self.answered.outcome,
            duration_ms: self.duration_ms,
            address: self.answered.address.clone(),
            answer: self.answered.answer.clone(),
            via: self.via,
        }
    }
}

/// What both URLs get.
struct Request<'a> {
    webhook: &'a Webhook,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    fn of(events: &[&Event], webhook: &'a Webhook, at: Timestamp) -> Self {
        let event = events[0];
        let body = webhook.dialect.body(event);
        let headers = webhook.dialect.signature_headers(&webhook.secrets.at(at), event.id, at, &body);
        Self { webhook, headers, body }
    }

    async fn send(&self, url: &WebhookUrl, time_limit: Duration, now: Timestamp, room: &Deliver) -> Answered {
        let post = Post {
            url,
            headers: &self.headers,
            content_type: self.webhook.dialect.content_type(),
            body: self.body.clone(),
            time_limit,
            accepts: match self.webhook.dialect {
                Dialect::Standard => |status| Dialect::Standard.accepts(status),
                Dialect::Platform => |status| Dialect::Platform.accepts(status),
            },
            custom: &self.webhook.headers,
        };
        room.outbound.post(post, now).await
    }
}
