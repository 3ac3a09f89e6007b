//! Posts with as many events as a post can have. They have to be stored while the sender waits, and they hold a shard.

use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, pace};
use crate::outage::receivers::Manner;
use support::signers::sendgrid::SigningKey;

/// Events of a post: the maximum.
const EVENTS: u32 = 5_000;
/// One event in this many is one that the tenant's webhook wants. Reason: the emulator makes some 60 deliveries a
/// second, so 5,000 would measure its processor for minutes.
const WANTED: u32 = 100;
/// Time between two posts. Reason: one post takes the emulator several seconds.
const EVERY: Duration = Duration::from_secs(20);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(1, &Manner::Healthy, &json!({"events": ["email.bounced"]})).await;
    let key = SigningKey::generate()?;
    let public_key = BASE64_STANDARD.encode(key.public_key());
    let source = json!({"provider": "sendgrid", "verification": {"public_key": public_key}});
    let source = attacker.tenant.create("/api/v1/sources", source).await;
    let path = source["ingest_path"].as_str().unwrap_or_default().to_owned();
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let posts = pace(until, EVERY, |number| {
                let now = shared::clock::Clock::default().now();
                let (post, path) = (key.sign(batch(number, now.as_second()), now), &path);
                async move {
                    let Ok(post) = post else { return 0 };
                    arena.stack.send(path, &post).await.status
                }
            });
            let posts = posts.await.with(200)?;
            let delivered = EVENTS / WANTED;
            Ok(format!("{EVENTS} events each {} s, {delivered} of them wanted: {posts}", EVERY.as_secs()))
        })
    }))
}

fn batch(post: u32, now: i64) -> String {
    let event = |number: u32| {
        let word = if number.is_multiple_of(WANTED) { "bounce" } else { "delivered" };
        json!({"email": "crowd@example.com", "timestamp": now, "event": word, "sg_event_id": format!("{post}-{number}"),
               "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"})
    };
    (0..EVENTS).map(event).collect::<Value>().to_string()
}
