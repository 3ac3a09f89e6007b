//! Brings a webhook's held deliveries back: page by page to the deliveries queue, each in a new round, so that jobs of
//! the old one are void. The job for the next page goes the same way; a crash repeats a page, and rounds make that
//! harmless. For a deleted webhook the jobs find no webhook, and their deliveries end as discarded.

use shared::delivery::StateKind;
use shared::queue::Outgoing;
use shared::queue::job::{Deliver as DeliverJob, Job, Recover};
use shared::store::StoreError;
use shared::store::deliveries::Stuck;

use crate::{Deliver, Next};

/// Deliveries that one recover job brings back: nine batch calls and the next job's.
const PAGE: u8 = 90;

/// Sends one page of held deliveries and the job for the next.
pub(crate) async fn recover(job: &Recover, room: &Deliver) -> Result<Next, StoreError> {
    let known = room.webhooks.get_afresh(&room.registry, job.tenant, job.webhook, room.clock.now()).await?;
    if known.is_some_and(|known| !known.takes_attempts()) {
        // Disabled, paused or open again meanwhile: what lets it go the next time recovers.
        return Ok(Next::Finish);
    }
    let after = job.after.as_deref();
    let page =
        room.deliveries.list_stuck(job.tenant, job.webhook, StateKind::Held, Stuck::OldestFirst, after, PAGE).await?;
    let deliveries = page.items.iter().map(|held| {
        Job::Deliver(DeliverJob {
            tenant: held.tenant,
            webhook: held.webhook,
            event: held.event,
            round: held.round.saturating_add(1),
            inline: None,
            resend: false,
            slot: None,
        })
    });
    let rest = page.next.map(|after| Job::Recover(Recover { after: Some(after), ..job.clone() }));
    Ok(Next::Forward(deliveries.chain(rest).map(|job| Outgoing::now(&job)).collect()))
}
