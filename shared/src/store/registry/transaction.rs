//! Why a transaction was cancelled.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use super::{Row, StoreError};

/// Turns a cancelled transaction into the refusal of the first entry whose condition failed, which is
/// [`StoreError::Conflict`] for an entry without one in `refusals`; [`StoreError::Busy`] when no condition failed and
/// other callers kept one of the rows in transactions.
pub(super) fn transaction_error(error: SdkError<TransactWriteItemsError>, refusals: &[StoreError]) -> StoreError {
    let Some(entry) = refused_entry(&error) else { return StoreError::of_write(error) };
    match refusals.get(entry) {
        Some(StoreError::LimitReached) => StoreError::LimitReached,
        Some(StoreError::Gone) => StoreError::Gone,
        Some(_) | None => StoreError::Conflict,
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

fn reasons(error: &SdkError<TransactWriteItemsError>) -> &[CancellationReason] {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        _ => &[],
    }
}
