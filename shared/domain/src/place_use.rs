//! Who uses the places of the functions that deliver, and whether fresh jobs wait for places.
//!
//! An attempt occupies one of an invocation's places for as long as it lasts: this is its place time. A tenant whose
//! receivers take 1.9 s each occupies as many places as a tenant with ten times as many events whose receivers take
//! 0.19 s. So no limit on the duration of one attempt tells who slows the others. Each function counts the place time
//! of its own attempts by tenant and by webhook. The functions get a random sample of the jobs, so they need no common
//! memory for that.
//!
//! While jobs wait for places, the jobs of a tenant or webhook that uses more than its share go to the slow queue,
//! whose places are its own.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::id::{TenantId, WebhookId};
use crate::slowness::UNHURRIED_ATTEMPT;

/// The length of half a window (15 s). Reason: the window is the half under way and the half before, so at most 30 s.
/// This is long enough for some attempts of a receiver that hangs, and so short that a past burst is soon forgotten.
const HALF_WINDOW: SignedDuration = SignedDuration::from_secs(15);
/// Maximum wait that is no sign of pressure (1 s). Reason: an ordinary job waits a few milliseconds, or as long as a
/// function takes to start.
const LATE_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// Minimum place time of a tenant or webhook in the window before it can be over its share (10 s). Reason: this is one
/// place of the function's ten for a third of the window. Less fills no function, also if it is all there is.
const MIN_PLACE_TIME: Duration = Duration::from_secs(10);
/// A tenant or webhook is over its share when it uses more than this many times the fair share.
const TIMES_FAIR_SHARE: u128 = 2;
/// Minimum limit of a share, in percent. Reason: among many tenants the fair share is tiny, and ordinary tenants differ
/// by more than a factor of two.
const MIN_LIMIT_PERCENT: u128 = 25;
/// Maximum limit of a share, in percent. Reason: a function that is full of one tenant's jobs sees few other tenants or
/// none. Without this maximum, a tenant that is alone with at most one other could never be over its share.
const MAX_LIMIT_PERCENT: u128 = 50;
/// Maximum tenants, and maximum webhooks, that half a window counts (1,000 each). Reason: the two halves then take less
/// than 400 KiB. When there is no room, the one with the least place time is forgotten, and the largest are kept.
const MAX_COUNTED: usize = 1_000;

/// The place time of one tenant or webhook.
#[derive(Debug, Clone, Copy, Default)]
struct PlaceTime {
    total: Duration,
    attempts: u32,
}

/// Half a window.
#[derive(Debug, Default)]
struct HalfWindow {
    total: Duration,
    tenants: BTreeMap<TenantId, PlaceTime>,
    webhooks: BTreeMap<WebhookId, PlaceTime>,
    received: u32,
    late: u32,
}

/// What one function saw in the window.
#[derive(Debug)]
pub struct PlaceUse {
    current: HalfWindow,
    previous: HalfWindow,
    began: Timestamp,
}

impl PlaceUse {
    /// A window that begins at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { current: HalfWindow::default(), previous: HalfWindow::default(), began: now }
    }

    /// Counts an attempt that ended at `now`.
    pub fn count_attempt(&mut self, tenant: TenantId, webhook: WebhookId, took: Duration, now: Timestamp) {
        let half = self.at(now);
        half.total += took;
        add(&mut half.tenants, tenant, took);
        add(&mut half.webhooks, webhook, took);
    }

    /// Counts how long a job had waited for its place after it was due, at `now`.
    pub fn count_wait(&mut self, waited: SignedDuration, now: Timestamp) {
        let half = self.at(now);
        half.received += 1;
        half.late += u32::from(waited > LATE_AFTER);
    }

    /// Whether jobs of this webhook are to leave the places to others: jobs wait, and the webhook or its tenant uses
    /// more than its share of the place time.
    pub fn is_over_share(&mut self, tenant: TenantId, webhook: WebhookId, now: Timestamp) -> bool {
        self.at(now);
        let (current, previous) = (&self.current, &self.previous);
        let (late, received) = (current.late + previous.late, current.received + previous.received);
        // A start of a function makes a few jobs late. Under pressure most jobs are late.
        if late * 2 <= received {
            return false;
        }
        let total = current.total + previous.total;
        exceeds(&current.tenants, &previous.tenants, tenant, total)
            || exceeds(&current.webhooks, &previous.webhooks, webhook, total)
    }

    /// The half that is under way at `now`.
    fn at(&mut self, now: Timestamp) -> &mut HalfWindow {
        let age = now.duration_since(self.began);
        if age >= HALF_WINDOW {
            let last = std::mem::take(&mut self.current);
            self.previous = if age < HALF_WINDOW * 2 { last } else { HalfWindow::default() };
            self.began = now;
        }
        &mut self.current
    }
}

fn add<K: Ord + Copy>(counted: &mut BTreeMap<K, PlaceTime>, key: K, took: Duration) {
    if counted.len() >= MAX_COUNTED && !counted.contains_key(&key) {
        let least = counted.iter().min_by_key(|(_, time)| time.total).map(|(key, _)| *key);
        least.and_then(|least| counted.remove(&least));
    }
    let time = counted.entry(key).or_default();
    time.total += took;
    time.attempts += 1;
}

/// Whether `key` uses more of `total` than its share, with attempts that take long. Quick attempts are no reason: a
/// burst of them empties by itself, and SQS fair queues hand out the jobs of other tenants first. To send it through
/// the slow queue would make it dearer, and quicker for nobody.
fn exceeds<K: Ord + Copy>(
    current: &BTreeMap<K, PlaceTime>,
    previous: &BTreeMap<K, PlaceTime>,
    key: K,
    total: Duration,
) -> bool {
    let of = |half: &BTreeMap<K, PlaceTime>| half.get(&key).copied().unwrap_or_default();
    let (now, before) = (of(current), of(previous));
    let (used, attempts) = (now.total + before.total, now.attempts + before.attempts);
    let seen = current.len() + previous.keys().filter(|key| !current.contains_key(key)).count();
    let fair_percent = 100 / (seen.max(1) as u128);
    let limit = (TIMES_FAIR_SHARE * fair_percent).clamp(MIN_LIMIT_PERCENT, MAX_LIMIT_PERCENT);
    used >= MIN_PLACE_TIME && used >= UNHURRIED_ATTEMPT * attempts && used.as_millis() * 100 > total.as_millis() * limit
}

#[cfg(test)]
mod tests;
