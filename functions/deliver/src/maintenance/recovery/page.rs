//! What one page of a recovery brings back: stretch by stretch, through what is asked for of one webhook and then of the
//! next, until there is enough for its time.

use shared::breaker::Breaker;
use shared::delivery::{DeadReason, Delivery, DeliveryState, StateKind};
use shared::id::WebhookId;
use shared::queue::job::{Deliver as DeliverJob, Job};
use shared::recovery::{FailureReason, Position, Progress, Recoverable, Recovery, RecoveryStatus, Worked};
use shared::store::{StoreError, TimeRange};
use shared::webhook::WebhookStatus;

use super::missing::missing;
use crate::Deliver;
use crate::webhook_cache::Known;

/// Most stretches of one page. Each is a few calls of some milliseconds, also where it finds nothing: a page has ended long
/// before its invocation has to.
const STRETCHES: u8 = 20;

/// A page.
pub(super) struct Page {
    /// What is to be sent.
    pub(super) jobs: Vec<Job>,
    /// What is to be noted.
    pub(super) worked: Worked,
    /// What follows.
    pub(super) then: Then,
}

/// What follows after a page.
pub(super) enum Then {
    /// The next one.
    GoOn,
    /// Nothing.
    End(RecoveryStatus),
}

/// Part of what is asked for of one webhook.
pub(super) struct Stretch {
    pub(super) jobs: Vec<Job>,
    pub(super) looked_at: u64,
    /// After which row to go on; `None` when nothing is left of it.
    pub(super) next: Option<String>,
}

/// Whether something can be recovered for a webhook at present.
#[derive(Debug, PartialEq, Eq)]
enum Fitness {
    Fit,
    /// Its breaker is open, which ends by itself.
    Wait,
    /// Somebody has to do something first.
    Unfit(FailureReason),
}

/// Finds the next page. Of a single webhook that takes no attempts it waits for the end of an outage, and gives up on the
/// rest; of all of a tenant's webhooks it leaves such a one as it is.
pub(super) async fn page(recovery: &Recovery, room: &Deliver) -> Result<Page, StoreError> {
    let most = usize::from(recovery.pace().page());
    let worked = Worked { progress: Progress::default(), position: recovery.position.clone(), waits: false };
    let mut page = Page { jobs: Vec::new(), worked, then: Then::GoOn };
    for _ in 0..STRETCHES {
        if page.jobs.len() >= most {
            break;
        }
        let position = &page.worked.position;
        let Some(webhook) = position.webhook else {
            page.go_to(webhook_after(recovery, None, room).await?, recovery, room);
            if let Then::End(_) = page.then {
                break;
            }
            continue;
        };
        let known = room.webhooks.get_afresh(&room.registry, recovery.tenant, webhook, room.clock.now()).await?;
        let over = match (fitness(known.as_ref(), position.state), known, recovery.webhook) {
            (Fitness::Fit, Some(known), _) => {
                let stretch = stretch(recovery, position, &known, most - page.jobs.len(), room).await?;
                page.take(stretch)
            }
            (Fitness::Wait, _, Some(_)) => {
                page.worked.waits = page.jobs.is_empty();
                break;
            }
            (Fitness::Unfit(reason), _, Some(_)) => {
                page.then = Then::End(RecoveryStatus::Failed { at: room.clock.now(), reason });
                break;
            }
            (Fitness::Wait | Fitness::Unfit(_) | Fitness::Fit, _, _) => {
                page.worked.progress.skipped_webhooks += 1;
                true
            }
        };
        if over {
            page.go_on(recovery, webhook, room).await?;
            if let Then::End(_) = page.then {
                break;
            }
        }
    }
    page.worked.progress.recovered = page.jobs.len() as u64;
    Ok(page)
}

impl Page {
    /// Adds a stretch; answers whether nothing is left after it.
    fn take(&mut self, stretch: Stretch) -> bool {
        self.jobs.extend(stretch.jobs);
        self.worked.progress.looked_at += stretch.looked_at;
        let over = stretch.next.is_none();
        if !over {
            self.worked.position.after = stretch.next;
        }
        over
    }

    /// Goes on with what else is asked for of `webhook`, or with the next one.
    async fn go_on(&mut self, recovery: &Recovery, webhook: WebhookId, room: &Deliver) -> Result<(), StoreError> {
        match (recovery.state_after(self.worked.position.state), recovery.webhook) {
            (Some(state), _) => {
                self.worked.position = Position { webhook: Some(webhook), state, after: None };
            }
            (None, Some(_)) => self.then = Then::End(RecoveryStatus::Done { at: room.clock.now() }),
            (None, None) => self.go_to(webhook_after(recovery, Some(webhook), room).await?, recovery, room),
        }
        Ok(())
    }

    /// Begins with a webhook, or ends.
    fn go_to(&mut self, webhook: Option<WebhookId>, recovery: &Recovery, room: &Deliver) {
        match (webhook, recovery.states.first()) {
            (Some(webhook), Some(state)) => {
                self.worked.position = Position { webhook: Some(webhook), state: *state, after: None };
            }
            _ => self.then = Then::End(RecoveryStatus::Done { at: room.clock.now() }),
        }
    }
}

/// The tenant's next webhook, of those that it had when the recovery began.
async fn webhook_after(
    recovery: &Recovery,
    after: Option<WebhookId>,
    room: &Deliver,
) -> Result<Option<WebhookId>, StoreError> {
    let after = after.map(|webhook| webhook.to_string());
    let page = room.registry.list_webhooks(recovery.tenant, after.as_deref(), 1).await?;
    Ok(page.items.first().map(|webhook| webhook.id).filter(|webhook| webhook.time() <= recovery.created_at))
}

/// What was held would be held again at once, and what is dead would only change its name, while a webhook takes no
/// attempts. What is missing becomes held then, which is what it should have been.
fn fitness(known: Option<&Known>, state: Recoverable) -> Fitness {
    let Some(known) = known else { return Fitness::Unfit(FailureReason::WebhookDeleted) };
    match (state, known.webhook.status, &known.breaker) {
        (Recoverable::Missing, _, _) => Fitness::Fit,
        (_, WebhookStatus::Disabled { .. }, _) => Fitness::Unfit(FailureReason::WebhookDisabled),
        (_, WebhookStatus::Enabled, _) if known.webhook.paused => Fitness::Unfit(FailureReason::WebhookPaused),
        (_, WebhookStatus::Enabled, Breaker::Open(_)) => Fitness::Wait,
        (_, WebhookStatus::Enabled, Breaker::Closed { .. }) => Fitness::Fit,
    }
}

async fn stretch(
    recovery: &Recovery,
    position: &Position,
    known: &Known,
    most: usize,
    room: &Deliver,
) -> Result<Stretch, StoreError> {
    let after = position.after.as_deref();
    match position.state {
        Recoverable::Held => stuck(recovery, known, StateKind::Held, after, most, room).await,
        Recoverable::Dead => stuck(recovery, known, StateKind::Dead, after, most, room).await,
        Recoverable::Missing => missing(recovery, known, after, most, room).await,
    }
}

async fn stuck(
    recovery: &Recovery,
    known: &Known,
    state: StateKind,
    after: Option<&str>,
    most: usize,
    room: &Deliver,
) -> Result<Stretch, StoreError> {
    let range = TimeRange { from: recovery.since, to: recovery.until };
    let limit = u16::try_from(most).unwrap_or(u16::MAX);
    let (tenant, webhook) = (recovery.tenant, known.webhook.id);
    let page = room.deliveries.list_stuck_within(tenant, webhook, state, range, after, limit).await?;
    let looked_at = page.items.len() as u64;
    let jobs = page.items.iter().filter(|delivery| has_event(delivery)).map(next_round).collect();
    Ok(Stretch { jobs, looked_at, next: page.next })
}

/// A delivery that is dead because its event is no longer stored would only die of it again.
fn has_event(delivery: &Delivery) -> bool {
    delivery.state != DeliveryState::Dead { reason: DeadReason::EventExpired }
}

/// The job that begins the next round of a held or dead delivery. A dead letter of it is a job of the same round: whichever
/// comes first claims it, and the other is void.
pub(crate) fn next_round(stuck: &Delivery) -> Job {
    Job::Deliver(DeliverJob {
        tenant: stuck.tenant,
        webhook: stuck.webhook,
        event: stuck.event,
        round: stuck.round.saturating_add(1),
        inline: None,
        resend: false,
        slot: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deleted_is_unfit_for_everything() {
        for state in Recoverable::ALL {
            assert_eq!(fitness(None, *state), Fitness::Unfit(FailureReason::WebhookDeleted));
        }
    }
}
