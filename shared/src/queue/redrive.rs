//! Redrives: SQS itself moves the jobs of the dead-letter queue back to the deliveries queue.
//!
//! SQS gives a task's handle only while the task runs. So the start time, which SQS keeps, is the redrive's id. It is
//! unique, because SQS runs only one task at a time for each source queue.

use std::error::Error;
use std::ops::RangeInclusive;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;
use jiff::Timestamp;

/// Bounds of a redrive's limit, in messages per second. SQS allows no more than 500.
pub const MAX_PER_SECOND: RangeInclusive<i32> = 1..=500;
/// How many tasks SQS remembers for each source queue.
const LISTED_TASKS: i32 = 10;

/// Redrives from the dead-letter queue to the deliveries queue.
#[derive(Debug, Clone)]
pub struct Redrives {
    client: Client,
    source_arn: String,
    destination_arn: String,
}

/// One redrive, as SQS remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// When the redrive started, in milliseconds. This is also its id.
    pub started_at: Timestamp,
    /// The redrive's state.
    pub state: RedriveState,
    /// The limit in messages per second; without one SQS chooses the rate.
    pub max_per_second: Option<i32>,
    /// Approximate number of moved messages.
    pub moved: i64,
    /// Approximate number of messages at the start. SQS does not know it at once.
    pub to_move: Option<i64>,
}

/// The state of a redrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveState {
    /// SQS is moving messages.
    Running {
        /// The handle that cancels the task.
        handle: String,
    },
    /// All messages were moved.
    Completed,
    /// The redrive was cancelled and is stopping.
    Cancelling,
    /// The redrive was cancelled. Moved messages stay moved.
    Cancelled,
    /// The redrive stopped by itself. Moved messages stay moved.
    Failed {
        /// SQS's reason.
        reason: Option<String>,
    },
}

impl RedriveState {
    /// The stable word, for the API.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Running { .. } => "running",
            Self::Completed => "completed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A call about redrives failed. Callers branch on the kind.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The endpoint does not have this action, like some emulators.
    #[error("the SQS endpoint cannot move messages between queues")]
    NotOffered,
    /// SQS refused: a task is running already, or the task to cancel is not running any more.
    #[error("SQS refused")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// The call failed, after the SDK's own retries.
    #[error("a call to SQS failed")]
    Aws(#[source] Box<dyn Error + Send + Sync>),
}

impl Redrives {
    /// Redrives from the queue `source_arn` to the queue `destination_arn`, reached through `client`.
    pub fn new(client: Client, source_arn: impl Into<String>, destination_arn: impl Into<String>) -> Self {
        Self { client, source_arn: source_arn.into(), destination_arn: destination_arn.into() }
    }

    /// Starts a redrive. With `max_per_second` (within [`MAX_PER_SECOND`]), SQS moves no more messages per second.
    /// Returns the task's handle, which [`Redrives::list`] shows while the task runs.
    pub async fn start(&self, max_per_second: Option<i32>) -> Result<String, RedriveError> {
        let call = self
            .client
            .start_message_move_task()
            .source_arn(&self.source_arn)
            .destination_arn(&self.destination_arn)
            .set_max_number_of_messages_per_second(max_per_second);
        let answer = call.send().await.map_err(classified)?;
        answer.task_handle.ok_or_else(|| RedriveError::Aws("SQS started a task without a handle".into()))
    }

    /// The last ten redrives, latest first.
    pub async fn list(&self) -> Result<Vec<Redrive>, RedriveError> {
        let call = self.client.list_message_move_tasks().source_arn(&self.source_arn).max_results(LISTED_TASKS);
        let answer = call.send().await.map_err(classified)?;
        let mut redrives: Vec<_> = answer.results.unwrap_or_default().into_iter().filter_map(redrive).collect();
        redrives.sort_by_key(|redrive| std::cmp::Reverse(redrive.started_at));
        Ok(redrives)
    }

    /// Cancels the running redrive with this handle. Moved messages stay moved.
    pub async fn cancel(&self, handle: &str) -> Result<(), RedriveError> {
        self.client.cancel_message_move_task().task_handle(handle).send().await.map_err(classified)?;
        Ok(())
    }
}

/// The redrive of an entry; `None` for a status that SQS does not have today. Such a task could be neither shown nor
/// cancelled.
fn redrive(entry: ListMessageMoveTasksResultEntry) -> Option<Redrive> {
    let state = match (entry.status.as_deref()?, entry.task_handle) {
        ("RUNNING", Some(handle)) => RedriveState::Running { handle },
        ("COMPLETED", _) => RedriveState::Completed,
        ("CANCELLING", _) => RedriveState::Cancelling,
        ("CANCELLED", _) => RedriveState::Cancelled,
        ("FAILED", _) => RedriveState::Failed { reason: entry.failure_reason },
        _ => return None,
    };
    Some(Redrive {
        started_at: Timestamp::from_millisecond(entry.started_timestamp).ok()?,
        state,
        max_per_second: entry.max_number_of_messages_per_second,
        moved: entry.approximate_number_of_messages_moved,
        to_move: entry.approximate_number_of_messages_to_move,
    })
}

fn classified<E>(error: SdkError<E>) -> RedriveError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error.code().map(verdict) {
        Some(Verdict::NotOffered) => RedriveError::NotOffered,
        Some(Verdict::Refused) => RedriveError::Refused(Box::new(error)),
        Some(Verdict::Trouble) | None => RedriveError::Aws(Box::new(error)),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    NotOffered,
    Refused,
    Trouble,
}

/// The meaning of an error code, in the spelling of the JSON protocol or of the older query protocol.
fn verdict(code: &str) -> Verdict {
    // As in `AWS.SimpleQueueService.UnsupportedOperation` and `com.amazonaws.sqs#UnsupportedOperation`.
    match code.rsplit(['.', '#']).next().unwrap_or(code) {
        "InvalidAction" | "UnknownOperation" | "UnknownOperationException" | "NotImplemented" => Verdict::NotOffered,
        "UnsupportedOperation"
        | "InvalidParameterValue"
        | "InvalidParameterValueException"
        | "ResourceNotFoundException" => Verdict::Refused,
        _ => Verdict::Trouble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_protocols_are_understood() {
        for code in ["InvalidAction", "UnknownOperationException", "com.amazon.coral.service#UnknownOperationException"]
        {
            assert_eq!(verdict(code), Verdict::NotOffered, "{code}");
        }
        for code in ["AWS.SimpleQueueService.UnsupportedOperation", "ResourceNotFoundException"] {
            assert_eq!(verdict(code), Verdict::Refused, "{code}");
        }
        for code in ["RequestThrottled", "AccessDenied", "InternalFailure"] {
            assert_eq!(verdict(code), Verdict::Trouble, "{code}");
        }
    }

    #[test]
    fn only_a_running_task_has_a_handle() {
        let entry = |status: &str, handle: Option<&str>| {
            let builder =
                ListMessageMoveTasksResultEntry::builder().status(status).started_timestamp(1_700_000_000_123);
            redrive(builder.set_task_handle(handle.map(str::to_owned)).build()).map(|redrive| redrive.state)
        };
        assert_eq!(entry("RUNNING", Some("h")), Some(RedriveState::Running { handle: "h".into() }));
        assert_eq!(entry("COMPLETED", None), Some(RedriveState::Completed));
        assert_eq!(entry("NEW STATUS", None), None);
    }
}
