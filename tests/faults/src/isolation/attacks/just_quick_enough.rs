//! Receivers that answer just before they count as slow, on very many webhooks of one tenant. Once, they took all
//! invocations of the deliveries queue, and first attempts of others waited longer and longer.

use std::time::Duration;

use serde_json::json;

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;

/// Webhooks of the tenant. Reason: the stack has 40 places, and this many deliveries a second would take half as many
/// again.
const WEBHOOKS: u32 = 30;
/// The time that each receiver takes, in milliseconds. A receiver counts as slow from 2 s on.
const ANSWER_MS: u64 = 1_900;
/// Time between two events.
const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(WEBHOOKS, &Manner::Slow(ANSWER_MS..ANSWER_MS + 1), &json!({})).await;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let posts = pace(until, EVERY, |_| attacker.publish(own_event())).await;
            Ok(format!("{WEBHOOKS} receivers that answer after {ANSWER_MS} ms, 1 event/s: {posts}"))
        })
    }))
}
