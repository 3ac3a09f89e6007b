use proptest::prelude::*;

use super::*;

/// Groups that have lined up, each with its tenant and its requests.
fn lined_up(groups: &[(usize, usize)]) -> FairShare {
    let mut share = FairShare::new(groups.iter().copied());
    groups.iter().enumerate().for_each(|(group, (_, requests))| share.enqueue(group, *requests));
    share
}

fn take_all(share: &mut FairShare) -> Vec<usize> {
    let mut taken: Vec<_> = std::iter::from_fn(|| share.acquire()).collect();
    taken.sort_unstable();
    taken
}

#[test]
fn a_webhook_without_others_has_all_places() {
    assert_eq!(take_all(&mut lined_up(&[(0, 12)])), [0; 10]);
}

#[test]
fn a_webhook_has_every_place_that_no_other_needs_and_at_least_half() {
    assert_eq!(take_all(&mut lined_up(&[(0, 12), (0, 1)])), [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(take_all(&mut lined_up(&[(0, 12), (0, 12)])), [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
}

#[test]
fn a_tenant_with_many_webhooks_has_half_while_another_needs_places() {
    let many = (0..10).map(|_| (0, 1)).chain([(1, 12)]);
    let taken = take_all(&mut lined_up(&many.collect::<Vec<_>>()));
    assert_eq!(taken.iter().filter(|group| **group == 10).count(), 5);
}

#[test]
fn places_are_kept_for_jobs_that_still_line_up_and_given_away_when_they_need_none() {
    let mut share = FairShare::new([(0, 9), (1, 3)]);
    share.enqueue(0, 9);
    assert_eq!(take_all(&mut share), [0; 7]);
    share.enqueue(1, 0);
    assert_eq!(take_all(&mut share), [0; 2]);
}

#[test]
fn the_tenant_with_the_fewest_is_next_and_then_its_webhook_with_the_fewest() {
    let mut share = lined_up(&[(0, 2), (0, 2), (1, 2)]);
    let order: Vec<_> = std::iter::from_fn(|| share.acquire()).collect();
    assert_eq!(order, [0, 2, 1, 2, 0, 1]);
}

fn groups(most_jobs: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0_usize..4, 0..=most_jobs), 1..12)
}

/// The tenants' requests that are left to be begun, and those under way.
struct Told {
    groups: Vec<(usize, usize)>,
    running: Vec<usize>,
}

impl Told {
    fn of_tenant(&self, tenant: usize) -> (usize, usize) {
        let of = self.groups.iter().zip(&self.running).filter(|((of, _), _)| *of == tenant);
        of.fold((0, 0), |(left, under_way), ((_, waiting), running)| (left + waiting, under_way + running))
    }
}

proptest! {
    /// An invocation has at most ten jobs. So nothing ever waits for a place after everybody has lined up.
    #[test]
    fn jobs_of_one_batch_all_have_a_place_at_once(tenants in proptest::collection::vec((0_usize..3, 0_usize..3), 1..=10)) {
        let mut groups: Vec<((usize, usize), usize)> = Vec::new();
        for key in tenants {
            match groups.iter_mut().find(|(of, _)| *of == key) {
                Some((_, jobs)) => *jobs += 1,
                None => groups.push((key, 1)),
            }
        }
        let jobs: usize = groups.iter().map(|(_, jobs)| jobs).sum();
        let mut share = FairShare::new(groups.iter().map(|((tenant, _), jobs)| (*tenant, *jobs)));
        let mut taken = 0;
        for (group, (_, jobs)) in groups.iter().enumerate() {
            share.enqueue(group, *jobs);
            taken += take_all(&mut share).len();
        }
        prop_assert_eq!(taken, jobs);
    }

    #[test]
    fn shares_hold_no_place_is_idle_and_a_first_job_waits_for_two_releases_at_most(
        groups in groups(30),
        leaving in proptest::collection::vec(any::<prop::sample::Index>(), 400),
    ) {
        let mut share = lined_up(&groups);
        let running = vec![0; groups.len()];
        let mut told = Told { groups, running };
        // Of a tenant that has no place: for how many releases it has waited.
        let mut waited = [0_usize; 4];
        for leave in leaving {
            while let Some(group) = share.acquire() {
                told.groups[group].1 -= 1;
                told.running[group] += 1;
                let tenant = told.groups[group].0;
                let others: usize = (0..4).filter(|other| *other != tenant).map(|other| {
                    let (left, under_way) = told.of_tenant(other);
                    left + under_way
                }).sum();
                prop_assert!(told.of_tenant(tenant).1 <= MAX_REQUESTS - others.min(MAX_KEPT_FREE));
            }
            let under_way: usize = told.running.iter().sum();
            let left: usize = told.groups.iter().map(|(_, left)| left).sum();
            prop_assert!(under_way == MAX_REQUESTS || left == 0, "{under_way} under way, {left} left");
            for (tenant, waited) in waited.iter_mut().enumerate() {
                let (left, under_way) = told.of_tenant(tenant);
                *waited = if left > 0 && under_way == 0 { *waited + 1 } else { 0 };
                // Of four tenants, one other tenant without a place may come first.
                prop_assert!(*waited <= 2, "tenant {tenant} waited for {waited} releases");
            }
            let holders: Vec<_> = (0..told.running.len()).filter(|group| told.running[*group] > 0).collect();
            if holders.is_empty() {
                break;
            }
            let group = holders[leave.index(holders.len())];
            told.running[group] -= 1;
            share.release(group);
        }
        prop_assert_eq!(told.groups.iter().map(|(_, left)| left).sum::<usize>(), 0);
    }
}
