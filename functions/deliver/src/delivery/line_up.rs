//! The stages from `inspect` to `reserve` for the jobs of one webhook.

use futures::future::join_all;
use shared::delivery::job_verdict::AttemptPlan;

use super::hold::admitted;
use super::inspect::inspect;
use super::load::load;
use super::pending::{Pending, Prepared, Request};
use super::rate_limit::reserve;
use crate::Deliver;
use crate::disposition::{Dispositions, Stop};
use crate::isolate::{isolated_logged, log};
use crate::webhook_cache::WebhookState;

/// Turns the jobs of one webhook into its requests. What becomes of the other jobs is added to `settled`.
pub(crate) async fn line_up<'a>(
    pending: Vec<Pending<'a>>,
    settled: &mut Dispositions,
    room: &Deliver,
) -> Vec<Request<'a>> {
    let inspected = pending.iter().map(|pending| {
        isolated_logged(&pending.message.span, inspect(pending, &room.webhooks, &room.recorder, &room.clock))
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
    let state = match room.webhooks.get(first.job.tenant, first.job.webhook, room.clock.now()).await {
        Ok(state) => state,
        Err(error) => {
            log(&error, &format!("the webhook could not be read; {} jobs come back", due.len()));
            return Vec::new();
        }
    };
    let prepared = due.into_iter().map(|(pending, plan)| {
        let (index, message, state) = (pending.index, pending.message, state.clone());
        async move { (index, isolated_logged(&message.span, prepare(pending, plan, state, room)).await) }
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
    room: &Deliver,
) -> Result<Prepared<'a>, Stop> {
    let (state, plan) = admitted(&pending, plan, state, &room.webhooks, &room.recorder, &room.clock).await?;
    load(pending, plan, state, &room.stores.events, &room.recorder).await
}
