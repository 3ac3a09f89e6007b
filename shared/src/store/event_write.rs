//! Changes of state that raise an event. Change and event are written in one transaction, so that there is no change
//! without its event and no event without its change.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::StoreError;

/// Maximum number of tries of a transaction that collides with another one of the same row. Reason: the other
/// transaction ends within milliseconds, and then the row is changed.
const TRIES: u8 = 3;

/// The write of an event, to be made in one transaction with the change that it reports. [`super::Events::event_write`]
/// makes it.
#[derive(Debug, Clone)]
pub struct EventWrite(pub(super) TransactWriteItem);

/// Makes a conditional change and writes its event. Returns whether the change's condition held; if not, nothing is
/// written.
///
/// The SDK gives each transaction a token, so that DynamoDB does not refuse a repeated transaction whose first answer
/// was lost. [`StoreError::Conflict`] when other callers kept changing the row.
pub(super) async fn write_with_event(
    client: &Client,
    change: TransactWriteItem,
    event_write: EventWrite,
) -> Result<bool, StoreError> {
    let call = client.transact_write_items().transact_items(change).transact_items(event_write.0);
    for _ in 0..TRIES {
        match call.clone().send().await {
            Ok(_) => return Ok(true),
            Err(error) if is_cancelled(&error, "ConditionalCheckFailed") => return Ok(false),
            Err(error) if is_cancelled(&error, "TransactionConflict") => {}
            Err(error) => return Err(StoreError::aws(error)),
        }
    }
    Err(StoreError::Conflict)
}

/// Whether a transaction was cancelled for this reason.
fn is_cancelled(error: &SdkError<TransactWriteItemsError>, code: &str) -> bool {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some(code))
        }
        _ => false,
    }
}
