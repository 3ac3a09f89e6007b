//! Isolation of jobs that run at the same time: an error or a panic of one job does not reach the others.

use std::error::Error;
use std::panic::AssertUnwindSafe;

use futures::future::{BoxFuture, FutureExt as _};
use shared::store::StoreError;

use crate::disposition::{Disposition, Stop};

/// Does a part of a job's work. Returns `None` if the work panicked; the panic is logged here, and the message comes back.
///
/// The future is boxed because it is large: it holds the calls of several clients.
pub(crate) fn isolated<'a, T>(
    message_id: &'a str,
    work: impl Future<Output = T> + Send + 'a,
) -> BoxFuture<'a, Option<T>> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let logged = work.map(move |result| {
        if result.is_err() {
            tracing::error!(sqs.message_id = message_id, "the job of message {message_id} panicked");
        }
        result.ok()
    });
    logged.boxed()
}

/// Like [`isolated`], for work that can stop early. An error on our side is logged here, once; after an error or a panic
/// the message is redelivered.
pub(crate) fn isolated_logged<'a, T: 'a>(
    message_id: &'a str,
    work: impl Future<Output = Result<T, Stop>> + Send + 'a,
) -> impl Future<Output = Result<T, Disposition>> + Send + 'a {
    isolated(message_id, work).map(move |result| match result {
        Some(Ok(done)) => Ok(done),
        Some(Err(Stop::Settled(disposition))) => Err(disposition),
        Some(Err(Stop::Failed(error))) => {
            log(message_id, &error);
            Err(Disposition::Redeliver)
        }
        None => Err(Disposition::Redeliver),
    })
}

/// Logs why the job of a message could not be carried out. The message comes back.
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
        let panicking = isolated::<u8>("1", async { panic!("on purpose") });
        let healthy = isolated("2", async { 2 });
        assert_eq!(futures::join!(panicking, healthy), (None, Some(2)));
    }

    #[tokio::test]
    async fn an_error_and_a_panic_redeliver_their_own_message_only() {
        let failing = isolated_logged::<u8>("1", async { Err(StoreError::Conflict.into()) });
        let panicking = isolated_logged::<u8>("2", async { panic!("on purpose") });
        let healthy = isolated_logged("3", async { Ok(2) });
        let settled = isolated_logged::<u8>("4", async { Err(Disposition::Delete.into()) });
        assert_eq!(
            futures::join!(failing, panicking, healthy, settled),
            (Err(Disposition::Redeliver), Err(Disposition::Redeliver), Ok(2), Err(Disposition::Delete))
        );
    }
}
