//! Isolation of jobs that run at the same time: an error or a panic of one job does not reach the others.

use std::error::Error;
use std::panic::AssertUnwindSafe;

use futures::future::{BoxFuture, FutureExt as _};
use shared::store::StoreError;
use tracing::{Instrument as _, Span};

use crate::disposition::{Disposition, Stop};

/// Does work in the span of what the work is about. Returns `None` if the work panicked; the panic is logged here, and
/// the messages that the work is about come back.
///
/// The future is boxed because it is large: it holds the calls of several clients.
pub(crate) fn isolated<'a, T>(span: &Span, work: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, Option<T>> {
    let work = AssertUnwindSafe(work).catch_unwind();
    let logged = work.map(|result| {
        if result.is_err() {
            tracing::error!("a panic ended the work; its messages come back");
        }
        result.ok()
    });
    logged.instrument(span.clone()).boxed()
}

/// Like [`isolated`], for work on one message that can stop early. An error on our side is logged here, once; after an
/// error or a panic the message is redelivered.
pub(crate) fn isolated_logged<'a, T: 'a>(
    span: &Span,
    work: impl Future<Output = Result<T, Stop>> + Send + 'a,
) -> impl Future<Output = Result<T, Disposition>> + Send + 'a {
    let logged = work.map(|result| result.map_err(disposition));
    isolated(span, logged).map(|result| result.unwrap_or(Err(Disposition::Redeliver)))
}

/// What becomes of the message of a job that stopped.
fn disposition(stop: Stop) -> Disposition {
    match stop {
        Stop::Settled(disposition) => disposition,
        // A newer release may have written the row. So waiting helps, and the end of a receive count must not.
        Stop::Failed(error @ StoreError::Unreadable(_)) => {
            log(&error, "a stored row cannot be read; the job is parked until a release can read it");
            Disposition::Park
        }
        Stop::Failed(error) => {
            log(&error, "the job could not be carried out");
            Disposition::Redeliver
        }
    }
}

/// Logs an error on our side, in the current span.
pub(crate) fn log(error: &(dyn Error + 'static), what: &str) {
    tracing::error!(error, "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_fails_its_own_job_only() {
        let panicking = isolated::<u8>(&Span::none(), async { panic!("on purpose") });
        let healthy = isolated(&Span::none(), async { 2 });
        assert_eq!(futures::join!(panicking, healthy), (None, Some(2)));
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_read_parks_the_message() {
        let unreadable =
            isolated_logged::<u8>(&Span::none(), async { Err(StoreError::unreadable("on purpose").into()) });
        assert_eq!(unreadable.await, Err(Disposition::Park));
    }

    #[tokio::test]
    async fn an_error_and_a_panic_redeliver_their_own_message_only() {
        let span = Span::none();
        let failing = isolated_logged::<u8>(&span, async { Err(StoreError::Conflict.into()) });
        let panicking = isolated_logged::<u8>(&span, async { panic!("on purpose") });
        let healthy = isolated_logged(&span, async { Ok(2) });
        let settled = isolated_logged::<u8>(&span, async { Err(Disposition::Delete.into()) });
        assert_eq!(
            futures::join!(failing, panicking, healthy, settled),
            (Err(Disposition::Redeliver), Err(Disposition::Redeliver), Ok(2), Err(Disposition::Delete))
        );
    }
}
