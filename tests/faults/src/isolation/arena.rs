//! What attacks need: tenants with webhooks, posts at a steady rate, and counts of the answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use crate::outage::receivers::{Manner, Receivers};
use support::stack::{Stack, Tenant};

/// Webhooks that are created at the same time.
const SIDE_BY_SIDE: usize = 8;
/// Maximum requests of an attack that wait for their answer. Reason: an attacker's machine has a limit as well, and on
/// AWS the throttle of the API; without one, a slow answer would make the attack grow.
const MOST_OPEN: usize = 32;

/// The number of the first webhook of an attacker. The bystander has the numbers below it.
const FIRST: u32 = 1_000;

/// The stack, and the attackers' receivers.
pub(super) struct Arena<'a> {
    pub(super) stack: &'a Stack,
    pub(super) receivers: &'a Receivers,
    /// The number of the next attacker's webhook.
    next: AtomicU32,
}

/// A tenant that attacks.
pub(super) struct Attacker<'a> {
    arena: &'a Arena<'a>,
    pub(super) tenant: Tenant<'a>,
}

/// How often each status was answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Statuses(BTreeMap<u16, u32>);

impl<'a> Arena<'a> {
    pub(super) fn new(stack: &'a Stack, receivers: &'a Receivers) -> Self {
        Self { stack, receivers, next: AtomicU32::new(FIRST) }
    }

    /// Makes all receivers of attackers healthy.
    pub(super) fn heal(&self) {
        for number in FIRST..self.next.load(Ordering::Relaxed) {
            self.receivers.set(number, Manner::Healthy);
        }
    }
}

impl<'a> Attacker<'a> {
    /// A new tenant.
    pub(super) async fn new(arena: &'a Arena<'a>) -> Self {
        Self { arena, tenant: arena.stack.tenant().await }
    }

    /// Creates webhooks with these settings, whose receivers behave in this manner. They want all events if the
    /// settings name none. Returns their ids.
    pub(super) async fn webhooks(&self, count: u32, manner: &Manner, settings: &Value) -> Vec<String> {
        let creations = futures::stream::iter(0..count).map(|_| async {
            let number = self.arena.next.fetch_add(1, Ordering::Relaxed);
            self.arena.receivers.set(number, manner.clone());
            let mut settings = settings.clone();
            settings["url"] = self.arena.receivers.url(number).into();
            if settings["events"].is_null() {
                settings["events"] = json!(["*"]);
            }
            let webhook = self.tenant.create("/api/v1/webhooks", settings).await;
            webhook["id"].as_str().unwrap_or_default().to_owned()
        });
        creations.buffer_unordered(SIDE_BY_SIDE).collect().await
    }

    /// Publishes events. Returns the status of the answer.
    pub(super) async fn publish(&self, events: Value) -> u16 {
        self.tenant.call(Method::POST, "/api/v1/events", Some(events)).await.status
    }
}

/// An own event of an attacker.
pub(super) fn own_event() -> Value {
    json!({"type": "email.sent", "timestamp": shared::clock::Clock::default().now().to_string()})
}

/// Calls again and again until the time is over, with this time between two calls, and waits for all answers. The
/// argument counts the calls.
pub(super) async fn pace<F: Future<Output = u16>>(
    until: Instant,
    every: Duration,
    mut call: impl FnMut(u32) -> F,
) -> Statuses {
    let mut statuses = Statuses::default();
    let mut open = FuturesUnordered::new();
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0;
    let end = sleep_until(until.into());
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            _ = ticks.tick(), if open.len() < MOST_OPEN => {
                open.push(call(number));
                number += 1;
            }
            Some(status) = open.next() => statuses.count(status),
        }
    }
    while let Some(status) = open.next().await {
        statuses.count(status);
    }
    statuses
}

impl Statuses {
    fn count(&mut self, status: u16) {
        *self.0.entry(status).or_default() += 1;
    }

    /// Fails unless at least one request was answered with this status: an attack that is refused shows nothing.
    pub(super) fn with(self, status: u16) -> anyhow::Result<Self> {
        anyhow::ensure!(self.0.contains_key(&status), "no request of the attack was answered {status}: {self}");
        Ok(self)
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<_> = self.0.iter().map(|(status, count)| format!("{count} answered {status}")).collect();
        f.write_str(&each.join(", "))
    }
}
