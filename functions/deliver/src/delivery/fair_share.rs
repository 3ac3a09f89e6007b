//! Which request of an invocation is made next, so that no tenant delays another, and no webhook another webhook. Pure.

/// Maximum requests of an invocation that are under way at the same time. Reason: an invocation has at most ten jobs.
const MAX_REQUESTS: usize = 10;
/// Maximum places that are kept free for other tenants, or for other webhooks, while they need places. Reason: with
/// half of the places for itself, nobody loses more than half of its speed to others.
const MAX_KEPT_FREE: usize = MAX_REQUESTS / 2;

/// The places of an invocation, and the groups of jobs that need them: one group for each webhook, named by its
/// position.
///
/// A tenant may have all places that no other tenant needs, and at least half of them. The same holds for a webhook
/// among all webhooks. So nothing waits while a place is free, unless the place is kept for jobs that still line up.
#[derive(Debug)]
pub(crate) struct FairShare {
    groups: Vec<Group>,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    /// The group's tenant, as a number.
    tenant: usize,
    /// The number of the group's jobs that still line up. Each of them may need a place.
    lining_up: usize,
    waiting: usize,
    running: usize,
}

impl Group {
    /// The number of places that the group has or may need.
    fn needs(self) -> usize {
        self.lining_up + self.waiting + self.running
    }
}

impl FairShare {
    /// Free places, and groups that have not lined up yet. Each is given by its tenant and the number of its jobs.
    pub(crate) fn new(groups: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let group = |(tenant, jobs)| Group { tenant, lining_up: jobs, waiting: 0, running: 0 };
        Self { groups: groups.into_iter().map(group).collect() }
    }

    /// A group has lined up: it has this number of requests, each of which needs a place.
    pub(crate) fn enqueue(&mut self, group: usize, requests: usize) {
        let group = &mut self.groups[group];
        (group.lining_up, group.waiting) = (0, requests);
    }

    /// Gives a free place to a group of the tenant that has the fewest, and there to the group that has the fewest.
    /// Returns the group. `None` if no place is free, or no group may have one.
    pub(crate) fn acquire(&mut self) -> Option<usize> {
        if self.places(|group| group.running, |_| true) >= MAX_REQUESTS {
            return None;
        }
        let may_have_one =
            (0..self.groups.len()).filter(|index| self.groups[*index].waiting > 0 && self.may_have(*index));
        let index = may_have_one.min_by_key(|index| {
            let group = self.groups[*index];
            (self.places(|group| group.running, |other| other.tenant == group.tenant), group.running)
        })?;
        self.groups[index].waiting -= 1;
        self.groups[index].running += 1;
        Some(index)
    }

    /// A request of a group is over; its place is free.
    pub(crate) fn release(&mut self, group: usize) {
        self.groups[group].running -= 1;
    }

    /// Whether a further place is within the share of the group's tenant, and of its webhook.
    fn may_have(&self, index: usize) -> bool {
        let group = self.groups[index];
        let tenant_has = self.places(|group| group.running, |other| other.tenant == group.tenant);
        let other_tenants_need = self.places(Group::needs, |other| other.tenant != group.tenant);
        let others_need = self.places(Group::needs, |_| true) - group.needs();
        tenant_has < MAX_REQUESTS - other_tenants_need.min(MAX_KEPT_FREE)
            && group.running < MAX_REQUESTS - others_need.min(MAX_KEPT_FREE)
    }

    /// The sum of `count` over the groups that are meant.
    fn places(&self, count: impl Fn(Group) -> usize, is_meant: impl Fn(&Group) -> bool) -> usize {
        self.groups.iter().filter(|group| is_meant(group)).map(|group| count(*group)).sum()
    }
}

#[cfg(test)]
mod tests;
