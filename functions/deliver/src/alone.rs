//! Jobs beside each other: whatever happens in one stays in it, a panic too.

use std::error::Error;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use shared::store::StoreError;

/// Does a part of a job's work; `None` when it panicked, which is logged here. Its message comes back.
pub(crate) async fn alone<T>(message_id: &str, work: impl Future<Output = T>) -> Option<T> {
    let result = AssertUnwindSafe(work).catch_unwind().await;
    if result.is_err() {
        tracing::error!(sqs.message_id = message_id, "the job of message {message_id} panicked");
    }
    result.ok()
}

/// The same for work that can fail on our side, which is logged here, once.
pub(crate) async fn attempted<T>(message_id: &str, work: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    let result = alone(message_id, work).await?;
    if let Err(error) = &result {
        log(message_id, error);
    }
    result.ok()
}

/// Logs why the job of a message could not be carried out; it comes back.
pub(crate) fn log(message_id: &str, error: &StoreError) {
    tracing::error!(
        sqs.message_id = message_id,
        error = error as &dyn Error,
        "the job of message {message_id} could not be carried out"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_fails_its_own_job_only() {
        let panicking = alone::<u8>("1", async { panic!("on purpose") });
        let healthy = alone("2", async { 2 });
        assert_eq!(futures::join!(panicking, healthy), (None, Some(2)));
    }

    #[tokio::test]
    async fn so_does_an_error() {
        let failing = attempted::<u8>("1", async { Err(StoreError::Conflict) });
        let healthy = attempted("2", async { Ok(2) });
        assert_eq!(futures::join!(failing, healthy), (None, Some(2)));
    }
}
