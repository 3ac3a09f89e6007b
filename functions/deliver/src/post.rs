//! The requests of one attempt: to the webhook's URL, and when that fails to its backup URL.

use std::time::Duration;

use jiff::Timestamp;
use shared::delivery::post_id::post_id;
use shared::delivery::{Attempt, Via};
use shared::dialect::{Cover, Rendered};
use shared::event::Event;
use shared::id::EventId;
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

/// Posts `first`, and where the dialect has arrays `more` with it, signed as of `at`. Where there is a backup URL the main
/// one has half of the time limit, so that one that hangs leaves time for the other, which has the rest. What the main
/// URL's receiver settles by its answer is settled: the backup is for receivers that cannot be reached, not for a second
/// opinion.
pub(crate) async fn post(first: &Event, more: &[&Event], webhook: &Webhook, at: Timestamp, room: &Deliver) -> Posted {
    let request = Request::of(first, more, webhook, at);
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
    rendered: Rendered,
}

impl<'a> Request<'a> {
    fn of(first: &Event, more: &[&Event], webhook: &'a Webhook, at: Timestamp) -> Self {
        let ids: Vec<EventId> = more.iter().map(|event| event.id).collect();
        let (id, secrets) = (post_id(first.id, &ids), webhook.secrets.at(at));
        let cover = Cover { id: &id, webhook: webhook.id, at, secrets: &secrets };
        Self { webhook, rendered: webhook.dialect.render_all(first, more, &cover) }
    }

    async fn send(&self, url: &WebhookUrl, time_limit: Duration, now: Timestamp, room: &Deliver) -> Answered {
        let post = Post {
            url,
            headers: &self.rendered.headers,
            content_type: self.rendered.content_type,
            body: self.rendered.body.clone(),
            time_limit,
            accepts: self.webhook.dialect.accepts(),
            custom: &self.webhook.headers,
        };
        room.outbound.post(post, now).await
    }
}
