//! Writes that meet a transaction of another caller on the same row. DynamoDB refuses such a write at once and does not
//! say whether its condition holds, and the SDK does not repeat it. The row is only busy: the other transaction ends
//! within milliseconds. So the write is repeated here, and no caller takes a busy row for a row that has changed or is
//! gone.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::builders::DeleteItemFluentBuilder;
use aws_sdk_dynamodb::operation::delete_item::{DeleteItemError, DeleteItemOutput};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};

use super::StoreError;
use super::pauses::pause;
use crate::clock::random;

/// Maximum number of times that a write to a busy row is repeated. Reason: every change of a tenant's webhooks writes
/// the tenant's row, so a few callers at once are ordinary. More repeats would only add load to a row that many callers
/// write. The pauses between them end within a second.
const MAX_REPEATS: u32 = 5;

/// An error of a write, which tells whether the row was busy.
pub(super) trait WriteError {
    /// Whether a transaction of another caller on the same row was in the way. If a condition failed too, the condition
    /// decides.
    fn is_busy(&self) -> bool;
}

/// A write that can be made again.
pub(super) trait Write: Clone {
    /// What DynamoDB answers.
    type Output;
    /// How the write fails.
    type Error: WriteError;

    /// The write as all its tries make it.
    fn prepared(self) -> Self {
        self
    }

    /// Makes one try.
    async fn make(self) -> Result<Self::Output, SdkError<Self::Error>>;
}

/// Makes a write, and repeats it while its row is busy. The tries are boxed, because every operation holds this future
/// and would be as large as the SDK's own.
pub(super) async fn write<W: Write>(client: &Client, write: W) -> Result<W::Output, SdkError<W::Error>> {
    let write = write.prepared();
    for repeat in 0..MAX_REPEATS {
        match Box::pin(write.clone().make()).await {
            Err(error) if is_busy(&error) => pause(client, repeat).await,
            ended => return ended,
        }
    }
    Box::pin(write.make()).await
}

fn is_busy<E: WriteError>(error: &SdkError<E>) -> bool {
    error.as_service_error().is_some_and(E::is_busy)
}

impl StoreError {
    /// Wraps a failed write. The caller has already looked for a failed condition.
    pub(super) fn of_write<E>(error: SdkError<E>) -> Self
    where
        E: WriteError + std::error::Error + Send + Sync + 'static,
    {
        if is_busy(&error) { Self::Busy } else { Self::aws(error) }
    }
}

impl WriteError for PutItemError {
    fn is_busy(&self) -> bool {
        self.is_transaction_conflict_exception()
    }
}

impl WriteError for UpdateItemError {
    fn is_busy(&self) -> bool {
        self.is_transaction_conflict_exception()
    }
}

impl WriteError for DeleteItemError {
    fn is_busy(&self) -> bool {
        self.is_transaction_conflict_exception()
    }
}

impl WriteError for TransactWriteItemsError {
    fn is_busy(&self) -> bool {
        match self {
            Self::TransactionCanceledException(cancelled) => {
                let has = |code| cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some(code));
                has("TransactionConflict") && !has("ConditionalCheckFailed")
            }
            // The first try of this same transaction has not ended yet.
            Self::TransactionInProgressException(_) => true,
            _ => false,
        }
    }
}

impl Write for PutItemFluentBuilder {
    type Output = PutItemOutput;
    type Error = PutItemError;

    async fn make(self) -> Result<PutItemOutput, SdkError<PutItemError>> {
        self.send().await
    }
}

impl Write for UpdateItemFluentBuilder {
    type Output = UpdateItemOutput;
    type Error = UpdateItemError;

    async fn make(self) -> Result<UpdateItemOutput, SdkError<UpdateItemError>> {
        self.send().await
    }
}

impl Write for DeleteItemFluentBuilder {
    type Output = DeleteItemOutput;
    type Error = DeleteItemError;

    async fn make(self) -> Result<DeleteItemOutput, SdkError<DeleteItemError>> {
        self.send().await
    }
}

impl Write for TransactWriteItemsFluentBuilder {
    type Output = TransactWriteItemsOutput;
    type Error = TransactWriteItemsError;

    /// All tries have one token. If the answer to a try was lost and the transaction has taken effect, DynamoDB answers
    /// a later try with success, instead of refusing it because of its own effect.
    fn prepared(self) -> Self {
        self.client_request_token(format!("{:032x}", u128::from_be_bytes(random())))
    }

    async fn make(self) -> Result<TransactWriteItemsOutput, SdkError<TransactWriteItemsError>> {
        self.send().await
    }
}
