//! The deliveries of a webhook: lists by state and time, and one delivery with every attempt.

use jiff::SignedDuration;
use serde_json::json;
use shared::delivery::job_verdict::RowCondition;
use shared::delivery::{Attempt, DeadReason, DeliveryState, Outcome, Target};
use shared::event::Event;
use shared::store::deliveries::Change;
use shared::webhook::Webhook;

use crate::room::{Room, nobodys};

/// Writes the row of a delivery as an attempt writes it.
pub(crate) async fn written(room: &Room, webhook: &Webhook, event: &Event, state: DeliveryState, outcome: Outcome) {
    written_at(room, webhook, event, state, outcome, Target::Primary).await;
}

async fn written_at(
    room: &Room,
    webhook: &Webhook,
    event: &Event,
    state: DeliveryState,
    outcome: Outcome,
    target: Target,
) {
    let attempt = Attempt {
        number: 1,
        round: 0,
        at: room.world.clock.now(),
        outcome,
        duration_ms: 12,
        address: Some("203.0.113.7".to_owned()),
        answer: Some("come back later".to_owned()),
        target,
    };
    let change = Change {
        tenant: webhook.tenant,
        webhook: webhook.id,
        event: event.id,
        event_type: event.facts.event_type,
        expected: RowCondition::Absent,
        round: 0,
        round_attempts: 1,
        attempt: Some(&attempt),
        drop_old_attempts: false,
        state,
        now: room.world.clock.now(),
    };
    room.world.deliveries.write(&change).await.unwrap();
}

const REFUSED: Outcome = Outcome::RefusedStatus { status: 500, retry_after: None };
const DEAD: DeliveryState = DeliveryState::Dead { reason: DeadReason::AttemptsExhausted };

#[tokio::test]
async fn are_shown_with_every_attempt() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let webhook = room.world.webhook(tenant.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
    let event = room.world.event(tenant.tenant_id(), "k");
    let next_attempt_at = room.world.clock.now() + SignedDuration::from_secs(5);
    written(&room, &webhook, &event, DeliveryState::Waiting { next_attempt_at }, REFUSED).await;

    let path = format!("/api/v1/webhooks/{}/deliveries", webhook.id);
    insta::assert_snapshot!(tenant.get(&path).await, @r#"
    200 {
      "data": [
        {
          "event_id": "evt_ID",
          "event_type": "email.delivered",
          "last_attempt": {
            "address": "203.0.113.7",
            "at": "TIME",
            "duration_ms": 12,
            "number": 1,
            "outcome": "refused_status",
            "round": 0,
            "status": 500
          },
          "next_attempt_at": "TIME",
          "round": 0,
          "round_attempts": 1,
          "state": "waiting",
          "updated_at": "TIME",
          "webhook_id": "wh_ID"
        }
      ],
      "next_cursor": null
    }
    "#);
    insta::assert_snapshot!(tenant.get(&format!("{path}/{}", event.id)).await, @r#"
    200 {
      "attempts": [
        {
          "address": "203.0.113.7",
          "answer": "come back later",
          "at": "TIME",
          "duration_ms": 12,
          "number": 1,
          "outcome": "refused_status",
          "round": 0,
          "status": 500
        }
      ],
      "event_id": "evt_ID",
      "event_type": "email.delivered",
      "next_attempt_at": "TIME",
      "round": 0,
      "round_attempts": 1,
      "state": "waiting",
      "updated_at": "TIME",
      "webhook_id": "wh_ID"
    }
    "#);
    let of_event = tenant.get(&format!("/api/v1/events/{}/deliveries", event.id)).await;
    assert_eq!(of_event.body, tenant.get(&path).await.body);
    insta::assert_snapshot!(tenant.get(&format!("{path}/{}", nobodys("evt_"))).await.problem(), @"404 not-found: There is no such delivery, or it was not attempted yet.");
}

#[tokio::test]
async fn are_listed_by_state_and_time() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let webhook = room.world.webhook(tenant.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
    for (key, state, outcome) in [
        ("a", DeliveryState::Delivered, Outcome::Delivered { status: 200 }),
        ("b", DEAD, REFUSED),
        ("c", DeliveryState::Held, REFUSED),
        ("d", DeliveryState::Discarded, Outcome::Timeout),
    ] {
        written(&room, &webhook, &room.world.event(tenant.tenant_id(), key), state, outcome).await;
    }
    let path = format!("/api/v1/webhooks/{}/deliveries", webhook.id);
    assert_eq!(tenant.get(&path).await.data().len(), 4);
    for state in ["delivered", "dead", "held", "discarded"] {
        let listed = tenant.get(&format!("{path}?state={state}")).await;
        assert_eq!(listed.data().iter().map(|delivery| &delivery["state"]).collect::<Vec<_>>(), [state]);
    }
    assert_eq!(tenant.get(&format!("{path}?to=2020-01-01T00:00:00Z")).await.data().len(), 0);
    insta::assert_snapshot!(tenant.get(&format!("{path}?state=lost")).await.problem(), @"400 invalid-parameter: state: expected one of waiting, delivered, dead, held, discarded");
}

#[tokio::test]
async fn of_a_deleted_webhook_stay_and_another_tenants_do_not_show() {
    let room = Room::start().await;
    let (tenant, other) = (room.tenant().await, room.tenant().await);
    let webhook = room.world.webhook(tenant.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
    let event = room.world.event(tenant.tenant_id(), "k");
    written(&room, &webhook, &event, DeliveryState::Discarded, Outcome::Timeout).await;
    let path = format!("/api/v1/webhooks/{}/deliveries", webhook.id);
    assert_eq!(tenant.delete(&format!("/api/v1/webhooks/{}", webhook.id)).await.status, 204);
    assert_eq!(tenant.get(&path).await.data().len(), 1);
    for path in [path.clone(), format!("{path}/{}", event.id), format!("/api/v1/events/{}/deliveries", event.id)] {
        assert_eq!(other.get(&path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_made_up_event_has_a_delivery_like_any_other() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let receiver = support::Receiver::start().await.unwrap();
    let webhook = room.world.webhook(tenant.tenant_id(), &receiver.url("/hook")).await.unwrap();
    let opened = json!({ "eventType": "email.opened" });
    let sent = tenant.post(&format!("/api/v1/webhooks/{}/test", webhook.id), &opened).await;
    let event = sent.text("event_id");
    room.world.run_until_idle().await.unwrap();
    let delivery = tenant.get(&format!("/api/v1/webhooks/{}/deliveries/{event}", webhook.id)).await;
    assert_eq!(delivery.body["state"], "delivered");
    assert_eq!(tenant.get(&format!("/api/v1/events/{event}/deliveries")).await.data().len(), 1);
    assert_eq!(tenant.get(&format!("/api/v1/events/{event}")).await.status, 404);
}

#[tokio::test]
async fn an_attempt_that_ended_at_the_backup_url_says_so() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let webhook = room.world.webhook(tenant.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
    let event = room.world.event(tenant.tenant_id(), "k");
    let delivered = Outcome::Delivered { status: 204 };
    written_at(&room, &webhook, &event, DeliveryState::Delivered, delivered, Target::Backup { primary: REFUSED }).await;
    let path = format!("/api/v1/webhooks/{}/deliveries", webhook.id);
    let listed = tenant.get(&path).await.data()[0]["last_attempt"].clone();
    let alone = tenant.get(&format!("{path}/{}", event.id)).await.body["attempts"][0].clone();
    for attempt in [listed, alone] {
        assert_eq!((&attempt["outcome"], &attempt["status"]), (&json!("delivered"), &json!(204)));
        assert_eq!(attempt["via"], "backup");
        assert_eq!(attempt["main"], json!({ "outcome": "refused_status", "status": 500 }));
    }
}
