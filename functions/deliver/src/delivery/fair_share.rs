//! Who may post next, so that one webhook of an invocation does not delay the others. Pure.

/// POSTs under way at the same time: as many as an invocation has jobs.
const PLACES: usize = 10;
/// Of these one webhook has at most half, as long as another webhook's jobs are not over.
const HALF: usize = PLACES / 2;

/// The places of an invocation, and the groups of jobs that want them: one for each webhook, by its position.
#[derive(Debug)]
pub(crate) struct Places {
    groups: Vec<Group>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    /// It is not known yet how many POSTs it has.
    lining_up: bool,
    waiting: usize,
    running: usize,
}

impl Group {
    fn is_over(self) -> bool {
        !self.lining_up && self.waiting == 0 && self.running == 0
    }
}

impl Places {
    /// Free places, and so many groups that have not lined up yet.
    pub(crate) fn new(groups: usize) -> Self {
        Self { groups: vec![Group { lining_up: true, waiting: 0, running: 0 }; groups] }
    }

    /// A group has so many POSTs that want a place.
    pub(crate) fn line_up(&mut self, group: usize, posts: usize) {
        self.groups[group] = Group { lining_up: false, waiting: posts, running: 0 };
    }

    /// Gives the next place, if there is one and somebody may have it; answers the group. Who has the fewest is first.
    pub(crate) fn take(&mut self) -> Option<usize> {
        let running: usize = self.groups.iter().map(|group| group.running).sum();
        let others = self.groups.iter().filter(|group| !group.is_over()).count() > 1;
        let most = if others { HALF } else { PLACES };
        let waiting = self.groups.iter_mut().enumerate().filter(|(_, group)| group.waiting > 0 && group.running < most);
        let (index, group) = waiting.min_by_key(|(_, group)| group.running).filter(|_| running < PLACES)?;
        group.waiting -= 1;
        group.running += 1;
        Some(index)
    }

    /// A POST of a group is over.
    pub(crate) fn leave(&mut self, group: usize) {
        self.groups[group].running -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lined_up(posts: &[usize]) -> Places {
        let mut places = Places::new(posts.len());
        posts.iter().enumerate().for_each(|(group, posts)| places.line_up(group, *posts));
        places
    }

    fn take_all(places: &mut Places) -> Vec<usize> {
        let mut taken: Vec<_> = std::iter::from_fn(|| places.take()).collect();
        taken.sort_unstable();
        taken
    }

    #[test]
    fn a_webhook_that_is_alone_has_all_places() {
        assert_eq!(take_all(&mut lined_up(&[10])), [0; 10]);
    }

    #[test]
    fn beside_another_a_webhook_has_half_until_that_is_over() {
        let mut places = lined_up(&[9, 1]);
        assert_eq!(take_all(&mut places), [0, 0, 0, 0, 0, 1]);
        places.leave(0);
        assert_eq!(take_all(&mut places), [0]);
        places.leave(1);
        assert_eq!(take_all(&mut places), [0, 0, 0]);
    }

    #[test]
    fn one_that_has_not_lined_up_yet_counts_as_another() {
        let mut places = Places::new(2);
        places.line_up(0, 9);
        assert_eq!(take_all(&mut places), [0; 5]);
        places.line_up(1, 0);
        assert_eq!(take_all(&mut places), [0; 4]);
    }

    proptest! {
        #[test]
        fn nobody_has_more_than_half_beside_others_and_everybody_gets_a_place_at_last(
            posts in proptest::collection::vec(0_usize..12, 1..12),
            leaving in proptest::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut places = lined_up(&posts);
            let (mut left, mut running) = (posts.clone(), vec![0_usize; posts.len()]);
            for leave in leaving {
                while let Some(group) = places.take() {
                    let others = (0..posts.len()).any(|other| other != group && left[other] + running[other] > 0);
                    left[group] -= 1;
                    running[group] += 1;
                    let most = if others { HALF } else { PLACES };
                    prop_assert!(running[group] <= most);
                    prop_assert!(running.iter().sum::<usize>() <= PLACES);
                }
                let under_way: Vec<_> = (0..posts.len()).filter(|group| running[*group] > 0).collect();
                if under_way.is_empty() {
                    break;
                }
                let group = under_way[leave.index(under_way.len())];
                running[group] -= 1;
                places.leave(group);
            }
            prop_assert_eq!(left.iter().sum::<usize>(), 0);
        }
    }
}
