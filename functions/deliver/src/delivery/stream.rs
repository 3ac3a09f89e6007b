//! Sending to a stream: as few calls as the stream's limits allow, all at the same time, and one answer for each
//! message.

use std::ops::Range;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use jiff::Timestamp;
use shared::aws::SdkConfig;
use shared::cache::Cache;
use shared::delivery::Outcome;
use shared::id::WebhookId;
use shared::outbound::{Outbound, RequestResult, ShortageError};
use shared::retry::TOO_LARGE;
use shared::stream::{Message, Stream};
use shared::webhook::Webhook;

use self::sqs::TenantsQueues;

mod pubsub;
mod servicebus;
mod sqs;

/// How long a token for Pub/Sub is used, in seconds: ten minutes less than the token is valid for.
const TOKEN_SECONDS: u32 = 50 * 60;

/// The means to send to streams, kept between invocations.
#[derive(Debug)]
pub(crate) struct Streams {
    outbound: Outbound,
    queues: TenantsQueues,
    /// Tokens by webhook and revision, so that no webhook ever gets the token of another one's key.
    tokens: Cache<(WebhookId, u64), String>,
}

impl Streams {
    pub(crate) fn new(sdk: &SdkConfig, outbound: Outbound) -> Self {
        Self { outbound, queues: TenantsQueues::new(sdk), tokens: Cache::new(TOKEN_SECONDS) }
    }

    /// The same, with another door.
    pub(crate) fn with_outbound(self, outbound: Outbound) -> Self {
        Self { outbound, ..self }
    }

    /// Sends messages. Returns one answer for each, in their order. All calls together have `time_limit`.
    pub(crate) async fn send(
        &self,
        messages: &[Message],
        stream: &Stream,
        webhook: &Webhook,
        time_limit: Duration,
        now: Timestamp,
    ) -> Vec<Result<RequestResult, ShortageError>> {
        let call = |range: Range<usize>| self.call(&messages[range], stream, webhook, time_limit, now);
        let answers = join_all(stream.kind().calls(messages).into_iter().map(call)).await;
        // A receiver may ask for something by a header. A stream's service is not the receiver, and may not.
        let without_directive = |answered| RequestResult { directive: None, ..answered };
        answers.into_iter().flatten().map(|answered| answered.map(without_directive)).collect()
    }

    fn call<'a>(
        &'a self,
        messages: &'a [Message],
        stream: &'a Stream,
        webhook: &'a Webhook,
        time_limit: Duration,
        now: Timestamp,
    ) -> BoxFuture<'a, Vec<Result<RequestResult, ShortageError>>> {
        if let Some(refusal) = too_large(messages, stream) {
            return std::future::ready(vec![Ok(refusal); messages.len()]).boxed();
        }
        match stream {
            Stream::Sqs(queue, key) => self.queues.send(messages, queue, key, webhook, time_limit).boxed(),
            Stream::Pubsub(topic, account) => {
                // Pub/Sub publishes all messages of a request, or none.
                let answered = self.publish(messages, topic, account, webhook, time_limit, now);
                answered.map(|answered| vec![answered; messages.len()]).boxed()
            }
            Stream::Servicebus(entity, key) => {
                let answered = servicebus::send(messages, entity, key, webhook, time_limit, now, &self.outbound);
                answered.map(|answered| vec![answered; messages.len()]).boxed()
            }
        }
    }
}

/// The answer for a message that is too large. The service need not be directive: such a message is alone in its call.
fn too_large(messages: &[Message], stream: &Stream) -> Option<RequestResult> {
    let kind = stream.kind();
    let size = messages.first()?.size(kind);
    let most = kind.max_message_bytes();
    let says =
        format!("not sent: the message has {size} bytes, and one of the kind `{}` has {most} at most", kind.as_str());
    let outcome = Outcome::RefusedStatus { status: TOO_LARGE, retry_after: None };
    (size > most).then(|| RequestResult { answer: Some(says), ..silent(outcome, Duration::ZERO) })
}

/// An end without an answer from the far side.
fn silent(outcome: Outcome, duration: Duration) -> RequestResult {
    let duration_ms = u32::try_from(duration.as_millis()).unwrap_or(u32::MAX);
    RequestResult { outcome, duration_ms, address: None, answer: None, directive: None }
}
