//! The requests of one attempt: to where the webhook's deliveries go, and when that fails to its backup URL.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use shared::delivery::post_id::post_id;
use shared::delivery::{Attempt, DeadReason, Via};
use shared::dialect::{Cover, Rendered};
use shared::event::Event;
use shared::id::EventId;
use shared::outbound::{Answered, Post};
use shared::retry::{Decision, Ending, Receiver, settled};
use shared::stream::{Message, Stream};
use shared::webhook::{Destination, Redaction, Webhook, WebhookUrl};

use crate::Deliver;
use crate::delivery::stream;
use shared::delivery::standing::Turn;

/// How an attempt ended, and where.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    answered: Answered,
    via: Via,
    /// Over both URLs.
    duration_ms: u32,
    receiver: Receiver<'static>,
}

/// Delivers `events`, signed as of `at`; answers how it ended for each, in their order. Those that share a POST end
/// together, messages of a stream each for itself.
///
/// Where there is a backup URL the main one has half of the time limit, so that one that hangs leaves time for the other,
/// which has the rest. What the main URL's receiver settles by its answer is settled: the backup is for receivers that
/// cannot be reached, not for a second opinion.
pub(crate) async fn post(events: &[&Event], webhook: &Webhook, at: Timestamp, room: &Deliver) -> Vec<Posted> {
    let bodies: Vec<Body<'_>> =
        events.chunks(webhook.events_in_a_body()).filter_map(|events| Body::of(events, webhook, at)).collect();
    let limit = Duration::from_millis(u64::from(webhook.timeout_ms));
    let limit_of_main = if webhook.backup_url.is_some() { limit / 2 } else { limit };
    let answers = match &webhook.url {
        Destination::Https(url) => join_all(bodies.iter().map(|body| body.post(url, limit_of_main, at, room))).await,
        Destination::Stream(stream) => send(&bodies, stream, webhook, limit_of_main, at, room).await,
    };
    let ended = bodies.iter().zip(answers).map(|(body, answered)| body.ended(answered, limit, room));
    let ended = join_all(ended).await;
    bodies.iter().zip(ended).flat_map(|(body, posted)| std::iter::repeat_n(posted, body.events)).collect()
}

impl Posted {
    /// What decides what follows.
    pub(crate) fn ending(&self) -> Ending<'static> {
        Ending { outcome: self.answered.outcome, asked: self.answered.asked, via: self.via, receiver: self.receiver }
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

async fn send(
    bodies: &[Body<'_>],
    stream: &Stream,
    webhook: &Webhook,
    time_limit: Duration,
    at: Timestamp,
    room: &Deliver,
) -> Vec<Answered> {
    let messages: Vec<Message> = bodies.iter().map(Body::message).collect();
    stream::send(&messages, stream, webhook, time_limit, at, room).await
}

/// What one POST has, or one message, whichever URL it goes to.
struct Body<'a> {
    webhook: &'a Webhook,
    first: &'a Event,
    more: Vec<&'a Event>,
    events: usize,
    id: String,
    rendered: Rendered,
}

impl<'a> Body<'a> {
    fn of(events: &[&'a Event], webhook: &'a Webhook, at: Timestamp) -> Option<Self> {
        let (first, more) = events.split_first()?;
        let ids: Vec<EventId> = more.iter().map(|event| event.id).collect();
        let (id, secrets) = (post_id(first.id, &ids), webhook.secrets.at(at));
        let cover = Cover { id: &id, webhook: webhook.id, at, secrets: &secrets };
        let rendered = webhook.dialect.render_all(first, more, &cover);
        Some(Self { webhook, first, more: more.to_vec(), events: events.len(), id, rendered })
    }

    fn message(&self) -> Message {
        Message::of(&self.rendered, &self.id, self.webhook, self.first, &self.more)
    }

    async fn post(&self, url: &WebhookUrl, time_limit: Duration, now: Timestamp, room: &Deliver) -> Answered {
        let post = Post {
            url,
            headers: &self.rendered.headers,
            content_type: self.rendered.content_type,
            body: self.rendered.body.clone(),
            time_limit,
            accepts: self.webhook.dialect.accepts(),
            custom: &self.webhook.headers,
            redaction: &Redaction::of(self.webhook),
        };
        room.outbound.post(post, now).await
    }

    /// How it ended, given the main URL's answer: with it, or at the backup URL. `limit` is over both.
    async fn ended(&self, answered: Answered, limit: Duration, room: &Deliver) -> Posted {
        let endpoint = Receiver::Endpoint { final_statuses: self.webhook.dialect.final_statuses() };
        let receiver = match &self.webhook.url {
            Destination::Https(_) => endpoint,
            Destination::Stream(_) => Receiver::Stream,
        };
        let first = Posted { duration_ms: answered.duration_ms, answered, via: Via::Main, receiver };
        let Some(backup_url) = &self.webhook.backup_url else { return first };
        match settled(&first.ending()) {
            // A backup URL has another limit than a stream.
            None | Some(Decision::Dead { reason: DeadReason::TooLarge }) => {}
            Some(_) => return first,
        }
        let left = limit.saturating_sub(Duration::from_millis(u64::from(first.duration_ms)));
        let answered = self.post(backup_url, left, room.clock.now(), room).await;
        let duration_ms = first.duration_ms.saturating_add(answered.duration_ms);
        Posted { answered, via: Via::Backup { main: first.answered.outcome }, duration_ms, receiver: endpoint }
    }
}
