//! How many messages of a queue are in flight.

use aws_sdk_sqs::types::QueueAttributeName;

use super::{EntryFailed, Queue, call_code};

impl Queue {
    /// The number of messages that were received and not deleted, hidden ones included. SQS's number is approximate,
    /// and up to a minute old.
    pub async fn in_flight(&self) -> Result<u32, EntryFailed> {
        let operation = "GetQueueAttributes";
        let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let call = self.client.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let answer = call.send().await.map_err(|error| EntryFailed::for_now(operation, call_code(&error)))?;
        let number = answer.attributes.and_then(|attributes| attributes.get(&name)?.parse().ok());
        number.ok_or_else(|| EntryFailed::for_now(operation, "unanswered".to_owned()))
    }
}
