//! One broken receiver must not slow the others.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use tests::support::{Answer, Receiver};

use crate::stack::{Stack, eventually};

/// The hanging webhook's time limit: the longest that may be set.
const LIMIT: Duration = Duration::from_secs(15);

#[tokio::test]
async fn forty_nine_webhooks_get_their_event_while_one_hangs() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/0", [Answer::Hang]);
    let webhooks = (0..50).map(|number| {
        let limit = if number == 0 { 15_000 } else { 10_000 };
        let url = receiver.url(&format!("/{number}"));
        tenant.create("/api/v1/webhooks", json!({"url": url, "events": ["*"], "timeout_ms": limit}))
    });
    join_all(webhooks).await;
    tenant.publish("isolation-1").await;

    let hung_since = eventually(30, "the hanging receiver is called", || async {
        (!receiver.received("/0").is_empty()).then(Instant::now)
    })
    .await;
    eventually(LIMIT.as_secs(), "the other 49", || async {
        (1..50).all(|number| !receiver.received(&format!("/{number}")).is_empty()).then_some(())
    })
    .await;
    // Everything arrived inside the time that the hanging attempt alone takes.
    assert!(hung_since.elapsed() < LIMIT, "{:?}", hung_since.elapsed());
}
