//! The events that this function has claimed for tenants with a limit per minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use shared::event_quota::{Counted, minute_of};
use shared::id::TenantId;
use shared::store::registry::{EventClaim, EventQuotas};
use shared::tenant::Tenant;

use crate::error::{IngestError, over_limit};

/// Maximum tenants with a limit whose claimed events are remembered. Reason: with more, those of earlier minutes are
/// forgotten, and then all; a tenant that is forgotten claims once more.
const MAX_CLAIMS: usize = 1_000;

/// Claimed events that no post has used yet, by tenant.
#[derive(Debug)]
pub(crate) struct EventClaims {
    quotas: EventQuotas,
    claims: Mutex<HashMap<TenantId, Claimed>>,
}

/// What this function has claimed for a tenant in a minute.
#[derive(Debug, Clone, Copy)]
struct Claimed {
    /// The minute of the function's clock.
    minute: i64,
    /// Claimed events that no post has used yet.
    left: u32,
    /// What the row said last.
    row: Option<Counted>,
    /// The limit is reached until then.
    refused_until: Option<Timestamp>,
}

impl EventClaims {
    /// Nothing is claimed yet.
    pub(crate) fn new(quotas: EventQuotas) -> Self {
        Self { quotas, claims: Mutex::default() }
    }

    /// Takes the events of a whole post from the tenant's limit per minute, before any of them is stored. If the limit
    /// is reached, none is taken, and the sender has to repeat the post.
    pub(crate) async fn take(&self, tenant: Option<&Tenant>, events: usize, now: Timestamp) -> Result<(), IngestError> {
        let Some((tenant, limit)) = tenant.and_then(|tenant| Some((tenant.id, tenant.limits.events_per_minute?)))
        else {
            return Ok(());
        };
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        if events == 0 {
            return Ok(());
        }
        let missing = match self.take_claimed(tenant, limit, events, now)? {
            0 => return Ok(()),
            missing => missing,
        };
        let row = self.claims().get(&tenant).and_then(|claimed| claimed.row);
        match self.quotas.claim(tenant, limit, missing, row, now).await? {
            EventClaim::Granted(count, row) => {
                self.note(tenant, now, count.saturating_sub(missing), Some(row), None);
                Ok(())
            }
            EventClaim::Refused(until) => {
                // The events that were claimed before belong to a later post.
                self.note(tenant, now, events - missing, None, Some(until));
                Err(over_limit(limit, until, now))
            }
        }
    }

    /// Takes what this function has claimed already. Returns how many events are missing.
    fn take_claimed(&self, tenant: TenantId, limit: u32, events: u32, now: Timestamp) -> Result<u32, IngestError> {
        let mut claims = self.claims();
        let Some(claimed) = claims.get_mut(&tenant) else { return Ok(events) };
        if claimed.minute != minute_of(now) {
            // The row is asked again every minute, because the operator may have changed the limit.
            (claimed.left, claimed.refused_until) = (0, None);
        }
        let taken = claimed.left.min(events);
        if taken < events
            && let Some(until) = claimed.refused_until.filter(|until| *until > now)
        {
            return Err(over_limit(limit, until, now));
        }
        claimed.left -= taken;
        Ok(events - taken)
    }

    fn note(&self, tenant: TenantId, now: Timestamp, left: u32, row: Option<Counted>, until: Option<Timestamp>) {
        let (minute, mut claims) = (minute_of(now), self.claims());
        if claims.len() >= MAX_CLAIMS {
            claims.retain(|_, claimed| claimed.minute == minute);
        }
        if claims.len() >= MAX_CLAIMS {
            claims.clear();
        }
        // Another post may have claimed in between; what it has left is of the same minute.
        let before = claims.get(&tenant).filter(|claimed| claimed.minute == minute).map_or(0, |claimed| claimed.left);
        let left = left.saturating_add(before);
        claims.insert(tenant, Claimed { minute, left, row, refused_until: until });
    }

    fn claims(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Claimed>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
