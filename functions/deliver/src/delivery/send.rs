//! The stage `send`: the requests of one attempt. They go to the webhook's URL or stream, and to its backup URL if that
//! fails.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use shared::clock::Clock;
use shared::delivery::job_verdict::AttemptPlan;
use shared::delivery::post_id::post_id;
use shared::delivery::{Attempt, DeadReason, Target};
use shared::dialect::{Envelope, Rendered};
use shared::event::Event;
use shared::id::EventId;
use shared::outbound::{Outbound, OutboundRequest, RequestResult, ShortageError};
use shared::retry::{AttemptEnd, Decision, Receiver, final_decision};
use shared::stream::{Message, StreamKind};
use shared::webhook::{Destination, Redaction, Webhook, WebhookUrl};

use super::stream::Streams;

/// The means to send to receivers.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) outbound: Outbound,
    pub(crate) streams: Streams,
    pub(crate) clock: Clock,
}

impl Sender {
    /// The same, with another door.
    pub(crate) fn with_outbound(self, outbound: Outbound) -> Self {
        Self { streams: self.streams.with_outbound(outbound.clone()), outbound, ..self }
    }
}

/// How an attempt ended, and where.
#[derive(Debug, Clone)]
pub(crate) struct AttemptResult {
    answered: RequestResult,
    target: Target,
    /// The sum over both URLs.
    duration_ms: u32,
    receiver: Receiver<'static>,
}

impl AttemptResult {
    /// What the attempt is judged by.
    pub(crate) fn end(&self) -> AttemptEnd<'static> {
        AttemptEnd {
            outcome: self.answered.outcome,
            directive: self.answered.directive,
            target: self.target,
            receiver: self.receiver,
        }
    }

    /// The attempt for the record.
    pub(crate) fn attempt(&self, plan: AttemptPlan, at: Timestamp) -> Attempt {
        Attempt {
            number: plan.number,
            round: plan.round,
            at,
            outcome: self.answered.outcome,
            duration_ms: self.duration_ms,
            address: self.answered.address.clone(),
            answer: self.answered.answer.clone(),
            target: self.target,
        }
    }
}

/// Sends `events`, signed as of `at`, to the webhook. Returns how the attempt ended for each event, in their order.
/// Events that share a POST end together; messages of a stream end each for itself. An error stands for an event that
/// was not attempted, because this function lacks something that a connection needs.
///
/// If there is a backup URL, the main URL has half of the time limit, so that a main URL that hangs leaves time for the
/// backup URL, which has the rest. What the answer of the main URL settles is settled: the backup URL is for receivers
/// that cannot be reached, and not for a second opinion.
pub(crate) async fn send(
    events: &[&Event],
    webhook: &Webhook,
    at: Timestamp,
    sender: &Sender,
) -> Vec<Result<AttemptResult, ShortageError>> {
    let payloads: Vec<Payload<'_>> =
        events.chunks(webhook.events_in_a_body()).filter_map(|events| Payload::of(events, webhook, at)).collect();
    let limit = Duration::from_millis(u64::from(webhook.timeout_ms));
    let main_limit = if webhook.backup_url.is_some() { limit / 2 } else { limit };
    let answers = match &webhook.url {
        Destination::Https(url) => {
            join_all(payloads.iter().map(|payload| payload.post(url, main_limit, at, sender))).await
        }
        Destination::Stream(stream) => {
            let messages: Vec<Message> = payloads.iter().map(Payload::message).collect();
            sender.streams.send(&messages, stream, webhook, main_limit, at).await
        }
    };
    let sent = payloads.iter().zip(answers).map(|(payload, answered)| payload.with_backup(answered, limit, sender));
    let sent = join_all(sent).await;
    payloads.iter().zip(sent).flat_map(|(payload, sent)| std::iter::repeat_n(sent, payload.events)).collect()
}

/// The content of one POST, or of one message, whichever URL it goes to.
struct Payload<'a> {
    webhook: &'a Webhook,
    first: &'a Event,
    more: Vec<&'a Event>,
    events: usize,
    id: String,
    rendered: Rendered,
}

impl<'a> Payload<'a> {
    fn of(events: &[&'a Event], webhook: &'a Webhook, at: Timestamp) -> Option<Self> {
        let (first, more) = events.split_first()?;
        let ids: Vec<EventId> = more.iter().map(|event| event.id).collect();
        let (id, secrets) = (post_id(first.id, &ids), webhook.secrets.at(at));
        let envelope = Envelope { id: &id, webhook: webhook.id, at, secrets: &secrets };
        let rendered = match &webhook.url {
            Destination::Stream(stream) if stream.kind() == StreamKind::Sqs => {
                webhook.dialect.render_all_for_sqs(first, more, &envelope)
            }
            Destination::Stream(_) | Destination::Https(_) => webhook.dialect.render_all(first, more, &envelope),
        };
        Some(Self { webhook, first, more: more.to_vec(), events: events.len(), id, rendered })
    }

    fn message(&self) -> Message {
        Message::of(&self.rendered, &self.id, self.webhook.id, self.first, &self.more)
    }

    async fn post(
        &self,
        url: &WebhookUrl,
        time_limit: Duration,
        now: Timestamp,
        sender: &Sender,
    ) -> Result<RequestResult, ShortageError> {
        let post = OutboundRequest {
            url,
            headers: &self.rendered.headers,
            content_type: self.rendered.content_type,
            body: self.rendered.body.clone(),
            time_limit,
            accepts: self.webhook.dialect.accepts(),
            custom: &self.webhook.headers,
            redaction: &Redaction::of(self.webhook),
        };
        sender.outbound.post(post, now).await
    }

    /// How the attempt ended, given the answer of the main URL: with this answer, or at the backup URL. `limit` is over
    /// both URLs.
    async fn with_backup(
        &self,
        answered: Result<RequestResult, ShortageError>,
        limit: Duration,
        sender: &Sender,
    ) -> Result<AttemptResult, ShortageError> {
        let answered = answered?;
        let endpoint = Receiver::Endpoint { final_statuses: self.webhook.dialect.final_statuses() };
        let receiver = match &self.webhook.url {
            Destination::Https(_) => endpoint,
            Destination::Stream(_) => Receiver::Stream,
        };
        let first = AttemptResult { duration_ms: answered.duration_ms, answered, target: Target::Primary, receiver };
        let Some(backup_url) = &self.webhook.backup_url else { return Ok(first) };
        match final_decision(&first.end()) {
            // What is too large for a stream may be small enough for the backup URL.
            None | Some(Decision::Dead { reason: DeadReason::TooLarge }) => {}
            Some(_) => return Ok(first),
        }
        let left = limit.saturating_sub(Duration::from_millis(u64::from(first.duration_ms)));
        let answered = self.post(backup_url, left, sender.clock.now(), sender).await?;
        let duration_ms = first.duration_ms.saturating_add(answered.duration_ms);
        let target = Target::Backup { primary: first.answered.outcome };
        Ok(AttemptResult { answered, target, duration_ms, receiver: endpoint })
    }
}
