//! What one page of a recovery brings back: chunk after chunk, through the states that are asked for of one webhook and
//! then of the next webhook, until there is enough for the page's time.

use shared::clock::Clock;
use shared::delivery::StateKind;
use shared::id::WebhookId;
use shared::queue::job::Job;
use shared::recovery::{PageResult, Position, Progress, Recoverable, Recovery, RecoveryStatus};
use shared::store::registry::Webhooks;
use shared::store::{Readable, StoreError};

use super::chunk::{Chunk, held_or_dead};
use super::eligibility::{Eligibility, eligibility};
use super::missing::missing;
use crate::stores::Stores;
use crate::webhook_cache::{WebhookCache, WebhookState};

/// Maximum chunks of one page. Reason: each takes a few calls of some milliseconds, also if it finds nothing, so that a
/// page ends long before its invocation has to.
const MAX_CHUNKS: u8 = 20;

/// A page.
pub(super) struct PagePlan {
    /// The jobs that are to be sent.
    pub(super) jobs: Vec<Job>,
    /// What is to be noted in the recovery's row.
    pub(super) result: PageResult,
    pub(super) continuation: Continuation,
}

/// What follows after a page.
pub(super) enum Continuation {
    /// The next page.
    Next,
    /// Nothing: the recovery has ended.
    End(RecoveryStatus),
}

/// Finds the next page.
///
/// A recovery waits while its tenant is suspended. A recovery of a single webhook also waits for the end of an outage,
/// and fails if the webhook takes no attempts for another reason. A recovery of all webhooks of a tenant skips such a
/// webhook.
pub(super) async fn page(
    recovery: &Recovery,
    stores: &Stores,
    webhooks: &WebhookCache,
    clock: &Clock,
) -> Result<PagePlan, StoreError> {
    let most = usize::from(recovery.pace().page());
    let result = PageResult { progress: Progress::default(), position: recovery.position.clone(), waits: false };
    let mut page = PagePlan { jobs: Vec::new(), result, continuation: Continuation::Next };
    for _ in 0..MAX_CHUNKS {
        if page.jobs.len() >= most {
            break;
        }
        let position = &page.result.position;
        let Some(webhook) = position.webhook else {
            page.begin_with(webhook_after(recovery, None, &stores.webhooks).await?, recovery, clock);
            if let Continuation::End(_) = page.continuation {
                break;
            }
            continue;
        };
        let state = match webhooks.get_fresh(recovery.tenant, webhook, clock.now()).await {
            // A newer release may have written the webhook. Nothing is recovered for it until it can be read.
            Err(StoreError::Unreadable(_)) => Err(Eligibility::Wait),
            read => Ok(read?),
        };
        let (eligible, state) = match state {
            Ok(state) => (eligibility(state.as_ref(), position.state), state),
            Err(waits) => (waits, None),
        };
        let is_suspended = state.as_ref().is_some_and(|state| state.is_suspended);
        let over = match (eligible, state, recovery.webhook) {
            (Eligibility::Eligible, Some(state), _) => {
                let chunk = next_chunk(recovery, position, &state, most - page.jobs.len(), stores, clock).await?;
                page.add(chunk)
            }
            // A suspension is about all webhooks of the tenant, so there is none to go on with.
            (Eligibility::Wait, _, webhook) if webhook.is_some() || is_suspended => {
                page.result.waits = page.jobs.is_empty();
                break;
            }
            (Eligibility::Ineligible(reason), _, Some(_)) => {
                page.continuation = Continuation::End(RecoveryStatus::Failed { at: clock.now(), reason });
                break;
            }
            (Eligibility::Wait | Eligibility::Ineligible(_) | Eligibility::Eligible, _, _) => {
                page.result.progress.skipped_webhooks += 1;
                true
            }
        };
        if over {
            page.go_on(recovery, webhook, &stores.webhooks, clock).await?;
            if let Continuation::End(_) = page.continuation {
                break;
            }
        }
    }
    page.result.progress.recovered = page.jobs.len() as u64;
    Ok(page)
}

impl PagePlan {
    /// Adds a chunk. Returns whether nothing is left after it.
    fn add(&mut self, chunk: Chunk) -> bool {
        self.jobs.extend(chunk.jobs);
        self.result.progress.looked_at += chunk.looked_at;
        let over = chunk.next.is_none();
        if !over {
            self.result.position.after = chunk.next;
        }
        over
    }

    /// Goes on with the next state of `webhook` that is asked for, or with the next webhook.
    async fn go_on(
        &mut self,
        recovery: &Recovery,
        webhook: WebhookId,
        webhooks: &Webhooks,
        clock: &Clock,
    ) -> Result<(), StoreError> {
        match (recovery.state_after(self.result.position.state), recovery.webhook) {
            (Some(state), _) => {
                self.result.position = Position { webhook: Some(webhook), state, after: None };
            }
            (None, Some(_)) => self.continuation = Continuation::End(RecoveryStatus::Done { at: clock.now() }),
            (None, None) => self.begin_with(webhook_after(recovery, Some(webhook), webhooks).await?, recovery, clock),
        }
        Ok(())
    }

    /// Begins with a webhook, or ends if there is none.
    fn begin_with(&mut self, webhook: Option<WebhookId>, recovery: &Recovery, clock: &Clock) {
        match (webhook, recovery.states.first()) {
            (Some(webhook), Some(state)) => {
                self.result.position = Position { webhook: Some(webhook), state: *state, after: None };
            }
            _ => self.continuation = Continuation::End(RecoveryStatus::Done { at: clock.now() }),
        }
    }
}

/// The tenant's next webhook, among those that the tenant had when the recovery began.
async fn webhook_after(
    recovery: &Recovery,
    after: Option<WebhookId>,
    webhooks: &Webhooks,
) -> Result<Option<WebhookId>, StoreError> {
    let after = after.map(|webhook| webhook.to_string());
    let page = webhooks.list(recovery.tenant, after.as_deref(), 1).await?;
    let id = page.items.into_iter().next().and_then(|entry| match entry {
        Readable::Read(webhook) => Some(webhook.id),
        Readable::Unreadable(id) => id.parse().ok(),
    });
    Ok(id.filter(|webhook| webhook.time() <= recovery.created_at))
}

async fn next_chunk(
    recovery: &Recovery,
    position: &Position,
    state: &WebhookState,
    most: usize,
    stores: &Stores,
    clock: &Clock,
) -> Result<Chunk, StoreError> {
    let (after, webhook, deliveries) = (position.after.as_deref(), &state.webhook, &stores.deliveries);
    match position.state {
        Recoverable::Held => held_or_dead(recovery, webhook.id, StateKind::Held, after, most, deliveries).await,
        Recoverable::Dead => held_or_dead(recovery, webhook.id, StateKind::Dead, after, most, deliveries).await,
        Recoverable::Missing => missing(recovery, webhook, after, most, stores, clock.now()).await,
    }
}
