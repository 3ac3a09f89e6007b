//! Stores many events in few calls: `BatchExecuteStatement` with an `INSERT` for each event.
//!
//! `INSERT` is always conditional: an existing row is refused as `DuplicateItem`, and this affects only its own
//! statement. A statement costs the same write units as a `PutItem`, and DynamoDB takes 25 of them in one call.

use std::time::Duration;

use aws_sdk_dynamodb::config::AsyncSleep as _;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
};

use super::row::{Row, row};
use super::{Event, Events, Put, StoreError};

/// Maximum number of statements of a call. Reason: DynamoDB refuses a call with more.
pub const MAX_STATEMENTS: usize = 25;
/// Maximum size of the rows of a call (1 MiB), unless a single row is larger. Reason: it limits the memory of a call
/// and the time to send it. 25 rows of DynamoDB's maximum size would be 10 MB.
const MAX_CALL_BYTES: usize = 1024 * 1024;
/// How long to wait before the next try of statements that failed because of DynamoDB. Reason: the SDK repeats only
/// calls that failed as a whole. A throttled partition takes more writes within a second, and a longer failure is left
/// to the sender's retry.
const RETRY_DELAYS: [Duration; 4] =
    [Duration::from_millis(50), Duration::from_millis(100), Duration::from_millis(200), Duration::from_millis(400)];

/// Why an event of a batch is not stored.
#[derive(Debug, thiserror::Error)]
enum NotStored {
    #[error("DynamoDB did not execute a statement: {0}")]
    Failed(String),
    #[error("DynamoDB answered {answered} of {sent} statements")]
    Unanswered { sent: usize, answered: usize },
}

/// The meaning of DynamoDB's answer to one statement.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Done(Put),
    TryAgain(String),
    Failed(String),
}

impl Events {
    /// Stores each event unless it is stored already, like [`Events::put`]. Returns the result of each put, in order.
    ///
    /// The ids must differ, because DynamoDB refuses a call with two statements on one row. After an error, any of the
    /// events may be stored; a repeated call stores the others.
    pub async fn put_batch(&self, events: &[&Event]) -> Result<Vec<Put>, StoreError> {
        if let [event] = events {
            return Ok(vec![self.put(event).await?]);
        }
        let mut puts = Vec::with_capacity(events.len());
        let (mut call, mut bytes) = (Vec::new(), 0);
        for event in events {
            let row = row(event, self.expiry(event.accepted_at))?;
            let size = size(&row);
            if call.len() == MAX_STATEMENTS || (!call.is_empty() && bytes + size > MAX_CALL_BYTES) {
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

    /// Executes statements that fit into one call. Statements that could not be executed are tried again in calls of
    /// their own.
    async fn insert(&self, statements: Vec<BatchStatementRequest>) -> Result<Vec<Put>, StoreError> {
        let mut puts = vec![Put::Stored; statements.len()];
        let mut left: Vec<usize> = (0..statements.len()).collect();
        let mut waits = RETRY_DELAYS.iter();
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
            // It waits in the same way as the SDK between its own tries.
            if let Some(sleep) = self.client.config().sleep_impl() {
                sleep.sleep(*wait).await;
            }
            left = again;
        }
    }

    /// The `INSERT` of a row. Values are parameters. The names of attributes are our own.
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

/// Reads the error of a statement. A statement that may have taken effect is tried again, and then finds its own row.
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

/// The size of a row's values. The rest of a call is small.
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
