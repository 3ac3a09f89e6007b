//! What the stages hand on: a job, a delivery that can be attempted, a request.

use jiff::Timestamp;
use shared::delivery::job_verdict::AttemptPlan;
use shared::event::Event;
use shared::queue::job::DeliverJob;

use crate::message::ReceivedMessage;
use crate::webhook_cache::WebhookState;

/// A received job to deliver.
#[derive(Debug)]
pub(crate) struct Pending<'a> {
    /// The position of the job's message in the batch.
    pub(crate) index: usize,
    pub(crate) message: &'a ReceivedMessage,
    pub(crate) job: DeliverJob,
}

/// A delivery that can be attempted.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) pending: Pending<'a>,
    pub(crate) event: Event,
    pub(crate) plan: AttemptPlan,
    pub(crate) state: WebhookState,
}

/// One POST, or one call to a stream, that is to be made.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The deliveries that the request holds, all of one webhook; never empty.
    pub(crate) members: Vec<Prepared<'a>>,
    /// The request's slot is lost after this time; `None` without a rate limit.
    pub(crate) good_until: Option<Timestamp>,
}
