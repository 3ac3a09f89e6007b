//! Changes of state that raise an event. Change and event are written in one transaction, so that there is no change
//! without its event and no event without its change.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use super::{StoreError, busy};

/// The write of an event, to be made in one transaction with the change that it reports. [`super::Events::event_write`]
/// makes it.
#[derive(Debug, Clone)]
pub struct EventWrite(pub(super) TransactWriteItem);

/// Makes a conditional change and writes its event. Returns whether the change's condition held; if not, nothing is
/// written. [`StoreError::Busy`] when other callers kept the row in transactions.
pub(super) async fn write_with_event(
    client: &Client,
    change: TransactWriteItem,
    event_write: EventWrite,
) -> Result<bool, StoreError> {
    let call = client.transact_write_items().transact_items(change).transact_items(event_write.0);
    match busy::write(client, call).await {
        Ok(_) => Ok(true),
        Err(error) if is_refused(&error) => Ok(false),
        Err(error) => Err(StoreError::of_write(error)),
    }
}

/// Whether a condition of the transaction failed.
fn is_refused(error: &SdkError<TransactWriteItemsError>) -> bool {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
        }
        _ => false,
    }
}
