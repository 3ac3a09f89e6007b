//! The first jobs of an event that `dispatch` has handed over: it could not read the tenant's webhooks, or so many
//! webhooks want the event that other tenants' events would have waited; or the event is of a newer release, and then
//! the job is parked.
//!
//! The jobs are sent page by page of the tenant's webhooks. When time is up, or SQS does not take a page, a new job
//! goes on behind the last page that SQS took. A crash repeats the job from its beginning, as a replay of the stream
//! does. If the webhooks cannot be read, the job comes back until they can be, and SQS moves it to the dead-letter
//! queue if that takes too long.

use jiff::{SignedDuration, Timestamp};
use shared::clock::Clock;
use shared::delivery::DeadReason;
use shared::event::Event;
use shared::id::WebhookId;
use shared::queue::job::{DispatchJob, FirstJobs, Job};
use shared::queue::{Outgoing, Queue, Unconfirmed};
use shared::store::Readable;
use shared::webhook::{Subscriber, may_want};

use crate::dead_letter;
use crate::disposition::{Disposition, Stop};
use crate::park::parked;
use crate::stored_event::{Lookup, OF_NEWER_EVENT, find_event};
use crate::stores::Stores;

/// Maximum webhooks of a page (25). Reason: ten jobs at a time hold the messages of a page each, of up to 48 KiB, and
/// the SDK holds them twice more.
const PAGE: u8 = 25;
/// Time that the invocation must have left before a page is begun. Reason: a page is two calls, each of at most 8 s.
const MIN_TIME_LEFT: SignedDuration = SignedDuration::from_secs(16);

/// Carries out a dispatch job. A copy of it sends the same jobs again, as a replay of the stream does.
pub(crate) async fn dispatch(
    job: &DispatchJob,
    stores: &Stores,
    deliveries_queue: &Queue,
    clock: &Clock,
    deadline: Timestamp,
) -> Result<Disposition, Stop> {
    let event = match find_event(job.tenant, job.event, &stores.events).await? {
        Lookup::Found(event) => event,
        Lookup::Newer => return Ok(parked(&OF_NEWER_EVENT)),
        // `dispatch` could read the row, or an operator asked for it again. So people have to look at it.
        Lookup::Missing(DeadReason::Unreadable) => {
            return Ok(dead_letter::unreadable(&Job::Dispatch(job.clone()).to_json()));
        }
        // Nobody can say any more which webhooks wanted the event, so there is no delivery to end as dead.
        Lookup::Missing(_) => {
            tracing::error!("the event has expired before its first jobs were sent; nothing of it is delivered");
            return Ok(Disposition::Delete);
        }
    };
    let first = FirstJobs::of(&event);
    let mut after = job.after.clone();
    loop {
        let page = match stores.subscribers.page(job.tenant, after.as_deref(), PAGE).await {
            // What was sent is not sent again because a later page cannot be read now.
            Err(error) if after != job.after => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, "a page of the tenant's webhooks cannot be read; a new job goes on there");
                return Ok(go_on(job, after));
            }
            page => page?,
        };
        if !send(&event, &first, &page.items, deliveries_queue).await {
            return Ok(if after == job.after { Disposition::Redeliver } else { go_on(job, after) });
        }
        let Some(next) = page.next else { return Ok(Disposition::Delete) };
        after = Some(next);
        if clock.now().saturating_add(MIN_TIME_LEFT).is_ok_and(|end| end > deadline) {
            return Ok(go_on(job, after));
        }
    }
}

/// Sends the first jobs of the webhooks that want the event. Returns whether SQS took all of them.
async fn send(
    event: &Event,
    first: &FirstJobs,
    webhooks: &[Readable<Subscriber, WebhookId>],
    deliveries_queue: &Queue,
) -> bool {
    let wanting = webhooks.iter().filter_map(|webhook| match webhook {
        Readable::Read(subscriber) => subscriber.wants(event).then_some(subscriber.id),
        // Its job waits until the webhook can be read.
        Readable::Unreadable(id) => may_want(*id, event).then_some(*id),
    });
    let jobs: Vec<_> = wanting.map(|webhook| Outgoing::first(first, webhook)).collect();
    let results = deliveries_queue.send(&jobs).await;
    let unconfirmed = deliveries_queue.unconfirmed(&results);
    unconfirmed.inspect(Unconfirmed::log).is_none()
}

/// The job that goes on behind the webhook `after`.
fn go_on(job: &DispatchJob, after: Option<String>) -> Disposition {
    Disposition::Replace(vec![Outgoing::now(&Job::Dispatch(DispatchJob { after, ..job.clone() }))])
}
