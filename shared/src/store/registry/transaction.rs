//! Why a transaction was cancelled.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use super::{Row, StoreError};

/// Turns a cancelled transaction into the refusal of the first entry whose condition failed.
pub(super) fn transaction_error(error: SdkError<TransactWriteItemsError>, refusals: &[StoreError]) -> StoreError {
    match refused_entry(&error).and_then(|index| refusals.get(index)) {
        Some(StoreError::LimitReached) => StoreError::LimitReached,
        Some(_) => StoreError::Conflict,
        None if has_collided(&error) => StoreError::Conflict,
        None => StoreError::aws(error),
    }
}

/// The first entry of a cancelled transaction whose condition failed.
pub(super) fn refused_entry(error: &SdkError<TransactWriteItemsError>) -> Option<usize> {
    reasons(error).iter().position(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// The first entry of a cancelled transaction whose condition failed, with its row as it is, if the entry asks for it.
pub(super) fn refused_row(error: &SdkError<TransactWriteItemsError>) -> Option<(usize, &Row)> {
    let entry = refused_entry(error)?;
    Some((entry, reasons(error).get(entry)?.item.as_ref()?))
}

/// Whether a transaction met another one in the same row. Two changes of one tenant's webhooks at the same time collide
/// in the tenant's row.
pub(super) fn has_collided(error: &SdkError<TransactWriteItemsError>) -> bool {
    reasons(error).iter().any(|reason| reason.code() == Some("TransactionConflict"))
}

fn reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}
