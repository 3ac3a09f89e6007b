//! Which webhook's request is made next, so that one webhook of an invocation does not delay the others. Pure.

/// Maximum requests of an invocation that are under way at the same time. Reason: an invocation has at most ten jobs.
const MAX_REQUESTS: usize = 10;
/// Maximum requests of one webhook under way while another webhook has jobs left. Reason: half of the places stay free
/// for the others.
const MAX_REQUESTS_PER_WEBHOOK: usize = MAX_REQUESTS / 2;

/// The places of an invocation, and the groups of jobs that need them: one group for each webhook, named by its
/// position.
#[derive(Debug)]
pub(crate) struct FairShare {
    groups: Vec<Group>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    /// The number of the group's requests is not known yet.
    lining_up: bool,
    waiting: usize,
    running: usize,
}

impl Group {
    fn is_over(self) -> bool {
        !self.lining_up && self.waiting == 0 && self.running == 0
    }
}

impl FairShare {
    /// Free places, and this number of groups that have not lined up yet.
    pub(crate) fn new(groups: usize) -> Self {
        Self { groups: vec![Group { lining_up: true, waiting: 0, running: 0 }; groups] }
    }

    /// A group has lined up: it has this number of requests, each of which needs a place.
    pub(crate) fn enqueue(&mut self, group: usize, requests: usize) {
        self.groups[group] = Group { lining_up: false, waiting: requests, running: 0 };
    }

    /// Gives a free place to the group that has the fewest, and returns the group. `None` if no place is free, or no
    /// group may have one.
    pub(crate) fn acquire(&mut self) -> Option<usize> {
        let running: usize = self.groups.iter().map(|group| group.running).sum();
        let others = self.groups.iter().filter(|group| !group.is_over()).count() > 1;
        let most = if others { MAX_REQUESTS_PER_WEBHOOK } else { MAX_REQUESTS };
        let waiting = self.groups.iter_mut().enumerate().filter(|(_, group)| group.waiting > 0 && group.running < most);
        let (index, group) = waiting.min_by_key(|(_, group)| group.running).filter(|_| running < MAX_REQUESTS)?;
        group.waiting -= 1;
        group.running += 1;
        Some(index)
    }

    /// A request of a group is over; its place is free.
    pub(crate) fn release(&mut self, group: usize) {
        self.groups[group].running -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lined_up(posts: &[usize]) -> FairShare {
        let mut share = FairShare::new(posts.len());
        posts.iter().enumerate().for_each(|(group, posts)| share.enqueue(group, *posts));
        share
    }

    fn take_all(share: &mut FairShare) -> Vec<usize> {
        let mut taken: Vec<_> = std::iter::from_fn(|| share.acquire()).collect();
        taken.sort_unstable();
        taken
    }

    #[test]
    fn a_webhook_without_others_has_all_places() {
        assert_eq!(take_all(&mut lined_up(&[10])), [0; 10]);
    }

    #[test]
    fn a_webhook_has_half_until_the_other_one_is_over() {
        let mut share = lined_up(&[9, 1]);
        assert_eq!(take_all(&mut share), [0, 0, 0, 0, 0, 1]);
        share.release(0);
        assert_eq!(take_all(&mut share), [0]);
        share.release(1);
        assert_eq!(take_all(&mut share), [0, 0, 0]);
    }

    #[test]
    fn a_group_that_has_not_lined_up_yet_counts_as_another() {
        let mut share = FairShare::new(2);
        share.enqueue(0, 9);
        assert_eq!(take_all(&mut share), [0; 5]);
        share.enqueue(1, 0);
        assert_eq!(take_all(&mut share), [0; 4]);
    }

    proptest! {
        #[test]
        fn no_group_has_more_than_half_while_others_are_left_and_every_request_gets_a_place(
            posts in proptest::collection::vec(0_usize..12, 1..12),
            leaving in proptest::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut share = lined_up(&posts);
            let (mut left, mut running) = (posts.clone(), vec![0_usize; posts.len()]);
            for leave in leaving {
                while let Some(group) = share.acquire() {
                    let others = (0..posts.len()).any(|other| other != group && left[other] + running[other] > 0);
                    left[group] -= 1;
                    running[group] += 1;
                    let most = if others { MAX_REQUESTS_PER_WEBHOOK } else { MAX_REQUESTS };
                    prop_assert!(running[group] <= most);
                    prop_assert!(running.iter().sum::<usize>() <= MAX_REQUESTS);
                }
                let under_way: Vec<_> = (0..posts.len()).filter(|group| running[*group] > 0).collect();
                if under_way.is_empty() {
                    break;
                }
                let group = under_way[leave.index(under_way.len())];
                running[group] -= 1;
                share.release(group);
            }
            prop_assert_eq!(left.iter().sum::<usize>(), 0);
        }
    }
}
