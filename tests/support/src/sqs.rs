//! Queues in memory with SQS's rules: visibility, delays, receive counts, redrive from the dead-letter queue, and
//! limits. They use the test's clock.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::queue::MAX_IN_FLIGHT;

/// Visibility timeout of a received message, as in the template.
pub const VISIBILITY: SignedDuration = SignedDuration::from_secs(180);

/// Retention: SQS deletes a message, hidden or not, this long after it was sent. As in the template.
const RETENTION: SignedDuration = SignedDuration::from_hours(14 * 24);

/// A message in a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The message id that SQS assigns.
    pub id: String,
    /// The body: usually a job.
    pub body: String,
    /// Message attributes by name.
    pub attributes: HashMap<String, String>,
    /// The message group.
    pub group: String,
    /// The deduplication id of a FIFO queue; empty in other queues.
    pub deduplication: String,
    /// The time from which the message can be received.
    pub visible_at: Timestamp,
    /// Number of receives.
    pub receives: u32,
    /// The time when the message was sent.
    pub sent_at: Timestamp,
}

/// All queues, by name.
#[derive(Debug)]
pub struct Sqs {
    clock: Clock,
    queues: Mutex<HashMap<String, Vec<Message>>>,
    sent: Mutex<u64>,
    refusing: Mutex<u32>,
    ignoring: Mutex<u32>,
    pretended: Mutex<u32>,
    secretive: Mutex<bool>,
    /// An entry is refused if it contains all of these texts; the flag says whether SQS calls the refusal the sender's
    /// fault.
    refused: Mutex<(Vec<String>, bool)>,
    /// Tenants' queues: the access key that may send, by the queue's URL.
    tenants_queues: Mutex<HashMap<String, String>>,
}

/// Maximum size of a batch to our own queues. Reason: every SQS-compatible endpoint accepts this size.
const OUR_BATCH: usize = 256 * 1024;
/// The attribute with the number of messages in flight.
const NOT_VISIBLE: &str = "ApproximateNumberOfMessagesNotVisible";
/// Ending of a FIFO queue's name.
const FIFO: &str = ".fifo";
/// Maximum size of a batch in SQS.
const SQS_BATCH: usize = 1024 * 1024;

impl Sqs {
    /// Empty queues that use `clock`.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            queues: Mutex::default(),
            sent: Mutex::default(),
            refusing: Mutex::default(),
            ignoring: Mutex::default(),
            pretended: Mutex::default(),
            secretive: Mutex::default(),
            refused: Mutex::default(),
            tenants_queues: Mutex::default(),
        }
    }

    fn with<T>(&self, queue: &str, act: impl FnOnce(&mut Vec<Message>) -> T) -> T {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let messages = queues.entry(queue.to_owned()).or_default();
        let now = self.clock.now();
        messages.retain(|message| now.duration_since(message.sent_at) < RETENTION);
        act(messages)
    }

    /// All messages of a queue, hidden ones included.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        self.with(queue, |messages| messages.clone())
    }

    /// Makes this many of the next entries of batch sends fail, one by one, as SQS does when a part of SQS is
    /// unavailable.
    pub fn refuse_entries(&self, count: u32) {
        *self.refusing.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// Makes every entry of a batch send fail whose body contains all of these texts, until the next call of this
    /// method. Without texts, no entry fails. With `is_at_fault`, SQS reports that the entry itself is at fault.
    pub fn refuse_entries_with(&self, texts: &[String], is_at_fault: bool) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = (texts.to_vec(), is_at_fault);
    }

    /// `None` if the entry is accepted. Otherwise, whether SQS reports that the entry itself is at fault.
    fn refuses(&self, body: &str) -> Option<bool> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let (texts, is_at_fault) = &*refused;
        let is_refused = !texts.is_empty() && texts.iter().all(|text| body.contains(text.as_str()));
        is_refused.then_some(*is_at_fault)
    }

    /// Drops this many of the next entries of batch sends and does not mention them in the answer.
    pub fn ignore_entries(&self, count: u32) {
        *self.ignoring.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// Receives up to 10 visible messages, as an event for a function from an event source mapping. A queue with the
    /// maximum of messages in flight hands out nothing.
    pub fn receive(&self, queue: &str) -> SqsEvent {
        if self.in_flight(queue) >= MAX_IN_FLIGHT {
            return SqsEvent::default();
        }
        let now = self.clock.now();
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:{queue}");
        let records = self.with(queue, |messages| {
            let visible = messages.iter_mut().filter(|message| message.visible_at <= now).take(10);
            visible
                .map(|message| {
                    message.receives += 1;
                    message.visible_at = now + VISIBILITY;
                    record(message, &arn)
                })
                .collect()
        });
        let mut event = SqsEvent::default();
        event.records = records;
        event
    }

    /// Ends the visibility timeout of the received messages.
    pub fn end_visibility(&self, queue: &str, received: &SqsEvent) {
        let now = self.clock.now();
        let end = |message: &mut Message| message.visible_at = now;
        self.with(queue, |messages| messages.iter_mut().filter(|message| is_in(received, message)).for_each(end));
    }

    /// Deletes the received messages that a function's answer does not report as failed, as Lambda does.
    pub fn finish(&self, queue: &str, received: &SqsEvent, failed: &[String]) {
        self.with(queue, |messages| {
            messages.retain(|message| !is_in(received, message) || failed.contains(&message.id));
        });
    }

    /// Moves every message of a dead-letter queue to another queue, as a redrive does. Returns their number.
    pub fn redrive(&self, from: &str, to: &str) -> usize {
        let now = self.clock.now();
        let moved = self.with(from, std::mem::take);
        let count = moved.len();
        self.with(to, |messages| {
            let anew = |message| Message { visible_at: now, receives: 0, sent_at: now, ..message };
            messages.extend(moved.into_iter().map(anew));
        });
        count
    }

    /// The time when the next message of a queue can be received; `None` if the queue is empty.
    pub fn next_visible(&self, queue: &str) -> Option<Timestamp> {
        self.with(queue, |messages| messages.iter().map(|message| message.visible_at).min())
    }

    /// The number of messages of a queue that are in flight: received, and neither deleted nor visible again. The
    /// messages of [`Sqs::pretend_in_flight`] count too.
    pub fn in_flight(&self, queue: &str) -> u32 {
        let now = self.clock.now();
        let is_in_flight = |message: &&Message| message.receives > 0 && message.visible_at > now;
        let count = self.with(queue, |messages| messages.iter().filter(is_in_flight).count());
        let pretended = *self.pretended.lock().unwrap_or_else(PoisonError::into_inner);
        u32::try_from(count).unwrap_or(u32::MAX).saturating_add(pretended)
    }

    /// Makes every queue tell that so many more of its messages are in flight.
    pub fn pretend_in_flight(&self, count: u32) {
        *self.pretended.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// Refuses from now on to tell the attributes of queues.
    pub fn refuse_attributes(&self) {
        *self.secretive.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Removes and returns the messages of a queue that `wanted` accepts.
    pub fn take(&self, queue: &str, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        self.with(queue, |messages| {
            let (taken, left) = std::mem::take(messages).into_iter().partition(|message| wanted(message));
            *messages = left;
            taken
        })
    }

    /// Puts a message with any body into a queue.
    pub fn put(&self, queue: &str, body: &str) {
        self.push(queue, &json!({ "MessageBody": body }));
    }

    /// Creates a queue that belongs to a tenant, at a URL of Amazon's. Only this access key may send to it.
    pub fn create_tenants_queue(&self, url: &str, access_key_id: &str) {
        let mut queues = self.tenants_queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.insert(url.to_owned(), access_key_id.to_owned());
    }

    /// Checks that a caller may send to a tenant's queue. Returns the error answer if not.
    fn refuse_tenants_queue(&self, url: &str, caller: &Caller) -> Option<Response> {
        let queues = self.tenants_queues.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(allowed) = queues.get(url) else {
            return Some(refusal("com.amazonaws.sqs#QueueDoesNotExist"));
        };
        let of_region = format!("https://sqs.{}.amazonaws.com/", caller.region);
        let is_allowed = *allowed == caller.access_key_id && url.starts_with(&of_region);
        (!is_allowed).then(|| {
            let body = json!({
                "__type": "com.amazon.coral.service#InvalidClientTokenId",
                "message": "The security token included in the request is invalid.",
            });
            let headers = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
            (StatusCode::FORBIDDEN, headers, body.to_string()).into_response()
        })
    }

    fn push(&self, queue: &str, entry: &Value) -> String {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        *sent += 1;
        let id = format!("message-{sent}");
        let delay = SignedDuration::from_secs(entry["DelaySeconds"].as_i64().unwrap_or(0));
        let attributes = entry["MessageAttributes"].as_object().cloned().unwrap_or_default();
        let now = self.clock.now();
        let message = Message {
            id: id.clone(),
            body: entry["MessageBody"].as_str().unwrap_or_default().to_owned(),
            attributes: attributes
                .iter()
                .map(|(name, value)| (name.clone(), value["StringValue"].as_str().unwrap_or_default().to_owned()))
                .collect(),
            group: entry["MessageGroupId"].as_str().unwrap_or_default().to_owned(),
            deduplication: entry["MessageDeduplicationId"].as_str().unwrap_or_default().to_owned(),
            visible_at: now + delay,
            receives: 0,
            sent_at: now,
        };
        self.with(queue, |messages| messages.push(message));
        id
    }

    /// Answers a call of the SQS JSON protocol.
    pub(super) fn answer(&self, action: &str, caller: &Caller, body: &[u8]) -> Response {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let url = body["QueueUrl"].as_str().unwrap_or_default();
        let is_tenants = url.starts_with("https://sqs.");
        if let Some(refusal) = is_tenants.then(|| self.refuse_tenants_queue(url, caller)).flatten() {
            return refusal;
        }
        let queue = body["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default().to_owned();
        if action == "GetQueueAttributes" {
            if *self.secretive.lock().unwrap_or_else(PoisonError::into_inner) {
                return refusal("com.amazonaws.sqs#AccessDenied");
            }
            return success(&json!({ "Attributes": { NOT_VISIBLE: self.in_flight(&queue).to_string() } }));
        }
        let entries = body["Entries"].as_array().cloned().unwrap_or_default();
        if entries.is_empty() || entries.len() > 10 {
            return refusal("AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
        }
        match action {
            "SendMessageBatch" if is_tenants => self.send_batch(&queue, &entries, SQS_BATCH),
            "SendMessageBatch" => self.send_batch(&queue, &entries, OUR_BATCH),
            "ChangeMessageVisibilityBatch" => self.hide_batch(&queue, &entries),
            _ => refusal("UnknownOperationException"),
        }
    }

    fn send_batch(&self, queue: &str, entries: &[Value], most_bytes: usize) -> Response {
        let bodies = || entries.iter().filter_map(|entry| entry["MessageBody"].as_str());
        if bodies().map(str::len).sum::<usize>() > most_bytes {
            return refusal("AWS.SimpleQueueService.BatchRequestTooLong");
        }
        if bodies().any(|body| body.contains(['\u{fffe}', '\u{ffff}'])) {
            return refusal("com.amazonaws.sqs#InvalidMessageContents");
        }
        if entries.iter().any(|entry| entry["MessageAttributes"].as_object().is_some_and(|all| all.len() > 10)) {
            return refusal("com.amazonaws.sqs#InvalidParameterValue");
        }
        let is_fifo = queue.ends_with(FIFO);
        if entries.iter().any(|entry| is_fifo == entry["MessageDeduplicationId"].is_null()) {
            return refusal("com.amazonaws.sqs#MissingParameter");
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            if counts_down(&self.ignoring) {
                continue;
            }
            let refused = self.refuses(entry["MessageBody"].as_str().unwrap_or_default());
            if let Some(is_at_fault) = refused.or_else(|| counts_down(&self.refusing).then_some(false)) {
                failed.push(json!({ "Id": entry["Id"], "SenderFault": is_at_fault, "Code": "InternalError" }));
            } else {
                let deduplication = entry["MessageDeduplicationId"].as_str().unwrap_or_default();
                let same = |message: &&Message| is_fifo && message.deduplication == deduplication;
                let known = self.with(queue, |messages| messages.iter().find(same).map(|message| message.id.clone()));
                let id = known.unwrap_or_else(|| self.push(queue, entry));
                successful.push(json!({ "Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": NO_DIGEST }));
            }
        }
        success(&json!({ "Successful": successful, "Failed": failed }))
    }

    fn hide_batch(&self, queue: &str, entries: &[Value]) -> Response {
        let now = self.clock.now();
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            let seconds = entry["VisibilityTimeout"].as_i64().unwrap_or(0);
            let receipt = entry["ReceiptHandle"].as_str().unwrap_or_default();
            let hidden = (0..=43_200).contains(&seconds)
                && self.with(queue, |messages| {
                    let found = messages.iter_mut().find(|message| receipt_of(message) == receipt);
                    found.map(|message| message.visible_at = now + SignedDuration::from_secs(seconds)).is_some()
                });
            if hidden {
                successful.push(json!({ "Id": entry["Id"] }));
            } else {
                failed.push(json!({ "Id": entry["Id"], "SenderFault": true, "Code": "InvalidParameterValue" }));
            }
        }
        success(&json!({ "Successful": successful, "Failed": failed }))
    }
}

/// The caller of a call, read from its signature. The signature itself is not checked.
#[derive(Debug, Default)]
pub(super) struct Caller {
    access_key_id: String,
    region: String,
}

impl Caller {
    /// Parses `AWS4-HMAC-SHA256 Credential=<key id>/<day>/<region>/sqs/aws4_request, …`.
    pub(super) fn of(authorization: &str) -> Self {
        let scope = authorization.split_once("Credential=").map_or("", |(_, rest)| rest);
        let mut parts = scope.split('/').map(str::to_owned);
        let (access_key_id, region) = (parts.next(), parts.nth(1));
        Self { access_key_id: access_key_id.unwrap_or_default(), region: region.unwrap_or_default() }
    }
}

/// Decrements `left`. Returns whether it was above zero.
fn counts_down(left: &Mutex<u32>) -> bool {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let counted = *left > 0;
    *left = left.saturating_sub(1);
    counted
}

fn is_in(received: &SqsEvent, message: &Message) -> bool {
    received.records.iter().any(|record| record.message_id.as_ref() == Some(&message.id))
}

/// A receipt handle is valid for the latest receive only.
fn receipt_of(message: &Message) -> String {
    format!("{}/{}", message.id, message.receives)
}

fn record(message: &Message, arn: &str) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(message.id.clone());
    record.receipt_handle = Some(receipt_of(message));
    record.body = Some(message.body.clone());
    record.attributes = HashMap::from([
        ("ApproximateReceiveCount".to_owned(), message.receives.to_string()),
        ("SentTimestamp".to_owned(), message.sent_at.as_millisecond().to_string()),
        ("MessageGroupId".to_owned(), message.group.clone()),
    ]);
    record.event_source_arn = Some(arn.to_owned());
    record.event_source = Some("aws:sqs".to_owned());
    record
}

/// The SDK does not check this digest of batch entries, but the protocol requires the member.
const NO_DIGEST: &str = "00000000000000000000000000000000";

fn success(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body.to_string()).into_response()
}

fn refusal(code: &str) -> Response {
    let body = json!({ "__type": code, "message": code }).to_string();
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}
