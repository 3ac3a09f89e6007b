//! Jobs beside each other: whatever happens in one stays in it, a panic too.

use std::error::Error;
use std::panic::AssertUnwindSafe;

use futures::future::{BoxFuture, FutureExt as _};
use shared::store::StoreError;

/// Does a part of a job's work; `None` when it panicked, which is logged here. Its message comes back.
///
/// Boxed, because the work is large: it holds the calls of several clients.
pub(crate) fn alone<'a, T>(message_id: &'a str, work: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, Option<T>> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let logged = work.map(move |result| {
        if result.is_err() {
            tracing::error!(sqs.message_id = message_id, "the job of message {message_id} panicked");
        }
        result.ok()
    });
    logged.boxed()
}

/// The same for work that can fail on our side, which is logged here, once.
pub(crate) fn attempted<'a, T: 'a>(
    message_id: &'a str,
    work: impl Future<Output = Result<T, StoreError>> + Send + 'a,
) -> impl Future<Output = Option<T>> + Send + 'a {
    alone(message_id, work.map(move |result| result.inspect_err(|error| log(message_id, error)).ok()))
        .map(Option::flatten)
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
