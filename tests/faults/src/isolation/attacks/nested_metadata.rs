//! Metadata nested around the limits, by every provider and as own events. Once, one such event stopped the deliveries
//! of all tenants.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;
use support::senders::Sender;

/// The depths of the values: around our limit of 124 levels and around the parser's limit of 127.
const LEVELS: std::ops::RangeInclusive<u32> = 120..=130;
/// Levels between one depth and the next. Reason: a short run must also reach both sides of both limits.
const STRIDE: u32 = 3;
/// Time between two posts.
const EVERY: Duration = Duration::from_millis(200);
/// The names under which providers send metadata of the sender's own.
const NAMES: [&str; 6] = ["metadata", "Metadata", "rcpt_meta", "user-variables", "Payload", "tags"];
/// Stands for the nested value, because no [`Value`] can hold it.
const PLACE: &str = "nested-value-goes-here";

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    arena.stack.know_certificate().await;
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(1, &Manner::Healthy, &json!({})).await;
    let mut sources = Vec::new();
    for sender in Sender::all()? {
        let source = attacker.tenant.create("/api/v1/sources", sender.settings()).await;
        sources.push((sender, source["ingest_path"].as_str().unwrap_or_default().to_owned()));
    }
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let providers = u32::try_from(sources.len())?;
            // Every provider with one depth, then an own event with it, then the next depth.
            let posts = pace(until, EVERY, |number| {
                let (round, turn) = (number / (providers + 1), number % (providers + 1));
                let levels = LEVELS.start() + round * STRIDE % (LEVELS.end() - LEVELS.start() + 1);
                let source = sources.get(turn as usize);
                let attacker = &attacker;
                async move {
                    let Some((sender, path)) = source else {
                        let mut event = own_event();
                        event["metadata"] = json!({"x": PLACE});
                        let body = event.to_string().replace(&format!("\"{PLACE}\""), &nested(levels));
                        return attacker.tenant.post_text("/api/v1/events", body).await.status;
                    };
                    let key = path.rsplit('/').next().unwrap_or_default();
                    let post = sender.changed_post(key, number, now(), |body| with_nested(body, levels));
                    let Ok(post) = post else { return 0 };
                    arena.stack.send(path, &post).await.status
                }
            });
            let posts = posts.await.with(200)?;
            let (from, to) = (LEVELS.start(), LEVELS.end());
            Ok(format!("{from} to {to} levels, {providers} providers and own events, 5 posts/s: {posts}"))
        })
    }))
}

fn now() -> Timestamp {
    shared::clock::Clock::default().now()
}

fn nested(levels: u32) -> String {
    let levels = levels as usize;
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

/// The body with a nested value in all its objects, under a name of its own and under each name of metadata.
fn with_nested(body: &str, levels: u32) -> String {
    if body.starts_with(['{', '[']) {
        let Ok(mut value) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
        add(&mut value);
        return value.to_string().replace(&format!("\"{PLACE}\""), &nested(levels));
    }
    let fields = url::form_urlencoded::parse(body.as_bytes());
    let fields = fields.map(|(name, value)| (name.into_owned(), with_nested(&value, levels)));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn add(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(add),
        Value::Object(fields) => {
            fields.values_mut().for_each(add);
            for name in NAMES {
                let of_sender = fields.entry(name).or_insert_with(|| Map::new().into());
                if let Some(of_sender) = of_sender.as_object_mut() {
                    of_sender.insert("x".to_owned(), PLACE.into());
                }
            }
            fields.insert("x".to_owned(), PLACE.into());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_providers_post_has_nested_values() {
        for sender in Sender::all().unwrap() {
            for levels in LEVELS {
                let mut found = 0;
                sender
                    .changed_post("mhi_key", 1, now(), |body| {
                        let changed = with_nested(body, levels);
                        let text = changed.replace("%5B", "[").replace("%5D", "]");
                        found = text.matches(&nested(levels)).count();
                        changed
                    })
                    .unwrap();
                assert!(found > 1, "{:?}, {levels} levels", sender.provider);
            }
        }
    }
}
