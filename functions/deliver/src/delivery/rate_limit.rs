//! The ready deliveries of one webhook, divided into POSTs, each with its slot where the webhook has a rate limit.
//!
//! One call claims all slots that are missing. POSTs whose second is there go out; the deliveries of the others wait in
//! line, and do not claim again when their second comes. Deliveries that were to share a POST may come back apart: the
//! slot is with the first of them then, and the others claim their own. So a limit is never exceeded, and now and then
//! a slot is lost.

use jiff::{SignedDuration, Timestamp};
use shared::queue::job::Deliver as DeliverJob;
use shared::rate_limit::{Claim, RateLimit, Slot, SlotStanding, good_until};
use shared::store::StoreError;

use crate::delivery::load::Ready;
use crate::disposition::Nexts;
use crate::isolate::log;
use crate::{Deliver, Next};

/// When a job comes again that met a line of a later limit than the one in memory. Not at once: should the webhook be
/// older than its line for good, restored from a backup, it must not go round in circles until somebody changes it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// One POST that is to be made.
#[derive(Debug)]
pub(crate) struct Planned<'a> {
    /// What it holds; never empty.
    pub(crate) members: Vec<Ready<'a>>,
    /// Later than this its slot is lost; `None` without a rate limit.
    pub(crate) good_until: Option<Timestamp>,
}

/// Divides `ready`, all of one webhook, into POSTs that can be made now; notes what becomes of the others.
pub(crate) async fn plan<'a>(ready: Vec<Ready<'a>>, nexts: &mut Nexts, room: &Deliver) -> Vec<Planned<'a>> {
    let Some(first) = ready.first() else { return Vec::new() };
    let webhook = &first.known.webhook;
    let most = webhook.events_in_a_call();
    let Some(limit) = webhook.rate_limit else {
        let posts = divided(Vec::new(), ready, most).into_iter();
        return posts.map(|members| Planned { members, good_until: None }).collect();
    };
    let claim = Claim { limit, revision: webhook.revision, count: 0, now: room.clock.now() };
    let (owners, others): (Vec<_>, Vec<_>) = ready.into_iter().partition(|ready| owned_slot(ready, &claim).is_some());
    let slots: Vec<Timestamp> =
        owners.iter().filter_map(|owner| owned_slot(owner, &claim)).map(|slot| slot.begins_at).collect();
    let mut posts = divided(owners, others, most);
    let without = posts.split_off(slots.len().min(posts.len()));
    let claimed = claim_for(&without, claim, nexts, room).await;
    let mut planned = Vec::new();
    for (members, begins_at) in posts.into_iter().zip(slots).chain(without.into_iter().zip(claimed)) {
        if begins_at <= claim.now {
            planned.push(Planned { members, good_until: Some(good_until(begins_at)) });
        } else {
            nexts.extend(in_line(&members, begins_at, limit));
        }
    }
    planned
}

/// The slot that a delivery has waited for, if it can be used now and is its own.
fn owned_slot(ready: &Ready<'_>, claim: &Claim) -> Option<Slot> {
    let is_mine = |slot: &Slot| !slot.shared && slot.attempt == ready.turn.number;
    ready.owed.job.slot.filter(is_mine).filter(|slot| slot.standing(claim.limit, claim.now) == SlotStanding::Due)
}

/// When the slots of these POSTs begin; none where they could not be claimed. Then their deliveries come back: whatever
/// keeps a slot from being claimed would keep an attempt from being recorded, and a limit that gives way under stress
/// protects nobody.
async fn claim_for(posts: &[Vec<Ready<'_>>], claim: Claim, nexts: &mut Nexts, room: &Deliver) -> Vec<Timestamp> {
    let Some(first) = posts.iter().flatten().next() else { return Vec::new() };
    let (tenant, webhook) = (first.owed.job.tenant, first.owed.job.webhook);
    let claim = Claim { count: u32::try_from(posts.len()).unwrap_or(u32::MAX), ..claim };
    match room.registry.claim_slots(tenant, webhook, &claim).await {
        Ok(slots) => slots.times().collect(),
        Err(StoreError::Conflict) => {
            // Its limit was changed, and our memory is behind: again soon, with what it is now.
            room.webhooks.forget(tenant, webhook);
            let until = claim.now.saturating_add(LOOK_AGAIN).unwrap_or(claim.now);
            nexts.extend(posts.iter().flatten().map(|ready| (ready.owed.index, Next::Wait { until })));
            Vec::new()
        }
        Err(error) => {
            for ready in posts.iter().flatten() {
                log(&ready.owed.message.id, &error);
            }
            Vec::new()
        }
    }
}

/// The jobs of one POST, each with its place in line.
fn in_line(members: &[Ready<'_>], begins_at: Timestamp, limit: RateLimit) -> Nexts {
    let place = |(position, ready): (usize, &Ready<'_>)| {
        let slot = Slot { begins_at, limit, attempt: ready.turn.number, shared: position > 0 };
        let job = Box::new(DeliverJob { slot: Some(slot), ..ready.owed.job.clone() });
        (ready.owed.index, Next::WaitInLine { job, until: begins_at })
    };
    members.iter().enumerate().map(place).collect()
}

/// As few portions of at most `most` as hold all; as many of them as there are `owners` begin with one.
fn divided<T>(owners: Vec<T>, others: Vec<T>, most: usize) -> Vec<Vec<T>> {
    let portions = (owners.len() + others.len()).div_ceil(most.max(1));
    let mut owners = owners.into_iter();
    let mut divided: Vec<Vec<T>> = Vec::with_capacity(portions);
    divided.resize_with(portions, Vec::new);
    for (portion, owner) in divided.iter_mut().zip(owners.by_ref()) {
        portion.push(owner);
    }
    let mut rest = others.into_iter().chain(owners);
    for portion in &mut divided {
        let free = most - portion.len();
        portion.extend(rest.by_ref().take(free));
    }
    divided
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn portions_are_full_and_begin_with_owners() {
        assert_eq!(divided(vec![1], vec![7, 8, 9], 2), [vec![1, 7], vec![8, 9]]);
        assert_eq!(divided(vec![1, 2, 3], vec![7], 10), [vec![1, 7, 2, 3]]);
        assert_eq!(divided(vec![1, 2], vec![7], 1), [[1], [2], [7]]);
        assert!(divided(Vec::<u8>::new(), Vec::new(), 3).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_and_no_portion_is_too_large(owners in 0_usize..12, others in 0_usize..12, most in 1_usize..11) {
            let all = divided((0..owners).collect(), (100..100 + others).collect(), most);
            prop_assert_eq!(all.len(), (owners + others).div_ceil(most));
            prop_assert!(all.iter().all(|portion| !portion.is_empty() && portion.len() <= most));
            let begun = all.iter().take(owners).all(|portion| portion[0] < 100);
            prop_assert!(begun);
            let mut flat: Vec<_> = all.into_iter().flatten().collect();
            flat.sort_unstable();
            let expected: Vec<_> = (0..owners).chain(100..100 + others).collect();
            prop_assert_eq!(flat, expected);
        }
    }
}
