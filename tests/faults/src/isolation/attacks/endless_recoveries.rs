//! Recoveries of the same dead deliveries, again and again, at the highest rate that a tenant can ask for.

use std::time::{Duration, Instant};

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;

/// Webhooks, and events that die at each.
const WEBHOOKS: u32 = 4;
const EVENTS: usize = 10;
/// Time between two requests for a recovery. Most are refused, because five may run at the same time.
const EVERY: Duration = Duration::from_millis(500);
/// Maximum time for the deliveries to die before the attack. Reason: two attempts, a second apart, and a busy machine.
const DYING: Duration = Duration::from_mins(2);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    let failing = Manner::Failing(StatusCode::INTERNAL_SERVER_ERROR, None);
    let breaker = json!({"failures": 1_000, "window_seconds": 86_400});
    let settings = json!({"retry_policy": {"delays_seconds": [1]}, "breaker": breaker});
    let webhooks = attacker.webhooks(WEBHOOKS, &failing, &settings).await;
    let since = shared::clock::Clock::default().now().to_string();
    let events: Value = (0..EVENTS).map(|_| own_event()).collect();
    attacker.publish(events).await;
    all_dead(&attacker, &webhooks).await?;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let wanted = json!({"states": ["held", "dead"], "since": since, "rate": 1_000});
            let requests = pace(until, EVERY, |_| {
                let call = attacker.tenant.call(Method::POST, "/api/v1/recoveries", Some(wanted.clone()));
                async move { call.await.status }
            });
            let requests = requests.await.with(202)?;
            let dead = EVENTS * webhooks.len();
            Ok(format!("recoveries of {dead} dead deliveries, two requests/s: {requests}"))
        })
    }))
}

async fn all_dead(attacker: &Attacker<'_>, webhooks: &[String]) -> anyhow::Result<()> {
    let waiting = Instant::now();
    while waiting.elapsed() < DYING {
        let mut dead = 0;
        for webhook in webhooks {
            let page = attacker.tenant.get(&format!("/api/v1/webhooks/{webhook}/deliveries?state=dead")).await;
            dead += page["data"].as_array().map_or(0, Vec::len);
        }
        if dead >= EVENTS * webhooks.len() {
            return Ok(());
        }
        sleep(Duration::from_millis(500)).await;
    }
    anyhow::bail!("the deliveries that recoveries need did not die")
}
