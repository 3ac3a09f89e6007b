//! How many jobs of each tenant a batch sends itself. Pure.
//!
//! The records of a batch are done in their order, and the shard waits for the batch. So one tenant's events may take
//! only a bounded time. What is above a share becomes one small job for each event, and `deliver` sends the event's
//! first jobs.

use std::collections::HashMap;

use shared::id::TenantId;

/// Maximum webhooks of an event whose jobs this room sends itself (100). Reason: these are ten calls. For an event that
/// more webhooks want, one more message and one more read of the event add little to what its deliveries cost.
pub(crate) const MAX_JOBS_OF_EVENT: usize = 100;
/// Maximum jobs of one tenant that a batch sends itself (1,000). Reason: these are a hundred calls, which take about
/// half a second, eight at a time. An ordinary tenant has ten webhooks and at most the hundred events of a batch.
pub(crate) const MAX_JOBS_OF_TENANT: usize = 1_000;
/// Maximum bytes of the jobs of one tenant that a batch sends itself (8 MiB). Reason: these are at least 35 calls of
/// 240 KiB, which take as long as a hundred small ones.
pub(crate) const MAX_BYTES_OF_TENANT: usize = 8 * 1024 * 1024;

/// The jobs, and their bytes, that a batch sends for each tenant.
#[derive(Debug, Default)]
pub(crate) struct Shares(HashMap<TenantId, (usize, usize)>);

impl Shares {
    /// Takes `jobs` of `bytes` each from the tenant's share. Returns whether they fit; if not, nothing is taken.
    pub(crate) fn take(&mut self, tenant: TenantId, jobs: usize, bytes: usize) -> bool {
        let (all_jobs, all_bytes) = self.0.entry(tenant).or_default();
        let (with_jobs, with_bytes) = (*all_jobs + jobs, *all_bytes + jobs * bytes);
        let fits = jobs <= MAX_JOBS_OF_EVENT && with_jobs <= MAX_JOBS_OF_TENANT && with_bytes <= MAX_BYTES_OF_TENANT;
        if fits {
            (*all_jobs, *all_bytes) = (with_jobs, with_bytes);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn tenant(number: u8) -> TenantId {
        TenantId::mint(Timestamp::UNIX_EPOCH, [number; 10])
    }

    #[test]
    fn an_event_has_a_limit_and_a_tenant_has_two() {
        let mut shares = Shares::default();
        assert!(!shares.take(tenant(1), MAX_JOBS_OF_EVENT + 1, 1));
        for _ in 0..MAX_JOBS_OF_TENANT / MAX_JOBS_OF_EVENT {
            assert!(shares.take(tenant(1), MAX_JOBS_OF_EVENT, 1));
        }
        assert!(!shares.take(tenant(1), 1, 1) && shares.take(tenant(1), 0, 1));
        assert!(shares.take(tenant(2), MAX_JOBS_OF_EVENT, 1), "another tenant's share is whole");
        assert!(shares.take(tenant(3), 64, MAX_BYTES_OF_TENANT / 64) && !shares.take(tenant(3), 1, 1));
    }
}
