//! A webhook's breaker in the API: its settings, its state, and how a request closes it.

use serde_json::json;
use shared::breaker::Breaker;
use shared::queue::job::Job;
use shared::slowness::{Slowness, SlownessUpdate};
use support::world::DELIVERIES;
use support::{Break, Receiver};

use crate::room::Room;
use crate::webhooks::made;

#[tokio::test]
async fn its_settings_are_given_in_part_and_shown_whole() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({ "breaker": { "failures": 5 } })).await;
    let shown = tenant.get(&path).await.body["breaker"].clone();
    assert_eq!(shown, json!({ "failures": 5, "window_seconds": 300, "disable_after_hours": 120 }));
    let changed = tenant.patch(&path, &json!({ "breaker": { "window_seconds": 0, "disable_after_hours": 720 } })).await;
    let expected = json!({ "failures": 20, "window_seconds": 0, "disable_after_hours": 720 });
    assert_eq!(changed.body["breaker"], expected, "the given settings replace all former settings");
    assert_eq!(tenant.get(&path).await.body["breaker"], expected);
}

#[tokio::test]
async fn bad_settings_are_refused_with_their_bounds() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    for (given, pointer, detail) in [
        (json!({ "failures": 0 }), "/breaker/failures", "from 1 to 1000"),
        (json!({ "failures": "5" }), "/breaker/failures", "whole number"),
        (json!({ "window_seconds": 86_401 }), "/breaker/window_seconds", "from 0 to 86400"),
        (json!({ "disable_after_hours": 721 }), "/breaker/disable_after_hours", "from 1 to 720"),
        (json!({ "hours": 1 }), "/breaker/hours", "unknown field"),
        (json!(true), "/breaker", "object"),
    ] {
        let answer = tenant.patch(&path, &json!({ "breaker": given })).await;
        assert_eq!(answer.status, 422, "{given}: {answer}");
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{given}");
        assert!(error["detail"].as_str().unwrap().contains(detail), "{given}: {error}");
    }
}

#[tokio::test]
async fn an_open_one_is_shown_and_enabling_or_unpausing_closes_it() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let registry = &room.world.registry;
    for change in [json!({ "enabled": true }), json!({ "paused": false })] {
        let webhook = registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
        room.world.open_breaker(&webhook).await.unwrap();
        let health = tenant.get(&path).await.body["health"].clone();
        assert_eq!((health["state"].as_str(), health["failed_probes"].as_u64()), (Some("open"), Some(0)));
        assert!(health["since"].is_string() && health["next_probe_at"].is_string(), "{health}");

        let before = room.world.aws.sqs.messages(DELIVERIES).len();
        assert_eq!(tenant.patch(&path, &change).await.status, 200);
        assert_eq!(registry.breakers.get(tenant.tenant_id(), id).await.unwrap(), Breaker::NEW);
        // One job was sent ahead, in case that the request breaks off after the breaker was closed.
        let sent = room.world.aws.sqs.messages(DELIVERIES).split_off(before);
        assert_eq!(sent.len(), 2);
        assert!(sent.iter().all(|job| matches!(Job::from_json(&job.body), Ok(Job::ReleaseHeld(_)))));
    }
}

/// The webhook was enabled all the time, so a client that reads it after an error has no reason to repeat its request.
#[tokio::test]
async fn resuming_that_breaks_off_after_the_breaker_was_closed_releases_what_is_held_without_the_sweep() {
    let mut hits = 0;
    for calls_before in 0.. {
        let room = Room::with_receivers().await;
        let receiver = Receiver::start().await.unwrap();
        let tenant = room.tenant().await;
        let webhook = room.world.webhook(tenant.tenant_id(), &receiver.url("/hook")).await.unwrap();
        room.world.open_breaker(&webhook).await.unwrap();
        room.world.events.put(&room.world.event(tenant.tenant_id(), "held")).await.unwrap();
        room.world.pump_stream().await.unwrap();
        room.world.pump_queue(DELIVERIES).await;
        let path = format!("/api/v1/webhooks/{}", webhook.id);
        room.world.aws.break_call(calls_before, Break::Before);
        tenant.patch(&path, &json!({ "enabled": true })).await;
        let was_hit = !room.world.aws.call_off_break();
        let is_closed = tenant.get(&path).await.body["health"]["state"] != "open";
        room.world.run_until_idle().await.unwrap();
        assert_eq!(receiver.received("/hook").len(), usize::from(is_closed), "call {calls_before}");
        if !was_hit {
            assert!(is_closed);
            break;
        }
        hits += 1;
    }
    assert!(hits >= 8, "only {hits} calls");
}

/// Otherwise a tenant could have its slow receivers taken for new ones again and again.
#[tokio::test]
async fn what_is_known_of_a_receivers_slowness_stays_when_the_breaker_is_reset() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let (tenant_id, registry, now) = (tenant.tenant_id(), &room.world.registry, room.world.clock.now());
    let slow = Slowness::default().found_slow(now).unwrap();
    registry.receivers.note_slow(tenant_id, id, SlownessUpdate { relapses: 3, ..slow }).await.unwrap();
    for is_open in [false, true] {
        let webhook = registry.webhooks.get(tenant_id, id).await.unwrap().unwrap();
        registry.receivers.count_failure(tenant_id, id, now).await.unwrap();
        if is_open {
            room.world.open_breaker(&webhook).await.unwrap();
        }
        assert_eq!(tenant.patch(&path, &json!({ "enabled": true })).await.status, 200);
        let (breaker, slowness) = registry.receivers.get(tenant_id, id).await.unwrap();
        assert_eq!(breaker, Breaker::NEW);
        assert_eq!((slowness.until, slowness.relapses), (Some(slow.until), 3));
    }
}

/// How many rows of breakers, and of lines of slots, there are.
fn leftovers(room: &Room) -> usize {
    let rows = room.world.aws.scan_unbroken("registry").unwrap();
    rows.iter().filter(|row| ["B#", "L#"].iter().any(|kind| row["sk"].as_s().unwrap().starts_with(kind))).count()
}

/// A client repeats a deletion until it is answered with 204 or 404. After that nothing of the webhook is left,
/// whichever call failed.
#[tokio::test]
async fn an_open_one_and_the_line_of_slots_go_with_their_webhook_whichever_call_fails() {
    for how in [Break::Before, Break::After] {
        let mut hits = 0;
        for calls_before in 0.. {
            let room = Room::start().await;
            let tenant = room.tenant().await;
            let path = made(&tenant, &json!({ "rate_limit": 9 })).await;
            let id = path.rsplit('/').next().unwrap().parse().unwrap();
            let webhook = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
            room.world.open_breaker(&webhook).await.unwrap();
            let partition = format!("T#{}", tenant.tenant_id());
            let line = json!({ "pk": { "S": partition }, "sk": { "S": format!("L#{id}") } });
            room.world.aws.put_unbroken("registry", vec![line]).unwrap();
            assert_eq!(leftovers(&room), 2);
            room.world.aws.break_call(calls_before, how);
            let mut status = 503;
            while status == 503 {
                status = tenant.delete(&path).await.status;
            }
            let was_hit = !room.world.aws.call_off_break();
            assert!([204, 404].contains(&status), "{how:?} {calls_before}: {status}");
            assert_eq!(leftovers(&room), 0, "{how:?} {calls_before}");
            assert_eq!(tenant.get(&path).await.status, 404, "{how:?} {calls_before}");
            if !was_hit {
                break;
            }
            hits += 1;
        }
        assert!(hits >= 4, "{how:?}: only {hits} calls");
    }
}

/// `deliver` may count a failure of an attempt that was under way, after the webhook is deleted.
#[tokio::test]
async fn one_that_was_written_after_the_deletion_goes_with_the_next_request() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let webhook = room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    assert_eq!(tenant.delete(&path).await.status, 204);
    room.world.open_breaker(&webhook).await.unwrap();
    assert_eq!((tenant.delete(&path).await.status, leftovers(&room)), (404, 0));
}
