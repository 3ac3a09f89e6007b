//! The stage `reserve`: the prepared deliveries of one webhook are divided into requests, each with its slot if the
//! webhook has a rate limit.
//!
//! One call claims all slots that are missing. A request whose second has come is made. The deliveries of the other
//! requests are requeued with their slots, and claim no slot again when their second comes. Deliveries that were to
//! share a request may come back apart: then the first of them has the slot, and the others claim slots of their own.
//! So a limit is never exceeded, and sometimes a slot is lost.

use jiff::{SignedDuration, Timestamp};
use shared::queue::job::DeliverJob;
use shared::rate_limit::{Claim, RateLimit, Slot, SlotStanding, good_until};
use shared::store::StoreError;
use shared::store::registry::RateLimits;

use super::pending::{Prepared, Request};
use crate::disposition::{Disposition, Dispositions};
use crate::isolate::log;
use crate::webhook_cache::WebhookCache;

/// Delay before a job is retried whose claim failed because the stored limit is newer than the cached webhook. Reason
/// for not zero: after a restore from a backup the mismatch can be permanent, and an immediate retry would loop.
const RETRY_AFTER_MISMATCH: SignedDuration = SignedDuration::from_secs(1);

/// Divides `prepared`, all of one webhook, into requests that can be made now. What becomes of the other deliveries is
/// added to `settled`.
pub(crate) async fn reserve<'a>(
    prepared: Vec<Prepared<'a>>,
    settled: &mut Dispositions,
    rate_limits: &RateLimits,
    webhooks: &WebhookCache,
    now: Timestamp,
) -> Vec<Request<'a>> {
    let Some(first) = prepared.first() else { return Vec::new() };
    let webhook = &first.state.webhook;
    let most = webhook.events_in_a_call();
    let Some(limit) = webhook.rate_limit else {
        let requests = divide(Vec::new(), prepared, most).into_iter();
        return requests.map(|members| Request { members, good_until: None }).collect();
    };
    let claim = Claim { limit, revision: webhook.revision, count: 0, now };
    let (owners, others): (Vec<_>, Vec<_>) =
        prepared.into_iter().partition(|prepared| owned_slot(prepared, &claim).is_some());
    let slots: Vec<Timestamp> =
        owners.iter().filter_map(|owner| owned_slot(owner, &claim)).map(|slot| slot.begins_at).collect();
    let mut requests = divide(owners, others, most);
    let without = requests.split_off(slots.len().min(requests.len()));
    let claimed = claim_for(&without, claim, settled, rate_limits, webhooks).await;
    let mut reserved = Vec::new();
    for (members, begins_at) in requests.into_iter().zip(slots).chain(without.into_iter().zip(claimed)) {
        if begins_at <= claim.now {
            reserved.push(Request { members, good_until: Some(good_until(begins_at)) });
        } else {
            settled.extend(in_line(&members, begins_at, limit));
        }
    }
    reserved
}

/// The slot that a delivery has waited for, if the slot can be used now and is the delivery's own.
fn owned_slot(prepared: &Prepared<'_>, claim: &Claim) -> Option<Slot> {
    let is_mine = |slot: &Slot| !slot.shared && slot.attempt == prepared.plan.number;
    prepared.pending.job.slot.filter(is_mine).filter(|slot| slot.standing(claim.limit, claim.now) == SlotStanding::Due)
}

/// When the slots of these requests begin. Empty if the slots could not be claimed: then the deliveries come back.
/// Reason: an error that keeps a slot from being claimed would keep an attempt from being recorded too, and a limit
/// that gives way under stress protects no receiver.
async fn claim_for(
    requests: &[Vec<Prepared<'_>>],
    claim: Claim,
    settled: &mut Dispositions,
    rate_limits: &RateLimits,
    webhooks: &WebhookCache,
) -> Vec<Timestamp> {
    let Some(first) = requests.iter().flatten().next() else { return Vec::new() };
    let (tenant, webhook) = (first.pending.job.tenant, first.pending.job.webhook);
    let claim = Claim { count: u32::try_from(requests.len()).unwrap_or(u32::MAX), ..claim };
    match rate_limits.claim_slots(tenant, webhook, &claim).await {
        Ok(slots) => slots.times().collect(),
        Err(StoreError::Conflict) => {
            // The limit was changed, and the cached webhook has the old one. The jobs come soon again, with the new
            // limit.
            webhooks.forget(tenant, webhook);
            let at = claim.now.saturating_add(RETRY_AFTER_MISMATCH).unwrap_or(claim.now);
            let members = requests.iter().flatten();
            settled.extend(members.map(|member| (member.pending.index, Disposition::RetryAt { at })));
            Vec::new()
        }
        Err(error) => {
            log(&error, &format!("no slots could be claimed; {} jobs come back", requests.iter().flatten().count()));
            Vec::new()
        }
    }
}

/// The jobs of one request, each with its slot. The first one owns the slot, the others share it.
fn in_line(members: &[Prepared<'_>], begins_at: Timestamp, limit: RateLimit) -> Dispositions {
    let with_slot = |(position, member): (usize, &Prepared<'_>)| {
        let slot = Slot { begins_at, limit, attempt: member.plan.number, shared: position > 0 };
        let job = Box::new(DeliverJob { slot: Some(slot), ..member.pending.job.clone() });
        (member.pending.index, Disposition::Requeue { job, at: begins_at })
    };
    members.iter().enumerate().map(with_slot).collect()
}

/// As few portions of at most `most` as hold all. As many of the portions as there are `owners` begin with an owner.
fn divide<T>(owners: Vec<T>, others: Vec<T>, most: usize) -> Vec<Vec<T>> {
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
        assert_eq!(divide(vec![1], vec![7, 8, 9], 2), [vec![1, 7], vec![8, 9]]);
        assert_eq!(divide(vec![1, 2, 3], vec![7], 10), [vec![1, 7, 2, 3]]);
        assert_eq!(divide(vec![1, 2], vec![7], 1), [[1], [2], [7]]);
        assert!(divide(Vec::<u8>::new(), Vec::new(), 3).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_left_out_and_no_portion_is_too_large(owners in 0_usize..12, others in 0_usize..12, most in 1_usize..11) {
            let all = divide((0..owners).collect(), (100..100 + others).collect(), most);
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
