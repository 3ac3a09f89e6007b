//! Stores many events in few calls: `BatchExecuteStatement` with an `INSERT` for each event.
//!
//! `INSERT` is conditional by nature: a row that is there already is refused as `DuplicateItem`, for its statement alone.
//! A statement costs the same write units as a `PutItem`, and DynamoDB takes 25 of them in one call.

use std::time::Duration;

use aws_sdk_dynamodb::config::AsyncSleep as _;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
};

use super::row::{Row, row};
use super::{Event, Events, Put, StoreError};

/// Maximum statements of a call. Reason: DynamoDB refuses a call with more.
pub const MAX_STATEMENTS: usize = 25;
/// Maximum bytes of the rows of a call (1 MiB), unless one row alone has more. Reason: it bounds the memory of a call and
/// the time to send it. 25 rows of DynamoDB's maximum would be 10 MB.
const MAX_BYTES: usize = 1024 * 1024;
/// How long to wait before statements that failed for DynamoDB's own reasons are tried again. Reason: the SDK repeats
/// only calls that failed as a whole. Partitions that are throttled take more within a second, and what lasts longer is
/// left to the sender's repeat.
const WAITS: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

/// Why an event of a batch is not stored.
#[derive(Debug, thiserror::Error)]
enum NotStored {
    #[error("DynamoDB did not carry out a statement: {0}")]
    Failed(String),
    #[error("DynamoDB answered {answered} of {sent} statements")]
    Unanswered { sent: usize, answered: usize },
}

/// What DynamoDB's answer to one statement means.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Done(Put),
    TryAgain(String),
    Failed(String),
}

impl Events {
    /// Stores each event unless it is stored already, as [`Events::put`] does; what each put did, in their order.
    ///
    /// The ids must differ: DynamoDB refuses a call with two statements on one row. On an error, any of the events may be
    /// stored; a repeat stores the others.
    pub async fn put_batch(&self, events: &[&Event]) -> Result<Vec<Put>, StoreError> {
        if let [event] = events {
            return Ok(vec![self.put(event).await?]);
        }
        let mut puts = Vec::with_capacity(events.len());
        let (mut call, mut bytes) = (Vec::new(), 0);
        for event in events {
            let row = row(event, self.expiry(event.accepted_at))?;
            let size = size(&row);
            if call.len() == MAX_STATEMENTS || (!call.is_empty() && bytes + size > MAX_BYTES) {
                puts.extend(self.insert(std::mem::take(&mut call)).await?);
                bytes = 0;
            }
            bytes += size;
            call.push(self.statement(row)?);
        }
        if !call.is_empty() {
            puts.extend(self.insert(call).await?);
        }
        Ok(puts)
    }

    /// Carries out statements that fit into one call; those that could not be carried out now are tried again, alone.
    async fn insert(&self, statements: Vec<BatchStatementRequest>) -> Result<Vec<Put>, StoreError> {
        let mut puts = vec![Put::Stored; statements.len()];
        let mut left: Vec<usize> = (0..statements.len()).collect();
        let mut waits = WAITS.iter();
        loop {
            let sent = left.iter().map(|index| statements[*index].clone()).collect();
            let call = self.client.batch_execute_statement().set_statements(Some(sent));
            let answers = call.send().await.map_err(StoreError::aws)?.responses.unwrap_or_default();
            if answers.len() != left.len() {
                return Err(StoreError::aws(NotStored::Unanswered { sent: left.len(), answered: answers.len() }));
            }
            let mut again = Vec::new();
            let mut reason = String::new();
            for (index, answer) in left.into_iter().zip(answers) {
                match verdict(answer) {
                    Verdict::Done(put) => puts[index] = put,
                    Verdict::TryAgain(why) => {
                        again.push(index);
                        reason = why;
                    }
                    Verdict::Failed(why) => return Err(StoreError::aws(NotStored::Failed(why))),
                }
            }
            if again.is_empty() {
                return Ok(puts);
            }
            let Some(wait) = waits.next() else { return Err(StoreError::aws(NotStored::Failed(reason))) };
            // As the SDK waits between its own tries.
            if let Some(sleep) = self.client.config().sleep_impl() {
                sleep.sleep(*wait).await;
            }
            left = again;
        }
    }

    /// The `INSERT` of a row. Its values are parameters; the attributes' names are ours.
    fn statement(&self, row: Row) -> Result<BatchStatementRequest, StoreError> {
        let (names, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
        let places: Vec<_> = names.iter().map(|name| format!("'{name}': ?")).collect();
        let statement = format!("INSERT INTO \"{}\" VALUE {{{}}}", self.table, places.join(", "));
        BatchStatementRequest::builder()
            .statement(statement)
            .set_parameters(Some(values))
            .build()
            .map_err(StoreError::aws)
    }
}

/// Reads a statement's own error. A statement that may or may not have taken effect is tried again, and then meets its
/// own row.
fn verdict(answer: BatchStatementResponse) -> Verdict {
    use BatchStatementErrorCodeEnum as Code;
    let Some(error) = answer.error else { return Verdict::Done(Put::Stored) };
    let message = error.message.unwrap_or_default();
    match error.code {
        Some(Code::DuplicateItem) => Verdict::Done(Put::AlreadyThere),
        Some(
            code @ (Code::ThrottlingError
            | Code::ProvisionedThroughputExceeded
            | Code::RequestLimitExceeded
            | Code::InternalServerError
            | Code::TransactionConflict),
        ) => Verdict::TryAgain(format!("{code}: {message}")),
        Some(code) => Verdict::Failed(format!("{code}: {message}")),
        None => Verdict::Failed(message),
    }
}

/// Bytes of a row's values; the rest of a call is small.
fn size(row: &Row) -> usize {
    let size = |value: &AttributeValue| match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(blob) => blob.as_ref().len(),
        _ => 0,
    };
    row.values().map(size).sum()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::BatchStatementError;

    use super::*;

    fn verdict_of(code: &str) -> Verdict {
        let error = BatchStatementError::builder().code(code.into()).message("m").build();
        verdict(BatchStatementResponse::builder().error(error).build())
    }

    #[test]
    fn only_the_answers_that_say_so_mean_stored() {
        let done = verdict(BatchStatementResponse::builder().table_name("events").build());
        assert_eq!(done, Verdict::Done(Put::Stored));
        assert_eq!(verdict_of("DuplicateItem"), Verdict::Done(Put::AlreadyThere));
        for code in [
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "InternalServerError",
            "TransactionConflict",
        ] {
            assert_eq!(verdict_of(code), Verdict::TryAgain(format!("{code}: m")));
        }
        for code in [
            "ConditionalCheckFailed",
            "ItemCollectionSizeLimitExceeded",
            "ValidationError",
            "ResourceNotFound",
            "AccessDenied",
            "SomethingNew",
        ] {
            assert_eq!(verdict_of(code), Verdict::Failed(format!("{code}: m")));
        }
        let nameless = BatchStatementResponse::builder().error(BatchStatementError::builder().build()).build();
        assert_eq!(verdict(nameless), Verdict::Failed(String::new()));
    }
}
