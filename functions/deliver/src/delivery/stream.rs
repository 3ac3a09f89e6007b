//! Sending to a stream: as few calls as its limits allow, beside each other, and an answer for each message.

use std::ops::Range;
use std::time::Duration;

use aws_config::SdkConfig;
use futures::future::{BoxFuture, FutureExt as _, join_all};
use jiff::Timestamp;
use shared::cache::Cache;
use shared::delivery::Outcome;
use shared::id::WebhookId;
use shared::outbound::Answered;
use shared::retry::TOO_LARGE;
use shared::stream::{Message, Stream};
use shared::webhook::Webhook;

use crate::Deliver;
use sqs::TenantsQueues;

mod pubsub;
mod servicebus;
mod sqs;

/// How long a token for Pub/Sub is used, in seconds: ten minutes less than it is good for.
const TOKEN_SECONDS: u32 = 50 * 60;

/// What sending to streams needs beside the door; kept warm.
#[derive(Debug)]
pub(crate) struct Streams {
    queues: TenantsQueues,
    /// By webhook and revision, so that nobody ever has the token of another key than their own.
    tokens: Cache<(WebhookId, u64), String>,
}

impl Streams {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self { queues: TenantsQueues::new(sdk), tokens: Cache::new(TOKEN_SECONDS) }
    }
}

/// Sends messages; one answer for each, in their order. All calls together have `time_limit`.
pub(crate) async fn send(
    messages: &[Message],
    stream: &Stream,
    webhook: &Webhook,
    time_limit: Duration,
    now: Timestamp,
    room: &Deliver,
) -> Vec<Answered> {
    let call = |range: Range<usize>| call(&messages[range], stream, webhook, time_limit, now, room);
    let answers = join_all(stream.kind().calls(messages).into_iter().map(call)).await;
    // What receivers may ask for by a header is not for services to ask.
    answers.into_iter().flatten().map(|answered| Answered { asked: None, ..answered }).collect()
}

fn call<'a>(
    messages: &'a [Message],
    stream: &'a Stream,
    webhook: &'a Webhook,
    time_limit: Duration,
    now: Timestamp,
    room: &'a Deliver,
) -> BoxFuture<'a, Vec<Answered>> {
    if let Some(refusal) = too_large(messages, stream) {
        return std::future::ready(vec![refusal; messages.len()]).boxed();
    }
    match stream {
        Stream::Sqs(queue, key) => sqs::send(messages, queue, key, webhook, time_limit, room).boxed(),
        Stream::Pubsub(topic, account) => {
            // All of a request is published, or nothing.
            let answered = pubsub::send(messages, topic, account, webhook, time_limit, now, room);
            answered.map(|answered| vec![answered; messages.len()]).boxed()
        }
        Stream::Servicebus(entity, key) => {
            let answered = servicebus::send(messages, entity, key, webhook, time_limit, now, room);
            answered.map(|answered| vec![answered; messages.len()]).boxed()
        }
    }
}

/// The answer that the service need not be asked for: what is too large is alone in its call.
fn too_large(messages: &[Message], stream: &Stream) -> Option<Answered> {
    let kind = stream.kind();
    let size = messages.first()?.size(kind);
    let most = kind.max_message_bytes();
    let says =
        format!("not sent: the message has {size} bytes, and one of the kind `{}` has {most} at most", kind.as_str());
    let outcome = Outcome::RefusedStatus { status: TOO_LARGE, retry_after: None };
    (size > most).then(|| Answered { answer: Some(says), ..silent(outcome, Duration::ZERO) })
}

/// An end without a word from the far side.
fn silent(outcome: Outcome, duration: Duration) -> Answered {
    let duration_ms = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    Answered { outcome, duration_ms, address: None, answer: None, asked: None }
}
