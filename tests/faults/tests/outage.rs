//! The small form of `make outage`. It checks counts and bounds but no times, because it must pass on a busy machine.

use std::sync::Arc;
use std::time::Duration;

use faults::outage::queues::Queues;
use faults::outage::report::broken_promises;
use faults::outage::run::run;
use faults::outage::shape::Shape;
use shared::breaker::BreakerSettings;
use support::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_deliveries_of_which_broken_receivers_hold_up_their_own_alone() {
    let shape = Shape {
        webhooks: 40,
        tenants: 4,
        events: 25,
        per_second: 60,
        refusing: 1,
        hanging: 1,
        slow: 2,
        // Longer than a quick answer takes.
        slow_ms: 2_500..3_500,
        timeout_ms: 5_000,
        breaker: BreakerSettings { failures: 3, window_seconds: 2, ..BreakerSettings::default() },
        delays: vec![1, 2, 4, 8, 16, 32, 64, 128],
        concurrency: 20,
        slow_concurrency: 10,
        settling: Duration::from_secs(5),
        patience: Duration::from_mins(10),
    };
    let world = Arc::new(World::start_in_real_time().await.unwrap());
    let queues = Queues::InWorld(Arc::clone(&world));
    let measured = run(world, queues, &shape, true).await.unwrap();
    assert_eq!(measured.owed, 1_000);
    assert_eq!(broken_promises(&shape, &measured), [""; 0], "{measured:?}");
    assert!(measured.busiest[1] > 0, "no message went through the retries queue");
    assert!(measured.busiest[2] > 0, "no message went through the slow queue");
}
