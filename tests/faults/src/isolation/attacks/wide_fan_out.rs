//! A tenant with many webhooks, which all want its large events. Once, `dispatch` built all jobs of
//! its batch in memory, and held the shard for as long.

use std::time::Duration;

use serde_json::{Value, json};

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;

/// Webhooks of the tenant, of the 500 that it can have. Reason: above 100, `dispatch` leaves an event to jobs. 500 such
/// deliveries are 23 MB at once, which the emulator passes around for seconds while it answers nobody.
const WEBHOOKS: u32 = 120;
/// Time between two events. Reason: the emulator makes some 60 deliveries a second of this size, on one processor.
const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(WEBHOOKS, &Manner::Healthy, &json!({})).await;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let size = large_event().to_string().len() / 1_024;
            let posts = pace(until, EVERY, |_| attacker.publish(large_event())).await.with(200)?;
            Ok(format!("{WEBHOOKS} webhooks, an event of {size} KiB each {} s: {posts}", EVERY.as_secs()))
        })
    }))
}

/// An own event of about 48 KiB: what its fields may hold.
fn large_event() -> Value {
    let mut event = own_event();
    event["metadata"] = json!({"x": "m".repeat(16_000)});
    event["bounce"] = json!({"diagnostic": "\u{20ac}".repeat(4_096)});
    event["client"] = json!({"user_agent": "\u{20ac}".repeat(6_500)});
    event
}
