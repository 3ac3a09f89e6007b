//! Operational events in the API: which changes write one, how answers show them, and which webhooks may subscribe to
//! them.

use serde_json::{Value, json};
use shared::event::EventType;
use shared::id::WebhookId;
use shared::webhook::{DisabledReason, WantedTypes, Webhook};
use support::world::DELIVERIES;
use support::{Break, Receiver};

use crate::room::{Answer, Caller, Room, redacted_text};
use crate::webhooks::made;

/// Maximum requests. Reason: more than any single break needs.
const MAX_REQUESTS: usize = 3;

fn id_in(path: &str) -> WebhookId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

async fn stored(room: &Room, tenant: &Caller<'_>, path: &str) -> Webhook {
    room.world.registry.webhooks.get(tenant.tenant_id(), id_in(path)).await.unwrap().unwrap()
}

/// The types of the operational events so far, oldest first. Events of the same millisecond are sorted by their type's
/// name.
fn told(room: &Room) -> Vec<&'static str> {
    let mut told: Vec<_> = room.world.told().unwrap();
    told.sort_by_key(|event| (event.facts.occurred_at, event.facts.event_type.as_str()));
    told.iter().map(|event| event.facts.event_type.as_str()).collect()
}

#[tokio::test]
async fn enabling_and_disabling_are_told_once_each_and_listed() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "description": "Orders" })).await;
    for enabled in [true, false, false, true, true] {
        let answer = tenant.patch(&path, &json!({ "enabled": enabled, "description": "Orders, new" })).await;
        assert_eq!(answer.body["enabled"], enabled);
    }
    tenant.patch(&path, &json!({ "paused": true })).await;
    tenant.patch(&path, &json!({ "paused": false })).await;
    assert_eq!(told(&room), ["webhook.disabled", "webhook.enabled"]);
    assert_eq!(room.world.disagreements().unwrap(), [""; 0]);

    let listed = tenant.get("/api/v1/events").await;
    assert_eq!(listed.data().len(), 2);
    let disabled = listed.data().iter().find(|event| event["type"] == "webhook.disabled").unwrap();
    let read = tenant.get(&format!("/api/v1/events/{}", disabled["id"].as_str().unwrap())).await;
    assert_eq!(&read.body, disabled);
    insta::assert_snapshot!(read, @r#"
    200 {
      "accepted_at": "TIME",
      "id": "evt_ID",
      "provider": "mailhooks",
      "provider_event": "webhook.disabled",
      "provider_event_id": "webhook.disabled/wh_ID/2",
      "timestamp": "TIME",
      "type": "webhook.disabled",
      "webhook": {
        "description": "Orders, new",
        "id": "wh_ID",
        "reason": "requested"
      }
    }
    "#);
    // The events of another tenant are not listed.
    assert_eq!(room.tenant().await.get("/api/v1/events").await.data().len(), 0);
}

#[tokio::test]
async fn a_webhook_that_is_made_or_deleted_tells_nothing() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "enabled": false })).await;
    assert_eq!(tenant.delete(&path).await.status, 204);
    let path = made(&tenant, &json!({})).await;
    room.world.open_breaker(&stored(&room, &tenant, &path).await).await.unwrap();
    assert_eq!(tenant.delete(&path).await.status, 204);
    assert_eq!(told(&room), ["webhook.opened"]);
}

#[tokio::test]
async fn closing_an_open_breaker_by_hand_is_told_once() {
    for change in [json!({ "enabled": true }), json!({ "paused": false })] {
        let room = Room::start().await;
        let tenant = room.tenant().await;
        let path = made(&tenant, &json!({})).await;
        room.world.open_breaker(&stored(&room, &tenant, &path).await).await.unwrap();
        for _ in 0..2 {
            assert_eq!(tenant.patch(&path, &change).await.status, 200);
        }
        assert_eq!(told(&room), ["webhook.opened", "webhook.closed"]);
        let closed =
            room.world.told().unwrap().into_iter().find(|event| event.facts.event_type == EventType::WebhookClosed);
        assert_eq!(closed.unwrap().facts.about.unwrap().what.reason(), Some("requested"));
        assert_eq!(room.world.disagreements().unwrap(), [""; 0]);
    }
}

#[tokio::test]
async fn webhooks_that_name_them_get_them_and_no_others() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let wanting = async |path: &str, types: WantedTypes| {
        let change = |mut webhook: Webhook| {
            webhook.subscription.types = types;
            // Operational events are about no email, so the filter does not apply to them.
            webhook.subscription.domains = ["mail.example.com".to_owned()].into();
            webhook
        };
        room.world.webhook_with(tenant.tenant_id(), &receiver.url(path), change).await.unwrap()
    };
    let all_and_disabled = WantedTypes::AllAnd([EventType::WebhookDisabled].into());
    wanting("/disabled", all_and_disabled).await;
    wanting("/all", WantedTypes::All).await;
    wanting("/closed", WantedTypes::Only([EventType::WebhookClosed].into())).await;
    let itself = wanting("/itself", WantedTypes::Only([EventType::WebhookDisabled].into())).await;
    let path = format!("/api/v1/webhooks/{}", itself.id);
    assert_eq!(tenant.patch(&path, &json!({ "enabled": false })).await.status, 200);
    room.world.run_until_idle().await.unwrap();
    let count = |path| receiver.received(path).len();
    assert_eq!((count("/disabled"), count("/all"), count("/closed"), count("/itself")), (1, 0, 0, 0));
    assert_eq!(receiver.heard("/disabled").unwrap()[0]["data"]["webhook"]["id"], itself.id.to_string());
}

/// Repeats a change until the answer is 200, as a client does after a 503.
async fn insist(tenant: &Caller<'_>, path: &str, change: &Value, what: &str) -> Answer {
    for _ in 0..MAX_REQUESTS {
        let answer = tenant.patch(path, change).await;
        if answer.status == 200 {
            return answer;
        }
        assert_eq!(answer.status, 503, "{what}: {answer}");
    }
    panic!("{what}: never done");
}

/// Each AWS call of a request fails once: before it takes effect, after it takes effect, or by a conflict with a
/// transaction of the same row. The client repeats the request. The test disables a webhook, and then enables it while
/// its breaker is open.
#[tokio::test]
async fn state_and_events_agree_whichever_call_of_a_change_fails() {
    for how in [Break::Before, Break::After, Break::Collision] {
        let mut hits = 0;
        for calls_before in 0.. {
            let room = Room::start().await;
            let tenant = room.tenant().await;
            let path = made(&tenant, &json!({})).await;
            room.world.open_breaker(&stored(&room, &tenant, &path).await).await.unwrap();
            room.world.aws.break_call(calls_before, how);
            let what = format!("{how:?} {calls_before}");
            for change in [json!({ "enabled": false }), json!({ "enabled": true })] {
                insist(&tenant, &path, &change, &what).await;
            }
            let was_hit = !room.world.aws.call_off_break();
            let expected = ["webhook.opened", "webhook.disabled", "webhook.closed", "webhook.enabled"];
            let mut told = told(&room);
            told.sort_unstable();
            let mut sorted = expected;
            sorted.sort_unstable();
            assert_eq!(told, sorted, "{what}");
            assert_eq!(room.world.disagreements().unwrap(), [""; 0], "{what}");
            if !was_hit {
                break;
            }
            hits += 1;
        }
        // Twice the caller's key, twice reading and writing the webhook, reading and deleting the breaker, the job.
        assert!(hits >= 9, "{how:?}: only {hits} calls");
    }
}

#[tokio::test]
async fn are_wanted_by_name_with_everything_or_alone_and_shown_so() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for (given, shown) in [
        (json!(["*"]), json!(["*"])),
        (json!(["webhook.disabled", "delivery.dead"]), json!(["webhook.disabled", "delivery.dead"])),
        (json!(["delivery.dead", "email.sent", "*"]), json!(["*", "delivery.dead"])),
    ] {
        let path = made(&tenant, &json!({ "events": given })).await;
        assert_eq!(tenant.get(&path).await.body["events"], shown);
        let patched = tenant.patch(&path, &json!({ "events": ["email.sent"] })).await;
        assert_eq!(patched.body["events"], json!(["email.sent"]));
        assert_eq!(tenant.patch(&path, &json!({ "events": given })).await.body["events"], shown);
    }
}

#[tokio::test]
async fn a_dialect_without_words_for_them_refuses_them() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let hook =
        |dialect: &str| json!({ "url": "https://example.com/", "events": ["*", "webhook.opened"], "dialect": dialect });
    let path = made(&tenant, &json!({ "events": ["*", "webhook.opened"] })).await;
    let plain = made(&tenant, &json!({ "events": ["*"], "dialect": "platform" })).await;
    let refusals = [
        tenant.post("/api/v1/webhooks", &hook("platform")).await.problem(),
        tenant.patch(&path, &json!({ "dialect": "platform" })).await.problem(),
        tenant.post(&format!("{plain}/test"), &json!({ "event_type": "delivery.dead" })).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @"
    422 invalid-request: /events/1: the dialect `platform` has no such event type; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe, or `*`
    422 invalid-request: /dialect: this dialect has no word for webhook.opened; change `events` with it
    422 invalid-request: /event_type: the dialect `platform` has no such event type; it has: email.delivery, delivery, email.bounce, bounce, email.open, open, email.click, click, email.complaint, complaint, email.unsubscribe, unsubscribe
    ");
}

#[tokio::test]
async fn every_one_can_be_tried_out() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = room.world.webhook(tenant.tenant_id(), &receiver.url("/hook")).await.unwrap();
    for event_type in EventType::OPERATIONAL {
        let given = json!({ "event_type": event_type.as_str() });
        let answer = tenant.post(&format!("/api/v1/webhooks/{}/test", webhook.id), &given).await;
        assert_eq!(answer.status, 202, "{answer}");
    }
    assert_eq!(room.world.aws.sqs.messages(DELIVERIES).len(), EventType::OPERATIONAL.len());
    room.world.run_until_idle().await.unwrap();
    let mut bodies = receiver.heard("/hook").unwrap();
    assert_eq!(bodies.len(), EventType::OPERATIONAL.len());
    for body in &mut bodies {
        let event_type = body["type"].as_str().unwrap().to_owned();
        support::catalogue::validates(&event_type, body).unwrap_or_else(|faults| panic!("{event_type}: {faults}"));
        assert_eq!(body["data"]["test"], true);
        assert!(!body.to_string().contains('@'), "an address in {body}");
    }
    assert!(room.world.told().unwrap().is_empty(), "made-up events are not stored");
}

/// When mailhooks disables a webhook, the operational event has the reason.
#[tokio::test]
async fn what_its_receiver_asked_for_is_listed_with_its_reason() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let webhook = stored(&room, &tenant, &path).await;
    assert!(room.world.disable(&webhook, DisabledReason::Gone).await.unwrap());
    assert!(
        !room.world.disable(&webhook, DisabledReason::ReceiverAsked).await.unwrap(),
        "the webhook is disabled already"
    );
    let listed = tenant.get("/api/v1/events").await;
    assert_eq!(listed.data().len(), 1);
    assert_eq!(listed.data()[0]["webhook"]["reason"], "gone");
    let key = listed.data()[0]["provider_event_id"].as_str().unwrap();
    assert_eq!(redacted_text(key), "webhook.disabled/wh_ID/1");
}
