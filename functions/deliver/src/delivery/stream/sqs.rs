//! Sending to a tenant's Amazon SQS queue, with the tenant's own key and never with our role: with our role a webhook
//! could name mailhooks' own queues, or any other queue of the account.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{Builder, Credentials, IdentityCache, Region};
use aws_sdk_sqs::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::operation::send_message_batch::{SendMessageBatchError, SendMessageBatchOutput};
use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use shared::aws::SdkConfig;
use shared::delivery::Outcome;
use shared::outbound::{RequestResult, ShortageError, outcome_of_call};
use shared::stream::Message;
use shared::stream::sqs::{AccessKey, TenantQueue};
use shared::webhook::{Redaction, Webhook};
use tokio::time::Instant;

use super::silent;

/// The status that is recorded for an entry that SQS refuses and calls the sender's fault. Reason: entries have no
/// status of their own, and the call's status is 200.
const SENDERS_FAULT: u16 = 400;
/// The status that is recorded for an entry that SQS refuses by its own fault.
const SERVICES_FAULT: u16 = 500;

/// Makes the clients of the tenants' queues. Connections and endpoint are ours; region and key are the tenant's.
#[derive(Debug)]
pub(super) struct TenantsQueues {
    base: Box<Builder>,
}

impl TenantsQueues {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        let mut base = Builder::from(sdk)
            // The retry schedule retries, and the webhook's time limit is the only limit.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            // An identity cache would keep an entry for each client that was ever made.
            .identity_cache(IdentityCache::no_cache());
        base.set_credentials_provider(None);
        Self { base: Box::new(base) }
    }

    fn client(&self, queue: &TenantQueue, key: &AccessKey) -> Client {
        let token = key.session_token().map(|token| token.expose().to_owned());
        let credentials = Credentials::new(key.id(), key.secret().expose(), token, None, "webhook");
        let config = Builder::clone(&self.base).region(Region::new(queue.region().to_owned()));
        Client::from_conf(config.credentials_provider(credentials).build())
    }

    /// One call. Each message has its own answer.
    pub(super) async fn send(
        &self,
        messages: &[Message],
        queue: &TenantQueue,
        key: &AccessKey,
        webhook: &Webhook,
        time_limit: Duration,
    ) -> Vec<Result<RequestResult, ShortageError>> {
        let started = Instant::now();
        let entries = messages.iter().enumerate().map(|(index, message)| entry(message, index, queue));
        let answers = match entries.collect::<Result<Vec<_>, _>>() {
            Ok(entries) => {
                let call = self.client(queue, key).send_message_batch().queue_url(queue.url());
                match tokio::time::timeout(time_limit, call.set_entries(Some(entries)).send()).await {
                    Ok(Ok(output)) => (0..messages.len()).map(|index| Ok(of_entry(index, &output))).collect(),
                    Ok(Err(error)) => vec![of_call(&error); messages.len()],
                    Err(_elapsed) => vec![Ok((Outcome::Timeout, None)); messages.len()],
                }
            }
            // This is the error of an entry without a required field. Every entry has them.
            Err(_incomplete) => vec![Ok((Outcome::Protocol, None)); messages.len()],
        };
        let (duration, redaction) = (started.elapsed(), Redaction::of(webhook));
        let answered = |(outcome, said): (Outcome, Option<String>)| {
            let answer = said.map(|said| redaction.clean(said.as_bytes(), true));
            RequestResult { answer, ..silent(outcome, duration) }
        };
        answers.into_iter().map(|answer| answer.map(answered)).collect()
    }
}

fn entry(message: &Message, index: usize, queue: &TenantQueue) -> Result<SendMessageBatchRequestEntry, BuildError> {
    let mut entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(&message.body);
    for (name, value) in &message.attributes {
        let value = MessageAttributeValue::builder().data_type("String").string_value(value).build()?;
        entry = entry.message_attributes(*name, value);
    }
    if queue.is_fifo() {
        let webhook = message.webhook.to_string();
        entry = entry.message_group_id(webhook).message_deduplication_id(&message.id);
    }
    entry.build()
}

/// How one message ended when its call was answered. A message that the answer does not name does not count as sent.
fn of_entry(index: usize, output: &SendMessageBatchOutput) -> (Outcome, Option<String>) {
    let id = index.to_string();
    if output.successful.iter().any(|entry| entry.id == id) {
        return (Outcome::Delivered { status: 200 }, None);
    }
    match output.failed.iter().find(|entry| entry.id == id) {
        Some(entry) => {
            let status = if entry.sender_fault { SENDERS_FAULT } else { SERVICES_FAULT };
            (Outcome::RefusedStatus { status, retry_after: None }, said(Some(&entry.code), entry.message.as_deref()))
        }
        None => (Outcome::Protocol, None),
    }
}

/// How all messages of a call ended if the call was refused, or not answered.
fn of_call(error: &SdkError<SendMessageBatchError>) -> Result<(Outcome, Option<String>), ShortageError> {
    Ok(match error {
        SdkError::ServiceError(refused) => {
            let (said, status) = (said(error.code(), error.message()), refused.raw().status().as_u16());
            (Outcome::RefusedStatus { status, retry_after: None }, said)
        }
        SdkError::TimeoutError(_) => (Outcome::Timeout, None),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => (Outcome::Timeout, None),
        SdkError::DispatchFailure(failure) if failure.is_io() => (outcome_of_call(error, Outcome::Connect)?, None),
        SdkError::DispatchFailure(_) => (outcome_of_call(error, Outcome::Protocol)?, None),
        _ => (Outcome::Protocol, None),
    })
}

fn said(code: Option<&str>, message: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = code.into_iter().chain(message).collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_sqs::error::ConnectorError;
    use aws_sdk_sqs::types::{BatchResultErrorEntry, SendMessageBatchResultEntry};

    use super::*;

    #[test]
    fn calls_without_an_answer_have_the_outcome_of_their_cause() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused).into();
        for (error, outcome) in [
            (ConnectorError::io(refused()), Outcome::Connect),
            (ConnectorError::timeout(refused()), Outcome::Timeout),
            (ConnectorError::other(refused(), None), Outcome::Protocol),
        ] {
            assert_eq!(of_call(&SdkError::dispatch_failure(error)), Ok((outcome, None)));
        }
        assert_eq!(of_call(&SdkError::timeout_error("late")), Ok((Outcome::Timeout, None)));
        let short = ConnectorError::io(io::Error::from_raw_os_error(24).into());
        assert_eq!(of_call(&SdkError::dispatch_failure(short)), Err(ShortageError));
        assert_eq!(of_call(&SdkError::construction_failure("odd")), Ok((Outcome::Protocol, None)));
    }

    #[test]
    fn each_entry_has_the_answer_that_names_it() {
        let taken = SendMessageBatchResultEntry::builder().id("1").message_id("x").md5_of_message_body("x");
        let failed = |id: &str, fault: bool, message: Option<&str>| {
            let entry = BatchResultErrorEntry::builder().id(id).code("Code").sender_fault(fault);
            entry.set_message(message.map(str::to_owned)).build().unwrap()
        };
        let output = SendMessageBatchOutput::builder()
            .successful(taken.build().unwrap())
            .failed(failed("0", true, Some("why")))
            .failed(failed("3", false, None))
            .build()
            .unwrap();
        let refused = |status| Outcome::RefusedStatus { status, retry_after: None };
        let ended: Vec<_> = (0..4).map(|index| of_entry(index, &output)).collect();
        assert_eq!(
            ended,
            [
                (refused(400), Some("Code: why".to_owned())),
                (Outcome::Delivered { status: 200 }, None),
                (Outcome::Protocol, None),
                (refused(500), Some("Code".to_owned())),
            ]
        );
    }
}
