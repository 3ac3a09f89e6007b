//! Redrives: SQS itself moves the jobs of the dead-letter queue back to the deliveries queue.
//!
//! SQS gives a task's handle only while the task runs, so a redrive is named by the time at which it started, which
//! SQS keeps. That names it, because SQS runs at most one task at a time for each source queue.

use std::error::Error;
use std::ops::RangeInclusive;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;
use jiff::Timestamp;

/// Messages per second that a redrive may be limited to. SQS takes no more than 500.
pub const MAX_PER_SECOND: RangeInclusive<i32> = 1..=500;
/// SQS remembers this many tasks for each source queue.
const REMEMBERED: i32 = 10;

/// The way from the dead-letter queue to the deliveries queue.
#[derive(Debug, Clone)]
pub struct Redrives {
    client: Client,
    source_arn: String,
    destination_arn: String,
}

/// One redrive, as SQS remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// When it started, at millisecond precision; also its name.
    pub started_at: Timestamp,
    /// Where it stands.
    pub state: RedriveState,
    /// The rate that it was limited to, in messages per second; without one SQS chooses.
    pub max_per_second: Option<i32>,
    /// About how many messages were moved.
    pub moved: i64,
    /// About how many there were to move when it started; not known at once.
    pub to_move: Option<i64>,
}

/// Where a redrive stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveState {
    /// Messages are being moved.
    Running {
        /// What SQS wants to hear to cancel it.
        handle: String,
    },
    /// All were moved.
    Completed,
    /// It was cancelled and is coming to a stop.
    Cancelling,
    /// It was cancelled; what was moved stays moved.
    Cancelled,
    /// It stopped by itself; what was moved stays moved.
    Failed {
        /// SQS's reason.
        reason: Option<String>,
    },
}

impl RedriveState {
    /// The stable word for the API.
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

/// Why a call about redrives did not do what it should; callers branch on it.
#[derive(Debug, thiserror::Error)]
pub enum RedriveError {
    /// The endpoint does not know the action; some emulators do not.
    #[error("the SQS endpoint cannot move messages between queues")]
    NotOffered,
    /// SQS understood and refused: a task runs already, or the task to be cancelled does not run any more.
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

    /// Starts one; with `max_per_second` (within [`MAX_PER_SECOND`]) SQS moves no faster than that. Answers the
    /// task's handle, which [`Redrives::list`] shows as long as the task runs.
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
        let call = self.client.list_message_move_tasks().source_arn(&self.source_arn).max_results(REMEMBERED);
        let answer = call.send().await.map_err(classified)?;
        let mut redrives: Vec<_> = answer.results.unwrap_or_default().into_iter().filter_map(redrive).collect();
        redrives.sort_by_key(|redrive| std::cmp::Reverse(redrive.started_at));
        Ok(redrives)
    }

    /// Cancels the running redrive that `handle` names. What it moved already stays moved.
    pub async fn cancel(&self, handle: &str) -> Result<(), RedriveError> {
        self.client.cancel_message_move_task().task_handle(handle).send().await.map_err(classified)?;
        Ok(())
    }
}

/// `None` for a status that SQS does not have today; such a task could be neither shown nor cancelled.
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

/// What an error code means, in the JSON protocol's spelling or the older query protocol's.
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
