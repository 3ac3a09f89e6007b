//! The bystander: a tenant that sends one event a second to a receiver that is quick, and to one that fails once for
//! each event, so that it has retries.

use std::time::{Duration, Instant};

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, sleep_until, timeout};

use super::arrivals::{Arrivals, RETRY};
use super::judge::POLL_INTERVAL_MS;
use super::measured::{Load, Measured};
use crate::outage::receivers::{Manner, Receivers};
use support::stack::{Stack, Tenant};

/// The webhook whose receiver is quick, and the one whose receiver fails once.
const QUICK: u32 = 0;
const FAILS_ONCE: u32 = 1;
/// The recipient of the bystander's events.
const RECIPIENT: &str = "bystander@example.com";
/// Time between two events.
const EVERY: Duration = Duration::from_secs(1);
/// Maximum time for an answer to a post. An API gateway ends a request after 30 s.
const ANSWER: Duration = Duration::from_secs(30);
/// Maximum time to wait for the last arrival. Reason: with the measured ratios an event arrives within seconds, so
/// what has not arrived by then counts as not arrived.
const PATIENCE: Duration = Duration::from_mins(2);
/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The bystander.
pub(super) struct Bystander<'a> {
    tenant: Tenant<'a>,
    webhooks: [(u32, String); 2],
    receivers: &'a Receivers,
}

/// An event of the bystander.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// When the event was to be sent.
    due: Instant,
    /// The event's id; `None` if it was not answered 200.
    event: Option<String>,
}

impl<'a> Bystander<'a> {
    /// Creates the tenant and its webhooks.
    pub(super) async fn start(stack: &'a Stack, receivers: &'a Receivers) -> Self {
        let tenant = stack.tenant().await;
        Stack::sensitive(RECIPIENT);
        receivers.set(FAILS_ONCE, Manner::FailsOnce);
        let mut webhooks = [(QUICK, String::new()), (FAILS_ONCE, String::new())];
        for (number, id) in &mut webhooks {
            let retries = json!({"delays_seconds": vec![RETRY.as_secs(); 10]});
            let settings = json!({"url": receivers.url(*number), "events": ["*"], "retry_policy": retries});
            let webhook = tenant.create("/api/v1/webhooks", settings).await;
            webhook["id"].as_str().unwrap_or_default().clone_into(id);
        }
        Self { tenant, webhooks, receivers }
    }

    /// Sends one event a second for this long, and waits until all have arrived or the patience is over.
    pub(super) async fn send(&self, length: Duration) -> Vec<Sent> {
        let begun = Instant::now();
        let count = u32::try_from(length.as_secs()).unwrap_or(1).max(1);
        let sent = join_all((0..count).map(|number| self.send_one(begun + EVERY * number))).await;
        let waiting = Instant::now();
        while waiting.elapsed() < PATIENCE && !sent.iter().all(|one| self.has_arrived(one)) {
            sleep(LOOK_EVERY).await;
        }
        sent
    }

    /// Waits until an event has its first attempt within the interval of the mappings, or until the patience is over:
    /// then nothing that came before is in its way.
    pub(super) async fn rest(&self) -> anyhow::Result<()> {
        let waiting = Instant::now();
        while waiting.elapsed() < PATIENCE {
            let sent = self.send(EVERY).await;
            let arrivals = self.arrivals(&sent);
            // An event that was refused shows nothing.
            if !arrivals.is_empty() && arrivals.iter().flat_map(Arrivals::first_ms).all(|ms| ms <= POLL_INTERVAL_MS) {
                return Ok(());
            }
        }
        anyhow::bail!("the stack does not come to rest within {} s", PATIENCE.as_secs())
    }

    async fn send_one(&self, due: Instant) -> Sent {
        sleep_until(due.into()).await;
        let now = shared::clock::Clock::default().now().to_string();
        let event = json!({"type": "email.delivered", "timestamp": now, "recipient": RECIPIENT});
        let answer = timeout(ANSWER, self.tenant.call(Method::POST, "/api/v1/events", Some(event))).await;
        let answer = answer.ok().filter(|answer| answer.status == 200);
        let event = answer.and_then(|answer| answer.body["data"][0]["id"].as_str().map(str::to_owned));
        Sent { due, event }
    }

    fn has_arrived(&self, sent: &Sent) -> bool {
        let arrived = |event: &String| [QUICK, FAILS_ONCE].map(|one| self.receivers.first(one, event).is_some());
        sent.event.as_ref().is_none_or(|event| arrived(event) == [true, true])
    }

    fn arrivals(&self, sent: &[Sent]) -> Vec<Arrivals> {
        let accepted = sent.iter().filter_map(|one| Some((one.due, one.event.as_ref()?)));
        let asked = |number, event: &String| self.receivers.asked(number, event);
        let arrivals =
            |(due, event)| Arrivals { due, quick: asked(QUICK, event), fails_once: asked(FAILS_ONCE, event) };
        accepted.map(arrivals).collect()
    }

    /// What became of these events.
    pub(super) async fn measure(&self, sent: &[Sent], load: Load) -> Measured {
        let mut measured = Measured { sent: sent.len(), load, ..Measured::of(&self.arrivals(sent)) };
        for one in sent {
            let Some(event) = &one.event else {
                measured.refused += 1;
                continue;
            };
            for (number, id) in &self.webhooks {
                if self.receivers.first(*number, event).is_none() {
                    let path = format!("/api/v1/webhooks/{id}/deliveries/{event}");
                    let known = self.tenant.call(Method::GET, &path, None).await.status == 200;
                    *(if known { &mut measured.missing } else { &mut measured.lost }) += 1;
                }
            }
        }
        measured
    }
}
