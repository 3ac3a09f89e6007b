//! The deliveries of a batch. Those of each webhook line up together: rows are read, slots claimed, POSTs formed. Then
//! each POST waits for one of the invocation's places; nobody waits for what belongs to another webhook.

use std::collections::VecDeque;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use futures::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;

use crate::budget::fits;
use crate::delivery::attempt;
use crate::delivery::fair_share::Places;
use crate::delivery::load::{Owed, Ready, ready, turn_of};
use crate::delivery::rate_limit::{Planned, plan};
use crate::disposition::Nexts;
use crate::isolate::{alone, attempted};
use crate::{Deliver, Next};

/// Something that is over, of the webhook at this position.
enum Step<'a> {
    LinedUp(usize, Vec<Planned<'a>>, Nexts),
    Posted(usize, Nexts),
}

/// Delivers what is owed, as far as there is time; what is not answered for comes back.
pub(crate) async fn deliver(owed: Vec<Owed<'_>>, room: &Deliver, deadline: Timestamp) -> Nexts {
    let groups = by_webhook(owed);
    let mut places = Places::new(groups.len());
    let mut waiting: Vec<VecDeque<Planned<'_>>> = Vec::new();
    waiting.resize_with(groups.len(), VecDeque::new);
    let mut nexts = Nexts::new();
    let mut under_way: FuturesUnordered<BoxFuture<'_, Step<'_>>> = FuturesUnordered::new();
    for (position, owed) in groups.into_iter().enumerate() {
        under_way.push(line_up(position, owed, room).boxed());
    }
    while let Some(step) = under_way.next().await {
        match step {
            Step::LinedUp(position, posts, over) => {
                places.line_up(position, posts.len());
                waiting[position] = posts.into();
                nexts.extend(over);
            }
            Step::Posted(position, over) => {
                places.leave(position);
                nexts.extend(over);
            }
        }
        while let Some(position) = places.take() {
            if let Some(planned) = waiting[position].pop_front() {
                under_way.push(post(position, planned, room, deadline).boxed());
            }
        }
    }
    nexts
}

/// The jobs of each webhook, in the order in which the first of them came.
fn by_webhook(owed: Vec<Owed<'_>>) -> Vec<Vec<Owed<'_>>> {
    let mut groups: Vec<Vec<Owed<'_>>> = Vec::new();
    for one in owed {
        let of_same = |group: &&mut Vec<Owed<'_>>| {
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

async fn line_up<'a>(position: usize, owed: Vec<Owed<'a>>, room: &Deliver) -> Step<'a> {
    let mut nexts = Nexts::new();
    let posts = match owed.first().map(|first| first.message.id.clone()) {
        Some(id) => alone(&id, formed(owed, &mut nexts, room)).await.unwrap_or_default(),
        None => Vec::new(),
    };
    Step::LinedUp(position, posts, nexts)
}

/// From one webhook's jobs to its POSTs.
async fn formed<'a>(owed: Vec<Owed<'a>>, nexts: &mut Nexts, room: &Deliver) -> Vec<Planned<'a>> {
    let turns = join_all(owed.iter().map(|owed| attempted(&owed.message.id, turn_of(owed, room)))).await;
    let mut due = Vec::new();
    for (owed, turn) in owed.into_iter().zip(turns) {
        match turn {
            Some(Ok(turn)) => due.push((owed, turn)),
            Some(Err(next)) => nexts.push((owed.index, next)),
            None => {}
        }
    }
    let Some((first, _)) = due.first() else { return Vec::new() };
    let found = room.webhooks.get(&room.registry, first.job.tenant, first.job.webhook, room.clock.now());
    // Known once for all of them, and whatever befalls it befalls them all.
    let Some(known) = attempted(&first.message.id, found).await else { return Vec::new() };
    let prepared = due.into_iter().map(|(owed, turn)| {
        let (index, message, known) = (owed.index, owed.message, known.clone());
        async move { (index, attempted(&message.id, ready(owed, turn, known, room)).await) }
    });
    let mut all: Vec<Ready<'_>> = Vec::new();
    for (index, prepared) in join_all(prepared).await {
        match prepared {
            Some(Ok(ready)) => all.push(ready),
            Some(Err(next)) => nexts.push((index, next)),
            None => {}
        }
    }
    plan(all, nexts, room).await
}

async fn post<'a>(position: usize, planned: Planned<'a>, room: &Deliver, deadline: Timestamp) -> Step<'a> {
    let now = room.clock.now();
    let Some(first) = planned.members.first() else { return Step::Posted(position, Nexts::new()) };
    let slot_is_lost = planned.good_until.is_some_and(|until| now >= until);
    if slot_is_lost || !fits(&first.known.webhook, now, deadline) {
        // It has waited too long for its place. Cut off in mid-attempt it would be attempted twice; unattempted, and in
        // the retries queue at once rather than hidden in that of fresh jobs, it just has another turn.
        let again = planned.members.iter().map(|member| (member.owed.index, Next::Wait { until: now }));
        return Step::Posted(position, again.collect());
    }
    let id = first.owed.message.id.clone();
    let nexts = alone(&id, attempt::attempt(planned.members, room)).await.unwrap_or_default();
    Step::Posted(position, nexts)
}
