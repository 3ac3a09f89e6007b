//! Suspending a tenant, and lifting it: nothing is sent in between, and nothing is lost.

use jiff::SignedDuration;
use serde_json::json;
use shared::breaker::{Breaker, BreakerSettings};
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::queue::job::{Job, Sweep};
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::DELIVERIES;
use support::{Break, Receiver};

use crate::room::{Answer, Caller, Room};

/// Time after which no function trusts what it remembers of a tenant.
const PAST_THE_CACHE: SignedDuration = SignedDuration::from_secs(31);

async fn set(room: &Room, tenant: &Caller<'_>, suspended: bool) -> Answer {
    let path = format!("/api/v1/tenants/{}", tenant.tenant_id());
    room.admin().patch(&path, &json!({ "suspended": suspended })).await
}

async fn accept(room: &Room, tenant: &Caller<'_>, key: &str) -> Event {
    let event = room.world.event(tenant.tenant_id(), key);
    room.world.events.put(&event).await.unwrap();
    event
}

async fn state(room: &Room, webhook: &Webhook, event: &Event) -> DeliveryState {
    let row = room.world.deliveries.get(webhook.tenant, webhook.id, event.id).await.unwrap();
    row.expect("the delivery has a row").state
}

#[tokio::test]
async fn the_keys_of_a_suspended_tenant_are_refused_and_an_admin_may_still_act_for_it() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let suspended = set(&room, &acme, true).await;
    assert_eq!((suspended.status, &suspended.body["suspended"]), (200, &json!(true)));
    for path in ["/api/v1/webhooks", "/api/v1/sources", "/api/v1/keys", "/api/v1/events", "/api/v1/event-types"] {
        let refused = acme.get(path).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(refused.problem(), @"403 tenant-suspended: The operator has suspended this tenant. Its requests and events are refused, and its deliveries are held, until the operator lifts the suspension.");
        }
        assert_eq!(other.get(path).await.status, 200, "{path}");
    }
    assert_eq!(acme.get("/v3/domains/acme.example/webhooks").await.status, 403);
    assert_eq!(acme.get("/v3/REST/eventcallbackurl").await.status, 403);
    let admin = room.admin().about(acme.tenant.as_deref().unwrap());
    let webhook = json!({ "url": "https://receiver.example/", "events": ["*"] });
    let made = admin.post("/api/v1/webhooks", &webhook).await;
    assert_eq!(made.status, 201);
    // A test event is in no table, so it must not be held.
    let test = format!("/api/v1/webhooks/{}/test", made.text("id"));
    let refused = admin.post(&test, &json!({ "event_type": "email.delivered" })).await;
    assert_eq!((refused.status, refused.text("type").as_str()), (409, "urn:mailhooks:problem:tenant-suspended"));
    let lifted = set(&room, &acme, false).await;
    assert_eq!((lifted.status, &lifted.body["suspended"]), (200, &json!(false)));
    assert_eq!(acme.get("/api/v1/webhooks").await.status, 200);
}

#[tokio::test]
async fn deliveries_are_held_within_the_cache_time_and_all_arrive_once_the_suspension_is_lifted() {
    let room = Room::with_receivers().await;
    let receiver = Receiver::start().await.unwrap();
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let webhook = room.world.webhook(acme.tenant_id(), &receiver.url("/acme")).await.unwrap();
    room.world.webhook(other.tenant_id(), &receiver.url("/other")).await.unwrap();
    accept(&room, &acme, "before").await;
    accept(&room, &other, "before").await;
    room.world.run_until_idle().await.unwrap();

    set(&room, &acme, true).await;
    room.world.clock.advance(PAST_THE_CACHE);
    let mut held = Vec::new();
    for number in 0..50 {
        held.push(accept(&room, &acme, &format!("held-{number}")).await);
    }
    accept(&room, &other, "meantime").await;
    room.world.run_until_idle().await.unwrap();
    // Neither a release nor the sweep sends what is held.
    room.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    room.world.run_until_idle().await.unwrap();
    assert_eq!((receiver.received("/acme").len(), receiver.received("/other").len()), (1, 2));
    for event in &held {
        assert_eq!(state(&room, &webhook, event).await, DeliveryState::Held);
    }

    set(&room, &acme, false).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/acme").len(), 51);
    for event in &held {
        assert_eq!(state(&room, &webhook, event).await, DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn a_function_that_still_believes_in_the_suspension_delivers_after_it_was_lifted() {
    let room = Room::with_receivers().await;
    let receiver = Receiver::start().await.unwrap();
    let acme = room.tenant().await;
    let webhook = room.world.webhook(acme.tenant_id(), &receiver.url("/hook")).await.unwrap();
    set(&room, &acme, true).await;
    accept(&room, &acme, "held").await;
    room.world.run_until_idle().await.unwrap();
    set(&room, &acme, false).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), 1);
    // The release read the tenant afresh. The next function has not.
    set(&room, &acme, true).await;
    let another = room.world.another_deliver(|_| {}).unwrap();
    accept(&room, &acme, "remembered").await;
    room.world.pump_stream().await.unwrap();
    room.world.pump_queue_with(DELIVERIES, &another).await;
    set(&room, &acme, false).await;
    room.world.run_until_idle().await.unwrap();
    let late = accept(&room, &acme, "late").await;
    room.world.pump_stream().await.unwrap();
    // It holds the delivery, sees that the suspension was lifted, and sends the job of the next round.
    for _ in 0..2 {
        room.world.pump_queue_with(DELIVERIES, &another).await;
    }
    assert_eq!(state(&room, &webhook, &late).await, DeliveryState::Delivered);
    assert_eq!(receiver.received("/hook").len(), 3);
}

#[tokio::test]
async fn lifting_closes_open_breakers_and_leaves_webhooks_that_are_off_for_another_reason() {
    let room = Room::with_receivers().await;
    let receiver = Receiver::start().await.unwrap();
    let acme = room.tenant().await;
    let (down_url, off_url) = (receiver.url("/down"), receiver.url("/off"));
    let quick = BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 24 };
    let down = room.world.webhook_with(acme.tenant_id(), &down_url, |webhook| Webhook { breaker: quick, ..webhook });
    let down = down.await.unwrap();
    let off = room.world.webhook_with(acme.tenant_id(), &off_url, |webhook| Webhook {
        status: WebhookStatus::Disabled { reason: DisabledReason::Requested },
        ..webhook
    });
    let off = off.await.unwrap();
    receiver.script("/down", [support::Answer::Status(500)]);
    let event = accept(&room, &acme, "event").await;
    room.world.pump_stream().await.unwrap();
    room.world.pump_queue(DELIVERIES).await;
    assert!(matches!(room.world.registry.breakers.get(down.tenant, down.id).await.unwrap(), Breaker::Open(_)));
    set(&room, &acme, true).await;
    room.world.run_until_idle().await.unwrap();
    receiver.script("/down", [support::Answer::Status(200)]);
    let sent = receiver.received("/down").len();

    set(&room, &acme, false).await;
    room.world.run_until_idle().await.unwrap();
    assert!(receiver.received("/down").len() > sent, "nothing waits for the next probe");
    assert_eq!(state(&room, &down, &event).await, DeliveryState::Delivered);
    assert_eq!(state(&room, &off, &event).await, DeliveryState::Held);
    let enable = json!({ "enabled": true });
    assert_eq!(acme.patch(&format!("/api/v1/webhooks/{}", off.id), &enable).await.status, 200);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &off, &event).await, DeliveryState::Delivered);
}

#[tokio::test]
async fn a_webhook_that_is_enabled_while_its_tenant_is_suspended_goes_on_when_that_ends() {
    let room = Room::with_receivers().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let acme = room.tenant().await;
    let webhook = room.world.webhook_with(acme.tenant_id(), &url, |webhook| Webhook { paused: true, ..webhook });
    let webhook = webhook.await.unwrap();
    let event = accept(&room, &acme, "event").await;
    set(&room, &acme, true).await;
    room.world.run_until_idle().await.unwrap();
    let admin = room.admin().about(acme.tenant.as_deref().unwrap());
    admin.patch(&format!("/api/v1/webhooks/{}", webhook.id), &json!({ "paused": false })).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &webhook, &event).await, DeliveryState::Held);
    set(&room, &acme, false).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &webhook, &event).await, DeliveryState::Delivered);
}

#[tokio::test]
async fn lifting_that_breaks_off_anywhere_is_completed_by_the_same_request() {
    for calls_before in 0..12 {
        let room = Room::with_receivers().await;
        let receiver = Receiver::start().await.unwrap();
        let acme = room.tenant().await;
        let webhook = room.world.webhook(acme.tenant_id(), &receiver.url("/hook")).await.unwrap();
        set(&room, &acme, true).await;
        let event = accept(&room, &acme, "event").await;
        room.world.run_until_idle().await.unwrap();
        room.world.open_breaker(&webhook).await.unwrap();
        room.world.aws.break_call(calls_before, Break::Before);
        let first = set(&room, &acme, false).await;
        let was_broken = !room.world.aws.call_off_break();
        assert_eq!(first.status, if was_broken { 503 } else { 200 }, "{calls_before}");
        assert_eq!(set(&room, &acme, false).await.status, 200);
        room.world.run_until_idle().await.unwrap();
        assert_eq!(state(&room, &webhook, &event).await, DeliveryState::Delivered, "{calls_before}");
    }
}

#[tokio::test]
async fn a_recovery_waits_while_the_tenant_is_suspended() {
    let room = Room::with_receivers().await;
    let receiver = Receiver::start().await.unwrap();
    let acme = room.tenant().await;
    let webhook = room.world.webhook(acme.tenant_id(), &receiver.url("/hook")).await.unwrap();
    receiver.script("/hook", [support::Answer::Status(500)]);
    let event = accept(&room, &acme, "event").await;
    room.world.run_until_idle().await.unwrap();
    assert!(matches!(state(&room, &webhook, &event).await, DeliveryState::Dead { .. }));
    receiver.script("/hook", [support::Answer::Status(200)]);
    set(&room, &acme, true).await;
    let admin = room.admin().about(acme.tenant.as_deref().unwrap());
    let since = event.accepted_at.to_string();
    let started = admin.post("/api/v1/recoveries", &json!({ "since": since, "states": ["dead"] })).await;
    assert_eq!(started.status, 202, "{started}");
    let path = format!("/api/v1/recoveries/{}", started.text("id"));
    for _ in 0..5 {
        room.world.pump_queue(DELIVERIES).await;
        room.world.clock.advance(SignedDuration::from_mins(2));
    }
    assert_eq!(admin.get(&path).await.text("status"), "running");
    set(&room, &acme, false).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(admin.get(&path).await.text("status"), "done");
    assert_eq!(state(&room, &webhook, &event).await, DeliveryState::Delivered);
}
