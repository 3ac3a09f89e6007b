//! Why a transaction was cancelled.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use super::StoreError;

/// Turns a cancelled transaction into the refusal of the first entry whose condition failed.
pub(super) fn transaction_error(error: SdkError<TransactWriteItemsError>, refusals: &[StoreError]) -> StoreError {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    };
    let failed = reasons.iter().position(|reason| reason.code() == Some("ConditionalCheckFailed"));
    // Two changes of one tenant's webhooks at the same time collide in the tenant's row.
    let collided = reasons.iter().any(|reason| reason.code() == Some("TransactionConflict"));
    match failed.and_then(|index| refusals.get(index)) {
        Some(StoreError::LimitReached) => StoreError::LimitReached,
        Some(_) => StoreError::Conflict,
        None if collided => StoreError::Conflict,
        None => StoreError::aws(error),
    }
}
