//! The stage `load`: the event of a delivery.

use shared::delivery::job_verdict::AttemptPlan;
use shared::event::Event;
use shared::store::Events;

use super::pending::{Pending, Prepared};
use super::record::Recorder;
use crate::disposition::Stop;
use crate::park::parked;
use crate::stored_event::{Lookup, OF_NEWER_EVENT, find_event};
use crate::webhook_cache::WebhookState;

/// The delivery with everything that its attempt needs. A delivery whose event is gone, or is broken, is given
/// up. If a newer release can read the event, the job waits for that release.
pub(crate) async fn load<'a>(
    pending: Pending<'a>,
    plan: AttemptPlan,
    state: WebhookState,
    events: &Events,
    recorder: &Recorder,
) -> Result<Prepared<'a>, Stop> {
    let job = &pending.job;
    let event = match &job.inline {
        Some(event) => Event::clone(event),
        None => match find_event(job.tenant, job.event, events).await? {
            Lookup::Found(event) => *event,
            Lookup::Newer => return Err(parked(&OF_NEWER_EVENT).into()),
            Lookup::Missing(reason) => return Err(recorder.give_up(job, plan, reason, &state.webhook).await?.into()),
        },
    };
    Ok(Prepared { pending, event, plan, state })
}
