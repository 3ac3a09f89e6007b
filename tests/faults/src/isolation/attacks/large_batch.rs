//! Posts with as many events as a post can have. Its events hold the shard, and all have a delivery.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, pace};
use crate::outage::receivers::Manner;
use support::signers::{JSON, Signed};

/// Events of a post: the maximum.
const EVENTS: u32 = 5_000;
/// One event in this many is one that the tenant's webhook wants. Reason: the emulator makes some 60 deliveries a
/// second, so 5,000 would measure its processor for minutes.
const WANTED: u32 = 100;
/// Time between two posts. One post takes the emulator several seconds.
const EVERY: Duration = Duration::from_secs(20);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(1, &Manner::Healthy, &json!({"domains": ["wanted.example"]})).await;
    let source = attacker.tenant.create("/api/v1/sources", json!({"provider": "generic"})).await;
    let path = source["ingest_path"].as_str().unwrap_or_default().to_owned();
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let posts = pace(until, EVERY, |number| {
                let (post, path) = (Signed::plain(JSON, batch(number)), &path);
                async move { arena.stack.send(path, &post).await.status }
            });
            let posts = posts.await;
            let delivered = EVENTS / WANTED;
            Ok(format!("{EVENTS} events each {} s, {delivered} of them wanted: {posts}", EVERY.as_secs()))
        })
    }))
}

fn batch(post: u32) -> String {
    let now: Timestamp = shared::clock::Clock::default().now();
    let event = |number: u32| {
        let domain = if number.is_multiple_of(WANTED) { "wanted" } else { "other" };
        json!({"type": "email.delivered", "email_id": format!("{post}-{number}"), "id": format!("{post}-{number}"),
               "recipient": "crowd@example.com", "from": format!("sender@{domain}.example"), "timestamp": now.to_string()})
    };
    (0..EVENTS).map(event).collect::<Value>().to_string()
}
