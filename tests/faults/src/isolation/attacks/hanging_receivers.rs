//! Receivers that take a request and never answer, with the longest time limit.

use std::time::Duration;

use serde_json::json;

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;

/// Webhooks of the tenant. Reason: the stack has 40 places, and this many deliveries a second would take half as many
/// again.
const WEBHOOKS: u32 = 30;
/// The longest time limit of a webhook, in milliseconds.
const TIMEOUT_MS: u32 = 15_000;
/// Time between two events.
const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(WEBHOOKS, &Manner::Hanging, &json!({"timeout_ms": TIMEOUT_MS})).await;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let posts = pace(until, EVERY, |_| attacker.publish(own_event())).await;
            Ok(format!("{WEBHOOKS} receivers that hang, time limit {TIMEOUT_MS} ms, 1 event/s: {posts}"))
        })
    }))
}
