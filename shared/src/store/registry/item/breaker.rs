//! A breaker's stored item.

use serde::Deserialize;

use super::{StoreError, millis};
use domain::breaker::{Breaker, Open, ProbeId};
use domain::slowness::Slowness;

/// The breaker is open if `open_since` is present, and closed otherwise.
#[derive(Deserialize)]
pub(in crate::store::registry) struct BreakerItem {
    #[serde(default)]
    failures: u32,
    since: Option<i64>,
    open_since: Option<i64>,
    probe: Option<String>,
    #[serde(default)]
    failed_probes: u32,
    probe_at: Option<i64>,
    slow_until: Option<i64>,
    #[serde(default)]
    quick_attempts: u32,
    #[serde(default)]
    relapses: u32,
}

impl BreakerItem {
    /// How quickly the receiver answers. This is in the breaker's row, but does not depend on the breaker.
    pub(in crate::store::registry) fn slowness(&self) -> Result<Slowness, StoreError> {
        let until = self.slow_until.map(millis).transpose()?;
        Ok(Slowness { until, quick_attempts: self.quick_attempts, relapses: self.relapses })
    }
}

impl TryFrom<BreakerItem> for Breaker {
    type Error = StoreError;

    fn try_from(item: BreakerItem) -> Result<Self, StoreError> {
        let probe = item.probe.map(ProbeId::from_stored);
        let Some(open_since) = item.open_since else {
            let since = item.since.map(millis).transpose()?;
            return Ok(Self::Closed { failures: item.failures, since, closed_by: probe });
        };
        let incomplete = || StoreError::unreadable("an open breaker without its probe");
        Ok(Self::Open(Open {
            since: millis(open_since)?,
            probe: probe.ok_or_else(incomplete)?,
            failed_probes: item.failed_probes,
            next_probe_at: millis(item.probe_at.ok_or_else(incomplete)?)?,
        }))
    }
}
