//! The breaker: what an outage of one receiver costs, and that every delivery arrives after the outage.

use jiff::SignedDuration;
use shared::breaker::{Breaker, BreakerSettings, ProbeId};
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::queue::job::{Job, Probe};
use shared::retry::RetryPolicy;
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::{DELIVERIES, RETRIES, SLOW};
use support::{Answer, Receiver};

use crate::Scene;

/// A breaker that opens at the third failure, at once, and gives up after two hours.
const QUICK: BreakerSettings = BreakerSettings { failures: 3, window_seconds: 0, disable_after_hours: 2 };

async fn webhook(scene: &Scene, url: &str, breaker: BreakerSettings) -> Webhook {
    let webhook = scene.world.webhook_with(scene.tenant, url, |webhook| Webhook { breaker, ..webhook });
    webhook.await.unwrap()
}

async fn breaker(scene: &Scene, webhook: &Webhook) -> Breaker {
    scene.world.registry.breakers.get(scene.tenant, webhook.id).await.unwrap()
}

async fn accept_some(scene: &Scene, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..count {
        events.push(scene.accept(&format!("event-{number}")).await);
    }
    events
}

/// Runs the queues and the stream until nothing more happens at the present time.
pub(crate) async fn run_now(scene: &Scene) {
    for _ in 0..50 {
        let mut busy = scene.world.pump_stream().await.unwrap();
        for queue in [DELIVERIES, RETRIES, SLOW] {
            busy += scene.world.pump_queue(queue).await;
        }
        if busy == 0 {
            return;
        }
    }
}

async fn states(scene: &Scene, webhook: &Webhook, events: &[Event]) -> Vec<DeliveryState> {
    let mut states = Vec::new();
    for event in events {
        states.push(scene.row(webhook, event).await.state);
    }
    states
}

#[tokio::test]
async fn an_outage_costs_a_few_posts_and_then_everything_arrives() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let webhook = webhook(&scene, &receiver.url("/hook"), QUICK).await;
    let first = accept_some(&scene, 3).await;
    run_now(&scene).await;
    assert!(matches!(breaker(&scene, &webhook).await, Breaker::Open(_)));
    assert_eq!(receiver.received("/hook").len(), 3);

    // New deliveries and waiting deliveries are held without a POST.
    let mut events = first;
    for number in 0..100 {
        events.push(scene.accept(&format!("later-{number}")).await);
    }
    scene.world.clock.advance(SignedDuration::from_secs(20));
    run_now(&scene).await;
    assert_eq!(states(&scene, &webhook, &events).await, vec![DeliveryState::Held; 103]);
    assert_eq!(receiver.received("/hook").len(), 3);
    let waiting = [DELIVERIES, RETRIES].map(|queue| scene.world.aws.sqs.messages(queue).len());
    assert_eq!(waiting.iter().sum::<usize>(), 1, "the probe alone is left in the queues");

    // Two probes fail, the third is accepted, and all held deliveries come back.
    receiver.script("/hook", [Answer::Status(500), Answer::Status(500), Answer::Status(200)]);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(states(&scene, &webhook, &events).await, vec![DeliveryState::Delivered; 103]);
    assert!(matches!(breaker(&scene, &webhook).await, Breaker::Closed { failures: 0, .. }));
    assert_eq!(receiver.received("/hook").len(), 3 + 2 + 103);
    let mut attempts = 0;
    for event in &events {
        attempts += scene.row(&webhook, event).await.attempts.len();
    }
    assert_eq!(attempts, 3 + 2 + 103, "probes are in the rows of what they tried");
}

#[tokio::test]
async fn probes_wait_longer_and_longer() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let settings = BreakerSettings { disable_after_hours: 720, ..QUICK };
    let webhook = webhook(&scene, &receiver.url("/hook"), settings).await;
    accept_some(&scene, 4).await;
    run_now(&scene).await;
    scene.world.clock.advance(SignedDuration::from_secs(5));
    run_now(&scene).await;
    let mut gaps = Vec::new();
    for _ in 0..8 {
        let Breaker::Open(open) = breaker(&scene, &webhook).await else { panic!("closed") };
        let gap = open.next_probe_at.duration_since(scene.world.clock.now());
        gaps.push(gap.as_secs());
        // Delays of queues are whole seconds.
        scene.world.clock.advance(gap + SignedDuration::from_secs(1));
        run_now(&scene).await;
    }
    // The steps before take some seconds of the world's clock.
    for (gap, expected) in gaps.into_iter().zip([25, 60, 120, 240, 480, 960, 1800, 1800]) {
        assert!((expected - 20..=expected).contains(&gap), "{gap} for {expected}");
    }
    assert_eq!(receiver.received("/hook").len(), 4 + 8);
}

#[tokio::test]
async fn with_nothing_held_the_next_delivery_is_the_probe() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let url = receiver.url("/hook");
    let hook = scene.world.webhook_with(scene.tenant, &url, |webhook| Webhook {
        breaker: QUICK,
        retry_policy: RetryPolicy::Standard,
        ..webhook
    });
    let webhook = hook.await.unwrap();
    let started = scene.world.clock.now();
    accept_some(&scene, 3).await;
    run_now(&scene).await;
    // The deliveries come back one by one and are held. The first probe was due before, and has found nothing.
    scene.world.clock.advance(SignedDuration::from_secs(31));
    scene.world.pump_queue(DELIVERIES).await;
    let Breaker::Closed { failures: 2, since: Some(since), .. } = breaker(&scene, &webhook).await else {
        panic!("not as good as open")
    };
    assert!(since.duration_since(started) < SignedDuration::from_secs(5));
    run_now(&scene).await;
    let Breaker::Open(open) = breaker(&scene, &webhook).await else { panic!("closed") };
    assert_eq!(open.since, since, "it is the same outage");
}

#[tokio::test]
async fn a_webhook_that_is_down_for_too_long_is_disabled_and_keeps_what_it_is_owed() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let webhook = webhook(&scene, &receiver.url("/hook"), QUICK).await;
    let events = accept_some(&scene, 5).await;
    scene.world.run_until_idle().await.unwrap();
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Disabled { reason: DisabledReason::Failing });
    assert_eq!(states(&scene, &webhook, &events).await, vec![DeliveryState::Held; 5]);
    assert!(receiver.received("/hook").len() < 20);

    // To enable the webhook by hand also closes the breaker, and all held deliveries go out.
    receiver.script("/hook", [Answer::Status(200)]);
    scene
        .world
        .registry
        .webhook_writer
        .replace(&Webhook { status: WebhookStatus::Enabled, ..stored }, None)
        .await
        .unwrap();
    scene.world.registry.breakers.forget(scene.tenant, webhook.id).await.unwrap();
    super::held::recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(states(&scene, &webhook, &events).await, vec![DeliveryState::Delivered; 5]);
}

#[tokio::test]
async fn a_success_takes_the_count_away_and_a_short_hiccup_opens_nothing() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(500), Answer::Status(200), Answer::Status(500)]);
    let hook = webhook(&scene, &receiver.url("/hook"), QUICK).await;
    for number in 0..4 {
        scene.accept(&format!("event-{number}")).await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let counted = match breaker(&scene, &hook).await {
            Breaker::Closed { failures, .. } => failures,
            Breaker::Open(_) => panic!("open"),
        };
        assert_eq!(counted, [1, 2, 0, 1][number]);
    }

    receiver.script("/slow", [Answer::Status(500)]);
    let default = webhook(&scene, &receiver.url("/slow"), BreakerSettings::default()).await;
    for number in 0..60 {
        scene.accept(&format!("more-{number}")).await;
    }
    scene.world.pump_stream().await.unwrap();
    while scene.world.pump_queue(DELIVERIES).await > 0 {}
    // There are sixty failures, all at nearly the same time. Failures above the number that the breaker needs are not
    // counted, but the failures of one batch are counted at the same time.
    assert!(matches!(breaker(&scene, &default).await, Breaker::Closed { failures: 20..30, .. }));
}

#[tokio::test]
async fn a_410_to_a_probe_disables_and_a_deleted_webhook_ends_it() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/gone", [Answer::Status(500), Answer::Status(500), Answer::Status(500), Answer::Status(410)]);
    let gone = webhook(&scene, &receiver.url("/gone"), QUICK).await;
    receiver.script("/deleted", [Answer::Status(500)]);
    let deleted = webhook(&scene, &receiver.url("/deleted"), QUICK).await;
    accept_some(&scene, 3).await;
    run_now(&scene).await;
    scene.world.registry.webhook_writer.delete(scene.tenant, deleted.id, scene.world.clock.now()).await.unwrap();
    scene.world.run_until_idle().await.unwrap();
    let stored = scene.world.registry.webhooks.get(scene.tenant, gone.id).await.unwrap().unwrap();
    assert_eq!(stored.status, WebhookStatus::Disabled { reason: DisabledReason::Gone });
    assert_eq!(receiver.received("/deleted").len(), 3);
}

#[tokio::test]
async fn a_probe_of_another_outage_is_void() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let webhook = webhook(&scene, &receiver.url("/hook"), QUICK).await;
    accept_some(&scene, 3).await;
    run_now(&scene).await;
    let stray = Job::Probe(Probe {
        tenant: scene.tenant,
        webhook: webhook.id,
        probe: ProbeId::generate([9; 10]),
        unknown: UnknownFields::default(),
    });
    scene.world.aws.sqs.put(DELIVERIES, &stray.to_json());
    run_now(&scene).await;
    assert_eq!(receiver.received("/hook").len(), 3);
    assert!(matches!(breaker(&scene, &webhook).await, Breaker::Open(_)));
}

/// Each AWS call of an outage fails once, before or after it took effect. No delivery is lost, and no delivery stays
/// held.
#[tokio::test]
async fn an_outage_survives_a_crash_at_any_call() {
    for how in [support::Break::Before, support::Break::After] {
        for calls_before in 0.. {
            let scene = Scene::start().await;
            let receiver = Receiver::start().await.unwrap();
            let down = [Answer::Status(500), Answer::Status(500), Answer::Status(500)];
            receiver.script("/hook", down.into_iter().chain([Answer::Status(200)]));
            let webhook = webhook(&scene, &receiver.url("/hook"), BreakerSettings { failures: 2, ..QUICK }).await;
            let events = accept_some(&scene, 3).await;
            scene.world.pump_stream().await.unwrap();
            scene.world.aws.break_call(calls_before, how);
            scene.world.run_until_idle().await.unwrap();
            let was_hit = !scene.world.aws.call_off_break();
            let states = states(&scene, &webhook, &events).await;
            assert_eq!(states, vec![DeliveryState::Delivered; 3], "{how:?} {calls_before}");
            if !was_hit {
                assert!(calls_before > 20, "only {calls_before} calls");
                break;
            }
        }
    }
}
