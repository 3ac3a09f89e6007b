//! The stages from `inspect` to `reserve` for the jobs of one webhook.

use futures::future::join_all;
use shared::delivery::job_verdict::AttemptPlan;
use shared::store::StoreError;

use super::hold::admitted;
use super::inspect::inspect;
use super::load::load;
use super::pending::{Pending, Prepared, Request};
use super::rate_limit::reserve;
use super::slow;
use crate::Deliver;
use crate::disposition::{Dispositions, Stop};
use crate::isolate::{isolated_logged, log};
use crate::park::parked;
use crate::webhook_cache::WebhookState;

/// Why the jobs of such a webhook are parked.
const OF_UNREADABLE_WEBHOOK: &str = "a job whose webhook this release cannot read";

/// Turns the jobs of one webhook into its requests. What becomes of the other jobs is added to `settled`.
pub(crate) async fn line_up<'a>(
    pending: Vec<Pending<'a>>,
    settled: &mut Dispositions,
    room: &Deliver,
) -> Vec<Request<'a>> {
    let inspected = pending.iter().map(|pending| {
        isolated_logged(
            &pending.message.span,
            inspect(pending, &room.webhooks, &room.recorder, &room.places, &room.clock),
        )
    });
    let inspected = join_all(inspected).await;
    let mut due = Vec::new();
    for (pending, plan) in pending.into_iter().zip(inspected) {
        match plan {
            Ok(plan) => due.push((pending, plan)),
            Err(disposition) => settled.push((pending.index, disposition)),
        }
    }
    let Some((first, _)) = due.first() else { return Vec::new() };
    // Read once for the whole group; an error fails the whole group.
    let read = room.webhooks.get(first.job.tenant, first.job.webhook, room.clock.now()).await;
    let state = match read {
        Ok(state) => state,
        Err(error @ StoreError::Unreadable(_)) => {
            log(&error, "the webhook cannot be read; its jobs are parked until a release can read it");
            let parked = |pending: &Pending<'_>| pending.message.span.in_scope(|| parked(&OF_UNREADABLE_WEBHOOK));
            settled.extend(due.iter().map(|(pending, _)| (pending.index, parked(pending))));
            return Vec::new();
        }
        Err(error) => {
            log(&error, &format!("the webhook could not be read; {} jobs come back", due.len()));
            return Vec::new();
        }
    };
    let (tenant, webhook) = (first.job.tenant, first.job.webhook);
    let is_over_share = room.places.is_over_share(tenant, webhook, room.clock.now());
    if let Some(state) = state.as_ref().filter(|state| is_over_share && state.takes_attempts()) {
        // The other functions have to know it too. They see other samples of the jobs, and would try it themselves.
        slow::give_way(state, &room.health).await;
    }
    let prepared = due.into_iter().map(|(pending, plan)| {
        let (index, message, state) = (pending.index, pending.message, state.clone());
        async move { (index, isolated_logged(&message.span, prepare(pending, plan, state, is_over_share, room)).await) }
    });
    let mut all = Vec::new();
    for (index, prepared) in join_all(prepared).await {
        match prepared {
            Ok(prepared) => all.push(prepared),
            Err(disposition) => settled.push((index, disposition)),
        }
    }
    reserve(all, settled, &room.stores.rate_limits, &room.webhooks, room.clock.now()).await
}

/// The stages `admit` and `load` for one job.
async fn prepare<'a>(
    pending: Pending<'a>,
    plan: AttemptPlan,
    state: Option<WebhookState>,
    is_over_share: bool,
    room: &Deliver,
) -> Result<Prepared<'a>, Stop> {
    let admitted = admitted(&pending, plan, state, is_over_share, &room.webhooks, &room.recorder, &room.clock);
    let (state, plan) = admitted.await?;
    load(pending, plan, state, &room.stores.events, &room.recorder).await
}
