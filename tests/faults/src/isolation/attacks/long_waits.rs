//! Deliveries that wait as long as a tenant can make them wait: by its own schedule, and by `Retry-After`. Once, each
//! such delivery kept a message of the shared retries queue in flight for half a day.

use std::time::Duration;

use futures::future::join;
use http::StatusCode;
use serde_json::{Value, json};

use super::Strike;
use crate::isolation::arena::{Arena, Attacker, own_event, pace};
use crate::outage::receivers::Manner;

/// Webhooks that fail with the longest schedule, and as many whose receivers demand the longest wait.
const WEBHOOKS: u32 = 10;
/// Time between two events of each kind.
const EVERY: Duration = Duration::from_secs(1);
/// The longest delay of a schedule, in seconds.
const LONGEST_DELAY: u32 = 172_800;
/// The longest `Retry-After` that is followed, in seconds.
const LONGEST_RETRY_AFTER: u32 = 43_200;

pub(super) async fn prepare<'a>(arena: &'a Arena<'a>) -> anyhow::Result<Strike<'a>> {
    // The breakers never open: the failures must span a day.
    let breaker = json!({"failures": 1_000, "window_seconds": 86_400});
    let settings = |delays: Value| json!({"breaker": breaker, "retry_policy": {"delays_seconds": delays}});
    let fails = Attacker::new(arena).await;
    let failing = Manner::Failing(StatusCode::INTERNAL_SERVER_ERROR, None);
    fails.webhooks(WEBHOOKS, &failing, &settings(json!([0, LONGEST_DELAY, LONGEST_DELAY]))).await;
    let busy = Attacker::new(arena).await;
    let later = Manner::Failing(StatusCode::TOO_MANY_REQUESTS, Some(LONGEST_RETRY_AFTER));
    busy.webhooks(WEBHOOKS, &later, &settings(json!(vec![0; 30]))).await;
    Ok(Box::new(move |until| {
        Box::pin(async move {
            let posts = |attacker| pace(until, EVERY, move |_| Attacker::publish(attacker, own_event()));
            let (by_schedule, by_receiver) = join(posts(&fails), posts(&busy)).await;
            let (by_schedule, by_receiver) = (by_schedule.with(200)?, by_receiver.with(200)?);
            Ok(format!(
                "{WEBHOOKS} webhooks that fail with delays of {LONGEST_DELAY} s, 1 event/s: {by_schedule}; {WEBHOOKS} \
                 with Retry-After {LONGEST_RETRY_AFTER}, 1 event/s: {by_receiver}"
            ))
        })
    }))
}
