//! What the attacks by slow receivers have in common: a tenant with many webhooks, and one event a second for all.

use std::time::Duration;

use serde_json::Value;

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;

/// Webhooks of the tenant. Reason: the stack has 40 places, and this many deliveries a second need more of them when
/// each takes two seconds.
const WEBHOOKS: u32 = 30;
/// Time between two events.
const EVERY: Duration = Duration::from_secs(1);

/// An attack by receivers of this manner. `receivers` says what they do.
pub(super) async fn prepare<'a>(
    arena: &'a Arena<'a>,
    manner: Manner,
    settings: Value,
    receivers: String,
) -> anyhow::Result<Strike<'a>> {
    let attacker = Attacker::new(arena).await;
    attacker.webhooks(WEBHOOKS, &manner, &settings).await;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let posts = pace(until, EVERY, |_| attacker.publish(own_event())).await.with(200)?;
            Ok(format!("{WEBHOOKS} receivers that {receivers}, 1 event/s: {posts}"))
        })
    }))
}
