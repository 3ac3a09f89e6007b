//! One broken receiver must not slow the others.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use support::{Answer, Receiver};

use crate::stack::{Stack, eventually};

/// The hanging webhook's time limit: the longest one that the API allows.
const LIMIT: Duration = Duration::from_secs(15);

#[tokio::test]
async fn forty_nine_webhooks_get_their_event_while_one_hangs() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let webhooks = (0..50).map(|number| {
        let limit = if number == 0 { 15_000 } else { 10_000 };
        let url = receiver.url(&format!("/{number}"));
        tenant.create("/api/v1/webhooks", json!({"url": url, "events": ["*"], "timeout_ms": limit}))
    });
    join_all(webhooks).await;
    let everywhere = |count: usize| {
        let to = receiver.clone();
        async move {
            let reached = |number: usize| to.received(&format!("/{number}")).len();
            (0..50).all(|number| reached(number) >= count).then_some(())
        }
    };
    // How long the deliveries take on this machine, with its present load, while no receiver hangs.
    let begun = Instant::now();
    tenant.publish("isolation-1").await;
    eventually(60, "all 50", || everywhere(1)).await;
    let alone = begun.elapsed();

    receiver.script("/0", [Answer::Hang]);
    let begun = Instant::now();
    tenant.publish("isolation-2").await;

    eventually(60, "all 50, one of which hangs", || everywhere(2)).await;
    let disturbed = begun.elapsed();
    // A delivery that waited for the hanging one would arrive later by the hanging webhook's whole time limit.
    assert!(disturbed < LIMIT / 2 + 3 * alone, "{disturbed:?}, and {alone:?} before");
}
