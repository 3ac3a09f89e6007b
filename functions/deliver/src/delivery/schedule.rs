//! The deliveries of a batch. The jobs of each webhook line up together: rows are read, slots are reserved, requests
//! are formed. Then each request waits for one of the invocation's places; no tenant waits for another tenant's calls,
//! and no webhook for another webhook's.

use std::collections::VecDeque;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;

use super::attempt::attempt;
use super::fair_share::FairShare;
use super::line_up::line_up;
use super::pending::{Pending, Request};
use crate::Deliver;
use crate::budget::fits;
use crate::disposition::{Disposition, Dispositions};
use crate::isolate::isolated;
use crate::span;

/// Something that is over, of the webhook at this position.
enum Step<'a> {
    LinedUp(usize, Vec<Request<'a>>, Dispositions),
    Requested(usize, Dispositions),
}

/// Delivers the pending jobs, as far as there is time. A job without a disposition comes back.
pub(crate) async fn deliver(pending: Vec<Pending<'_>>, room: &Deliver, deadline: Timestamp) -> Dispositions {
    let groups = by_webhook(pending);
    let mut share = FairShare::new(tenants(&groups));
    let mut waiting: Vec<VecDeque<Request<'_>>> = Vec::new();
    waiting.resize_with(groups.len(), VecDeque::new);
    let mut settled = Dispositions::new();
    let mut under_way: FuturesUnordered<BoxFuture<'_, Step<'_>>> = FuturesUnordered::new();
    for (position, pending) in groups.into_iter().enumerate() {
        under_way.push(lined_up(position, pending, room).boxed());
    }
    while let Some(step) = under_way.next().await {
        match step {
            Step::LinedUp(position, requests, over) => {
                share.enqueue(position, requests.len());
                waiting[position] = requests.into();
                settled.extend(over);
            }
            Step::Requested(position, over) => {
                share.release(position);
                settled.extend(over);
            }
        }
        while let Some(position) = share.acquire() {
            if let Some(request) = waiting[position].pop_front() {
                under_way.push(requested(position, request, room, deadline).boxed());
            }
        }
    }
    settled
}

/// The tenant of each group, as a number, and the number of the group's jobs.
fn tenants(groups: &[Vec<Pending<'_>>]) -> Vec<(usize, usize)> {
    let tenant = |group: &Vec<Pending<'_>>| group.first().map(|first| first.job.tenant);
    let number = |group| groups.iter().position(|other| tenant(other) == tenant(group)).unwrap_or_default();
    groups.iter().map(|group| (number(group), group.len())).collect()
}

/// The jobs of each webhook, in the order of each webhook's first job.
fn by_webhook(pending: Vec<Pending<'_>>) -> Vec<Vec<Pending<'_>>> {
    let mut groups: Vec<Vec<Pending<'_>>> = Vec::new();
    for one in pending {
        let of_same = |group: &&mut Vec<Pending<'_>>| {
            group
                .first()
                .is_some_and(|other| (other.job.tenant, other.job.webhook) == (one.job.tenant, one.job.webhook))
        };
        match groups.iter_mut().find(of_same) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups
}

async fn lined_up<'a>(position: usize, pending: Vec<Pending<'a>>, room: &Deliver) -> Step<'a> {
    let mut settled = Dispositions::new();
    let requests = match pending.first().map(|first| span::of_webhook(first.job.tenant, first.job.webhook)) {
        Some(span) => isolated(&span, line_up(pending, &mut settled, room)).await.unwrap_or_default(),
        None => Vec::new(),
    };
    Step::LinedUp(position, requests, settled)
}

async fn requested<'a>(position: usize, request: Request<'a>, room: &Deliver, deadline: Timestamp) -> Step<'a> {
    let now = room.clock.now();
    let Some(first) = request.members.first() else { return Step::Requested(position, Dispositions::new()) };
    let slot_is_lost = request.good_until.is_some_and(|until| now >= until);
    if slot_is_lost || !fits(&first.state.webhook, now, deadline) {
        // The request has waited too long for its place. An attempt that the end of the invocation cuts off would be
        // made twice. So nothing is attempted, and the jobs go to the retries queue at once: they get another turn
        // there, and are not hidden in the queue of fresh jobs.
        let again = request.members.iter().map(|member| (member.pending.index, Disposition::RetryAt { at: now }));
        return Step::Requested(position, again.collect());
    }
    let span = span::of_webhook(first.pending.job.tenant, first.pending.job.webhook);
    let settled = isolated(&span, attempt(request.members, &room.recorder, &room.sender, &room.health, &room.places));
    Step::Requested(position, settled.await.unwrap_or_default())
}
